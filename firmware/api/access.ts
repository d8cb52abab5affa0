/**
 * Tokens of the own API. A token is `kmp_ID_SECRET`; only a scrypt hash of the secret is kept, so that neither the file nor a
 * backup of it lets anybody in.
 */
import { createHash, scrypt, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import { SCOPES, type Scope } from "./commands.ts";

const HASH_BYTES = 32;
const SALT_BYTES = 16;
/** 192 bits: nobody guesses them, at whatever rate. */
const SECRET_BYTES = 24;
/** 8 MiB and some 30 ms of a laptop's core: what a board can spare. */
const COST = { N: 8_192, r: 8, p: 1 } as const;

export const tokenRecord = z.object({
  id: z.string().regex(/^[0-9a-f]{8}$/),
  name: z.string(),
  scope: z.enum(SCOPES),
  salt: z.string(),
  hash: z.string(),
  createdAtWallMs: z.number(),
});
export type TokenRecord = z.infer<typeof tokenRecord>;
export type RandomBytes = (size: number) => Uint8Array;

export async function createToken(
  random: RandomBytes,
  name: string,
  scope: Scope,
  createdAtWallMs: number,
): Promise<{ token: string; record: TokenRecord }> {
  const id = Buffer.from(random(4)).toString("hex");
  const secret = Buffer.from(random(SECRET_BYTES)).toString("base64url");
  const salt = Buffer.from(random(SALT_BYTES)).toString("base64");
  const hash = (await hashOf(secret, salt)).toString("base64");
  return { token: `kmp_${id}_${secret}`, record: { id, name, scope, salt, hash, createdAtWallMs } };
}

/** Parts of a token, or null for what is none: that costs no hash. */
export function splitToken(token: string): { id: string; secret: string } | null {
  const match = /^kmp_([0-9a-f]{8})_([\w-]{32})$/.exec(token);
  return match === null ? null : { id: match[1] ?? "", secret: match[2] ?? "" };
}

export async function isSecretOf(record: TokenRecord, secret: string): Promise<boolean> {
  const expected = Buffer.from(record.hash, "base64");
  const given = await hashOf(secret, record.salt);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** For remembering what was proved already; never stored. */
export function digestOf(token: string): string {
  return createHash("sha256").update(token).digest("base64");
}

function hashOf(secret: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, Buffer.from(salt, "base64"), HASH_BYTES, COST, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
