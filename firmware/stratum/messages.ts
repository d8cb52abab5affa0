/**
 * Stratum V1 lines: JSON-RPC both ways. Parsing never throws; what does not fit comes back as a reason in one
 * sentence. Traps of the format: QUIRKS.md beside this file.
 */

import { MAX_EXTRANONCE2_BYTES } from "../work/work-registry.ts";

export type ServerMessage =
  | { kind: "call"; method: string; params: readonly unknown[]; id: unknown }
  | { kind: "answer"; id: string; result: unknown; error: PoolError | null; isTrue: boolean }
  | { kind: "invalid"; reason: string };

/** A refusal in whatever shape the pool chose. */
export interface PoolError {
  code: number | null;
  text: string;
}

export interface NotifyFields {
  jobId: string;
  prevHash: Uint8Array;
  coinb1: Uint8Array;
  coinb2: Uint8Array;
  merkleBranches: readonly Uint8Array[];
  version: number;
  nBits: number;
  nTime: number;
  cleanJobs: boolean;
}

export interface SubscribeResult {
  extranonce1: Uint8Array;
  extranonce2Size: number;
}

/** Longest job id and branch list accepted; all far above what was ever seen. */
const MAX_JOB_ID_CHARS = 256;
const MAX_BRANCHES = 64;

export function parseLine(line: string): ServerMessage {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { kind: "invalid", reason: `not JSON: ${clip(line)}` };
  }
  if (!isRecord(value)) return { kind: "invalid", reason: `not a JSON object: ${clip(line)}` };
  if (typeof value["method"] === "string") {
    const params = value["params"];
    return {
      kind: "call",
      method: value["method"],
      params: Array.isArray(params) ? params : [],
      id: value["id"] ?? null,
    };
  }
  const id = value["id"];
  if (typeof id !== "number" && typeof id !== "string") {
    return { kind: "invalid", reason: `neither a call nor an answer: ${clip(line)}` };
  }
  const error = refusalOf(value);
  return {
    kind: "answer",
    id: String(id),
    result: value["result"],
    error,
    isTrue: error === null && value["result"] === true,
  };
}

/** The refusal that an answer carries, or null. A bare `result: false` is one, too. */
function refusalOf(answer: Record<string, unknown>): PoolError | null {
  const error = answer["error"];
  const reject = answer["reject-reason"];
  if (Array.isArray(error)) return { code: codeOf(error[0]), text: textOf(error[1]) };
  if (isRecord(error)) return { code: codeOf(error["code"]), text: textOf(error["message"]) };
  if (typeof error === "string" && error !== "") return { code: null, text: clip(error) };
  if (typeof reject === "string") return { code: null, text: clip(reject) };
  return answer["result"] === false ? { code: null, text: "refused without a reason" } : null;
}

export function parseNotify(params: readonly unknown[]): NotifyFields | string {
  if (params.length < 8) return `mining.notify with ${params.length} items, at least 8 are needed`;
  const [jobId, prevHash, coinb1, coinb2, branches, version, nBits, nTime] = params;
  if (typeof jobId !== "string" && typeof jobId !== "number") return "mining.notify: job id is no text";
  if (String(jobId).length > MAX_JOB_ID_CHARS)
    return `mining.notify: job id longer than ${MAX_JOB_ID_CHARS} characters`;
  const prevHashStratum = hexBytes(prevHash);
  const first = hexBytes(coinb1);
  const second = hexBytes(coinb2);
  if (prevHashStratum?.length !== 32) return `mining.notify: previous hash is not 64 hex digits: ${shown(prevHash)}`;
  if (first === null || second === null) return "mining.notify: coinbase parts are not hex";
  if (!Array.isArray(branches) || branches.length > MAX_BRANCHES) return "mining.notify: merkle branches are no list";
  const merkleBranches = branches.map(hexBytes);
  if (!merkleBranches.every((b): b is Uint8Array => b?.length === 32)) {
    return "mining.notify: a merkle branch is not 64 hex digits";
  }
  const numbers = [version, nBits, nTime].map(hexNumber);
  if (!numbers.every((n): n is number => n !== null))
    return "mining.notify: version, nBits or nTime is no 32-bit hex number";
  return {
    jobId: String(jobId),
    prevHash: swapWords(prevHashStratum),
    coinb1: first,
    coinb2: second,
    merkleBranches,
    version: numbers[0] as number,
    nBits: numbers[1] as number,
    nTime: numbers[2] as number,
    cleanJobs: params[8] === true,
  };
}

export function parseSubscribeResult(result: unknown): SubscribeResult | string {
  if (!Array.isArray(result) || result.length < 3) return "subscribe answer is not [subscriptions, extranonce1, size]";
  return parseExtranonce([result[1], result[2]]);
}

/** `[extranonce1, extranonce2_size]`, of a subscribe answer or a mining.set_extranonce. */
export function parseExtranonce(params: readonly unknown[]): SubscribeResult | string {
  const extranonce1 = params[0] === "" ? new Uint8Array(0) : hexBytes(params[0]);
  const size = typeof params[1] === "number" ? params[1] : Number.NaN;
  if (extranonce1 === null) return `extranonce1 is no hex text: ${shown(params[0])}`;
  if (!Number.isInteger(size) || size < 0 || size > MAX_EXTRANONCE2_BYTES) {
    return `extranonce2 size ${shown(params[1])} is outside 0..${MAX_EXTRANONCE2_BYTES}`;
  }
  return { extranonce1, extranonce2Size: size };
}

/** `[d]` of mining.set_difficulty: a number above 0, often fractional; null for anything else. */
export function parseDifficulty(params: readonly unknown[]): number | null {
  const value = params[0];
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : null;
}

/** 32-bit mask as up to 8 hex digits; null for anything else. */
export function parseMask(value: unknown): number | null {
  return hexNumber(value);
}

/** One call to the pool as a line with its line feed. */
export function callLine(id: number, method: string, params: readonly unknown[]): string {
  return `${JSON.stringify({ id, method, params })}\n`;
}

/** An answer to a call of the pool. */
export function answerLine(id: unknown, result: unknown, error: readonly unknown[] | null = null): string {
  return `${JSON.stringify({ id, result, error })}\n`;
}

/**
 * Any value that a pool sent, safe to show. Objects and lists are named, not printed: their own text may be made to throw.
 */
export function shown(value: unknown): string {
  if (typeof value === "string") return clip(JSON.stringify(value));
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : "nothing";
}

/** Text from a pool, safe to show: printable, at most 200 characters. */
export function clip(text: string): string {
  const printable = text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?");
  return printable.length > 200 ? `${printable.slice(0, 200)} ...` : printable;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function codeOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function textOf(value: unknown): string {
  return typeof value === "string" && value !== "" ? clip(value) : "refused without a reason";
}

/** Node's decoder stops at the first digit that is none, so a short result means bad text. */
function hexBytes(value: unknown): Uint8Array | null {
  if (typeof value !== "string" || value.length % 2 !== 0) return null;
  const bytes = Buffer.from(value, "hex");
  return bytes.length * 2 === value.length ? bytes : null;
}

function hexNumber(value: unknown): number | null {
  return typeof value === "string" && /^[0-9a-fA-F]{1,8}$/.test(value) ? Number.parseInt(value, 16) : null;
}

/** Swaps the 4 bytes inside each of the 8 words: notify order to header order. */
function swapWords(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = bytes[(i & ~3) | (3 - (i & 3))] as number;
  return out;
}
