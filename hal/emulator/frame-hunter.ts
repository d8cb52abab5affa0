/**
 * Finds commands and jobs in the bytes that reach the chips:
 *
 *     55 AA | header | length | payload | check        header 0x21 = job, else 010a cccc: a = all chips, c = command
 *
 * Commands take 7 or 11 bytes by their length byte and end with a CRC5. A job takes 88 bytes whatever its length byte
 * says (stated by several sources; stock sends 0x36, others 0x56 or 0xFF) and ends with a CRC16.
 */
import { crc5, crc16 } from "./crc.ts";

export const JOB_FRAME_BYTES = 88;
const PREAMBLE_0 = 0x55;
const PREAMBLE_1 = 0xaa;
const JOB_HEADER = 0x21;
const SHORT_LENGTH = 5;
const WRITE_LENGTH = 9;

/** Bits 3:0 of a command's header byte. */
export const COMMAND = { setAddress: 0, writeRegister: 1, readRegister: 2, chainInactive: 3 } as const;

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
  readonly #buffer = new Uint8Array(JOB_FRAME_BYTES);
  #length = 0;

  constructor(listener: FrameListener) {
    this.#listener = listener;
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
    if (buffer[0] !== PREAMBLE_0 || (this.#length > 1 && buffer[1] !== PREAMBLE_1)) return this.#drop(1);
    if (this.#length < 4) return false;
    const header = buffer[2]!;
    const length = buffer[3]!;
    if (header === JOB_HEADER) return this.#takeJob();
    if ((header & 0xe0) !== 0x40 || (length !== SHORT_LENGTH && length !== WRITE_LENGTH)) return this.#drop(1);
    const total = length + 2;
    if (this.#length < total) return false;
    if (crc5(buffer, 2, total - 1) !== buffer[total - 1]) {
      this.#listener.onBadCommandCrc();
      // What a real chip skips is unknown. Behind the preamble the hunt starts anew, so a frame that follows a torn
      // one is not lost with it.
      return this.#drop(2);
    }
    const value =
      length === WRITE_LENGTH ? ((buffer[6]! << 24) | (buffer[7]! << 16) | (buffer[8]! << 8) | buffer[9]!) >>> 0 : 0;
    const chipAddress = buffer[4]!;
    const register = buffer[5]!;
    this.#drop(total);
    this.#listener.onCommand(header, chipAddress, register, value);
    return true;
  }

  #takeJob(): boolean {
    if (this.#length < JOB_FRAME_BYTES) return false;
    const buffer = this.#buffer;
    const check = (buffer[JOB_FRAME_BYTES - 2]! << 8) | buffer[JOB_FRAME_BYTES - 1]!;
    if (crc16(buffer, 2, JOB_FRAME_BYTES - 2) !== check) {
      this.#listener.onBadJobCrc();
      return this.#drop(2);
    }
    this.#listener.onJob(buffer);
    return this.#drop(JOB_FRAME_BYTES);
  }

  #drop(count: number): boolean {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
    return true;
  }
}
