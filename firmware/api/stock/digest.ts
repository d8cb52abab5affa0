/**
 * Digest sign-on as the clients of Antminers do it: MD5, one realm, `qop=auth`. Their counter repeats, skips and starts
 * anywhere, and one nonce serves many requests at once, so that only the nonce's age is judged (public notes on the
 * clients). Nonces carry their own proof: none is kept, whoever asks for how many.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "#hal/clock.ts";
import type { Random } from "#hal/random.ts";

/** Clients tell the machine's make by these letters. */
export const REALM = "antMiner Configuration";

export interface WebCredentials {
  readonly user: string;
  /** MD5 of user, realm and password: what a digest needs; the password itself is kept nowhere. */
  readonly ha1: string;
}

export function credentialsOf(user: string, password: string): WebCredentials {
  return { user, ha1: md5(`${user}:${REALM}:${password}`) };
}

/** Long enough for a client that polls once a minute, short enough that a stolen header soon is worth nothing. */
export const NONCE_LIFE_MS = 600_000;
const SECRET_WORDS = 8;
const PROOF_LETTERS = 32;

export class NonceMaker {
  readonly #clock: Clock;
  readonly #secret: Buffer;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#secret = Buffer.alloc(SECRET_WORDS * 4);
    for (let i = 0; i < SECRET_WORDS; i++) this.#secret.writeUInt32LE(random.uint32(), i * 4);
  }

  make(): string {
    const time = Math.floor(this.#clock.nowMs()).toString(16).padStart(14, "0");
    return `${time}${this.#proof(time)}`;
  }

  judge(nonce: string): "good" | "old" | "foreign" {
    if (!/^[0-9a-f]{46}$/.test(nonce)) return "foreign";
    const time = nonce.slice(0, -PROOF_LETTERS);
    if (!isEqual(nonce.slice(-PROOF_LETTERS), this.#proof(time))) return "foreign";
    return this.#clock.nowMs() - Number.parseInt(time, 16) <= NONCE_LIFE_MS ? "good" : "old";
  }

  #proof(time: string): string {
    return createHmac("sha256", this.#secret).update(time).digest("hex").slice(0, PROOF_LETTERS);
  }
}

/** `stale`: right but for the nonce's age, the client may try again by itself. `none`: no credentials came. */
export type DigestJudgement = "granted" | "stale" | "wrong" | "none";

export interface DigestQuestion {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  readonly header: string | undefined;
  /** Null: nobody may sign on. */
  readonly credentials: WebCredentials | null;
  readonly nonces: NonceMaker;
}

export function judgeDigest({ method, target, header, credentials, nonces }: DigestQuestion): DigestJudgement {
  const fields = header === undefined ? null : parseDigest(header);
  if (fields === null) return "none";
  const of = (name: string): string => fields.get(name) ?? "";
  const nonceAge = nonces.judge(of("nonce"));
  // A nonce from before a restart is an old one as well: the client needs a fresh one, not another password.
  if (nonceAge === "foreign") return "stale";
  if (credentials === null || of("username") !== credentials.user || of("realm") !== REALM) return "wrong";
  if (!isSameTarget(of("uri"), target)) return "wrong";
  const expected = expectedResponse(method, fields, credentials);
  if (expected === null || !isEqual(of("response").toLowerCase(), expected)) return "wrong";
  return nonceAge === "good" ? "granted" : "stale";
}

function expectedResponse(method: string, fields: ReadonlyMap<string, string>, { ha1 }: WebCredentials): string | null {
  const of = (name: string): string => fields.get(name) ?? "";
  const ha2 = md5(`${method}:${of("uri")}`);
  const qop = fields.get("qop");
  // The oldest clients know no qop at all.
  if (qop === undefined) return md5(`${ha1}:${of("nonce")}:${ha2}`);
  if (qop.toLowerCase() !== "auth") return null;
  return md5(`${ha1}:${of("nonce")}:${of("nc")}:${of("cnonce")}:${qop}:${ha2}`);
}

/** Some clients write the whole address where its path belongs. */
function isSameTarget(uri: string, target: string): boolean {
  return uri === target || uri.replace(/^https?:\/\/[^/]*/i, "") === target;
}

export function challenge(nonces: NonceMaker, isStale: boolean): string {
  const stale = isStale ? ", stale=true" : "";
  return `Digest realm="${REALM}", nonce="${nonces.make()}", algorithm=MD5, qop="auth"${stale}`;
}

/** Longer than any client writes. */
const HEADER_LIMIT = 4096;
const FIELD = /\s*([A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)/y;

/** Fields of an `Authorization: Digest` header; null for anything else. A field that comes twice is an attack. */
export function parseDigest(header: string): ReadonlyMap<string, string> | null {
  if (header.length > HEADER_LIMIT || !/^\s*digest\s/i.test(header)) return null;
  const fields = new Map<string, string>();
  FIELD.lastIndex = header.toLowerCase().indexOf("digest") + "digest".length;
  while (FIELD.lastIndex < header.length) {
    const found = FIELD.exec(header);
    if (found === null) return null;
    const name = found[1]!.toLowerCase();
    if (fields.has(name)) return null;
    fields.set(name, found[2]?.replaceAll(/\\(.)/g, "$1") ?? found[3] ?? "");
  }
  return fields;
}

function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}

export function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
