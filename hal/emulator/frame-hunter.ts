/**
 * Finds commands and jobs in the bytes that reach the chips:
 *
 *     55 AA | header | length | payload | check        header 0x21 = job, else 010a cccc: a = all chips, c = command
 *
 * Commands take 7 or 11 bytes by their length byte and end with a CRC5. A job ends with a CRC16. Chips that take whole
 * headers take 88 bytes whatever the length byte says (stated by several sources; stock sends 0x36, others 0x56 or 0xFF);
 * where a job holds midstates the length byte is true: 54, 86 or 150 behind the preamble. BM1387 has no preamble.
 */
import { crc5, crc16 } from "./crc.ts";
import { LATER_CODES, type MidstateFacts } from "./midstate-facts.ts";

export const JOB_FRAME_BYTES = 88;
const LONGEST_JOB_BYTES = 152;
const MIDSTATE_JOB_LENGTHS: readonly number[] = [54, 86, 150];
const PREAMBLE_0 = 0x55;
const PREAMBLE_1 = 0xaa;
const JOB_HEADER = 0x21;
const SHORT_LENGTH = 5;
const WRITE_LENGTH = 9;

/** Bits 3:0 of a command's header byte, on every chip but BM1387. */
export const COMMAND = LATER_CODES;

export interface FrameListener {
  /** `header` as sent; `value` is 0 for the short commands. */
  onCommand(header: number, chipAddress: number, register: number, value: number): void;
  /** The whole frame with preamble and check, valid during the call only. */
  onJob(frame: Uint8Array): void;
  onBadCommandCrc(): void;
  onBadJobCrc(): void;
}

export class FrameHunter {
  readonly #listener: FrameListener;
  readonly #hasMidstates: boolean;
  /** Place of the header byte: behind the preamble, if there is one. */
  readonly #start: number;
  readonly #buffer = new Uint8Array(LONGEST_JOB_BYTES);
  #length = 0;

  /** @param midstate facts of a chip that is fed with midstates, or null. */
  constructor(listener: FrameListener, midstate: MidstateFacts | null = null) {
    this.#listener = listener;
    this.#hasMidstates = midstate !== null;
    this.#start = midstate === null || midstate.hasPreamble ? 2 : 0;
  }

  /** Forgets a half-received frame (reset, noise). */
  clear(): void {
    this.#length = 0;
  }

  feed(byte: number): void {
    this.#buffer[this.#length++] = byte;
    while (this.#length > 0 && this.#takeFrame()) {}
  }

  /** True when bytes were used up, so that what is left deserves another look. */
  #takeFrame(): boolean {
    const buffer = this.#buffer;
    const start = this.#start;
    if (start > 0 && (buffer[0] !== PREAMBLE_0 || (this.#length > 1 && buffer[1] !== PREAMBLE_1))) return this.#drop(1);
    if (this.#length < start + 2) return false;
    const header = buffer[start]!;
    const length = buffer[start + 1]!;
    if (header === JOB_HEADER) return this.#takeJob(length);
    if ((header & 0xe0) !== 0x40 || (length !== SHORT_LENGTH && length !== WRITE_LENGTH)) return this.#drop(1);
    const total = start + length;
    if (this.#length < total) return false;
    if (crc5(buffer, start, total - 1) !== buffer[total - 1]) {
      this.#listener.onBadCommandCrc();
      return this.#dropBad();
    }
    const at = start + 4;
    const value = length === WRITE_LENGTH ? wordAt(buffer, at) : 0;
    const chipAddress = buffer[start + 2]!;
    const register = buffer[start + 3]!;
    this.#drop(total);
    this.#listener.onCommand(header, chipAddress, register, value);
    return true;
  }

  #takeJob(length: number): boolean {
    if (this.#hasMidstates && !MIDSTATE_JOB_LENGTHS.includes(length)) return this.#drop(1);
    const total = this.#hasMidstates ? this.#start + length : JOB_FRAME_BYTES;
    if (this.#length < total) return false;
    const buffer = this.#buffer;
    const check = (buffer[total - 2]! << 8) | buffer[total - 1]!;
    if (crc16(buffer, this.#start, total - 2) !== check) {
      this.#listener.onBadJobCrc();
      return this.#dropBad();
    }
    this.#listener.onJob(buffer);
    return this.#drop(total);
  }

  /**
   * What a real chip skips is unknown. Behind the preamble the hunt starts anew, so a frame that follows a torn one is not
   * lost with it.
   */
  #dropBad(): boolean {
    return this.#drop(Math.max(1, this.#start));
  }

  #drop(count: number): boolean {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
    return true;
  }
}

function wordAt(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}
