/** What every kind of input is turned into. */
import type { LineDirection } from "../frame-splitter.ts";

export interface ByteEvents {
  /**
   * Bytes of a serial line; `bytes[from..to)` is valid during the call only.
   * @param lane name of the line: what comes under one name is one stream
   * @param tMs NaN where the input tells no time
   */
  onBytes(lane: Lane, bytes: Uint8Array, from: number, to: number, tMs: number): void;
  onPool(pool: number, direction: "in" | "out", line: string, tMs: number): void;
  /** A note of the recorder, such as a change of the rate. */
  onNote(chain: number | null, text: string, tMs: number): void;
  /** Fact of a capture's header. */
  onHeader(key: string, value: string): void;
  /** A line of text without bytes, or a piece of one that cannot be bytes (half a byte). */
  onText(lineNumber: number, text: string, why: "noBytes" | "halfByte" | "unreadable"): void;
}

export interface Lane {
  readonly key: string;
  readonly chain: number;
  readonly direction: LineDirection;
}

/** One object a lane, so that splitters can be kept by it. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #plain: Lane[] = [];

  get(chain: number, direction: LineDirection, name = ""): Lane {
    const index = chain * 3 + (direction === "out" ? 0 : direction === "in" ? 1 : 2);
    if (name === "" && index < 3072) {
      const plain = this.#plain[index];
      if (plain !== undefined) return plain;
    }
    const key = `${chain} ${direction}${name === "" ? "" : ` ${name}`}`;
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane = { key, chain, direction };
    this.#lanes.set(key, lane);
    if (name === "" && index < 3072) this.#plain[index] = lane;
    return lane;
  }
}

/** Reads one form of input line by line. */
export interface LineReader {
  /** `bytes[from..to)` is one line without its end, valid during the call only. */
  line(bytes: Uint8Array, from: number, to: number, lineNumber: number): void;
}

const NIBBLES = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) {
  NIBBLES["0123456789abcdef".charCodeAt(i)] = i;
  NIBBLES["0123456789ABCDEF".charCodeAt(i)] = i;
}

/** Hex digits of `text[from..to)` into `out` from its beginning: bytes made, or -1 where a character is no hex digit. */
export function hexInto(out: Uint8Array, text: Uint8Array, from: number, to: number): number {
  const count = (to - from) >> 1;
  if (count > out.length || ((to - from) & 1) !== 0) return -1;
  for (let i = 0, at = from; i < count; i++, at += 2) {
    const high = NIBBLES[text[at]!]!;
    const low = NIBBLES[text[at + 1]!]!;
    if ((high | low) < 0) return -1;
    out[i] = (high << 4) | low;
  }
  return count;
}

export function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("latin1");
}

export function utf8(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString("utf8");
}
