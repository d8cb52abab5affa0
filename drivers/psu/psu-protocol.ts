/** What the two packet protocols of the supplies have in common: `55 AA LEN CMD payload checksum`, LEN = 4 + payload. */
import type { Provenance } from "../bm13xx/registers.ts";

export interface PsuCommand {
  readonly code: number;
  readonly provenance: Provenance;
}

export type PsuReply =
  | { readonly kind: "ok"; readonly payload: Uint8Array }
  | { readonly kind: "wrong"; readonly reason: string };

export interface PsuProtocol {
  readonly name: "v1" | "v2";
  /** Time from the last byte written to the first one read. */
  readonly waitMs: number;
  frame(code: number, payload: readonly number[]): Uint8Array;
  /** Checks a whole reply frame to command `code`. */
  parse(code: number, bytes: Uint8Array): PsuReply;
}

export const PSU_HEADER = [0x55, 0xaa] as const;
const LENGTH_BASE = 4;

/** Frame with the checksum that `checksumOf` makes from LEN, CMD and payload; stored low byte first. */
export function buildPsuFrame(
  code: number,
  payload: readonly number[],
  checksumOf: (body: readonly number[]) => number,
): Uint8Array {
  const body = [LENGTH_BASE + payload.length, code, ...payload];
  const checksum = checksumOf(body);
  return Uint8Array.of(...PSU_HEADER, ...body, checksum & 0xff, (checksum >> 8) & 0xff);
}

export function parsePsuFrame(
  code: number,
  bytes: Uint8Array,
  checksumOf: (body: readonly number[]) => number,
): PsuReply {
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(" ");
  const wrong = (what: string): PsuReply => ({ kind: "wrong", reason: `${what} in the reply ${hex}` });
  if (bytes[0] !== PSU_HEADER[0] || bytes[1] !== PSU_HEADER[1]) return wrong("no header");
  if (bytes.length < LENGTH_BASE + 2 || bytes[2] !== bytes.length - 2) return wrong("a wrong length");
  const body = [...bytes.subarray(2, -2)];
  const right = buildPsuFrame(bytes[3]!, body.slice(2), checksumOf);
  if (right.some((byte, i) => byte !== bytes[i])) return wrong("a wrong checksum");
  if (bytes[3] !== code) return wrong("another command's number");
  return { kind: "ok", payload: bytes.slice(4, -2) };
}
