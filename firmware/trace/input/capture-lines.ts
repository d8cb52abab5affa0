/** Lines of our own capture. This is the way of a million frames: numbers and hex are read from the bytes themselves. */
import { KumpelError } from "#hal/errors.ts";
import { CAPTURE_MAGIC, CAPTURE_VERSION } from "../capture-format.ts";
import { type ByteEvents, hexInto, Lanes, type LineReader, latin1, utf8 } from "./byte-events.ts";

const SPACE = 32;
const DOT = 46;
const OUT = 62;
const IN = 60;
const NOTE = 33;
const LETTER_P = 112;
const DASH = 45;
const SHARP = 35;
const CHUNK_MAX_BYTES = 128 * 1024;

export class CaptureLines implements LineReader {
  readonly #events: ByteEvents;
  readonly #lanes = new Lanes();
  readonly #scratch = new Uint8Array(CHUNK_MAX_BYTES);
  #at = 0;

  constructor(events: ByteEvents) {
    this.#events = events;
  }

  line(bytes: Uint8Array, from: number, to: number, lineNumber: number): void {
    if (from === to) return;
    if (bytes[from] === SHARP) {
      this.#header(latin1(bytes, from, to), lineNumber);
      return;
    }
    if (!this.#event(bytes, from, to)) this.#events.onText(lineNumber, latin1(bytes, from, to), "unreadable");
  }

  #header(line: string, lineNumber: number): void {
    if (line.startsWith(CAPTURE_MAGIC)) {
      const version = line.slice(CAPTURE_MAGIC.length);
      if (version !== String(CAPTURE_VERSION))
        throw new KumpelError(
          "USAGE",
          `Line ${lineNumber} begins a capture of version "${plainVersion(version)}", and this program reads version ${CAPTURE_VERSION}: read it with the program that wrote it.`,
        );
      return;
    }
    const match = /^# ([\w-]+) (.*)$/.exec(line);
    if (match === null) this.#events.onText(lineNumber, line, "noBytes");
    else this.#events.onHeader(match[1] ?? "", match[2] ?? "");
  }

  /** False where the line has another form. */
  #event(bytes: Uint8Array, from: number, to: number): boolean {
    this.#at = from;
    const tMs = this.#time(bytes, to);
    if (tMs < 0 || bytes[this.#at] !== SPACE) return false;
    this.#at++;
    const isPool = bytes[this.#at] === LETTER_P;
    if (isPool) this.#at++;
    const isOfAll = !isPool && bytes[this.#at] === DASH;
    let place = -1;
    if (isOfAll) this.#at++;
    else {
      place = this.#integer(bytes, to);
      if (place < 0) return false;
    }
    const sign = bytes[this.#at + 1];
    if (bytes[this.#at] !== SPACE || (this.#at + 2 < to && bytes[this.#at + 2] !== SPACE)) return false;
    const begin = this.#at + 3;
    if (sign === NOTE) {
      this.#events.onNote(isOfAll ? null : place, utf8(bytes, Math.min(begin, to), to), tMs);
      return true;
    }
    if ((sign !== OUT && sign !== IN) || begin > to || isOfAll) return false;
    const direction = sign === OUT ? "out" : "in";
    if (isPool) {
      this.#events.onPool(place, direction, utf8(bytes, begin, to), tMs);
      return true;
    }
    const count = hexInto(this.#scratch, bytes, begin, to);
    if (count < 0) return false;
    this.#events.onBytes(this.#lanes.get(place, direction), this.#scratch, 0, count, tMs);
    return true;
  }

  #integer(bytes: Uint8Array, to: number): number {
    let value = 0;
    const from = this.#at;
    while (this.#at < to) {
      const digit = bytes[this.#at]! - 48;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
      this.#at++;
    }
    return this.#at === from || this.#at - from > 15 ? -1 : value;
  }

  #time(bytes: Uint8Array, to: number): number {
    const whole = this.#integer(bytes, to);
    if (whole < 0 || bytes[this.#at] !== DOT) return whole;
    const dot = ++this.#at;
    const fraction = this.#integer(bytes, to);
    return fraction < 0 ? -1 : whole + fraction / 10 ** (this.#at - dot);
  }
}

/** It goes to a terminal: short, and without what moves a cursor. */
function plainVersion(text: string): string {
  return text.slice(0, 20).replace(/[^ -~]/g, "?");
}
