/**
 * Reply stream of one chain: bytes in, calls with numbers out. Nothing is allocated per frame and nothing is thrown. A
 * bad frame moves the parser one byte on, so that a lost byte costs the frames it touches and no more.
 *
 *   v3 v2 v1 v0 | 00 00 | type 0, CRC5                                  BM1387: register read
 *   n0 n1 n2 n3 | solution | id | type 4, CRC5                          BM1387: nonce report
 *   AA 55 | v3 v2 v1 v0 | chip | register | type 0, CRC5                BM1397: register read
 *   AA 55 | n0 n1 n2 n3 | 00 | id | type 4, CRC5                        BM1397: nonce report
 *   AA 55 | v3 v2 v1 v0 | chip | register | 00 00 | type 0, CRC5       register read
 *   AA 55 | n0 n1 n2 n3 | excess | id | r1 r0 | type 4, CRC5           nonce report
 *
 * Later chips send 9-byte frames, too, until register 0xA4 is written; every sequence of theirs writes it before the first
 * read, so a 9-byte reply means that this write was lost.
 */
import { isGoodBody7, isGoodBody9 } from "./crc.ts";

export interface ResponseSink {
  /** @param value unsigned. @param chipAddress, @param registerNumber -1 where the reply names none (BM1387). */
  onRegister(value: number, chipAddress: number, registerNumber: number): void;
  /**
   * @param nonceWord the four nonce bytes as a big-endian signed 32-bit word, the view in which chips keep their fields.
   * @param excessByte byte 6, @param idByte byte 7, @param rolled bytes 8 and 9, big-endian (0 in a shorter frame).
   */
  onNonce(nonceWord: number, excessByte: number, idByte: number, rolled: number): void;
}

export type FrameLength = 7 | 9 | 11;

const BUFFER_BYTES = 16_384;
const BARE_LENGTH = 7;
const TYPE_REGISTER = 0;
const TYPE_NONCE = 4;

export class ResponseParser {
  /** Switched by the driver; every chip of a chain uses the same form. */
  frameLength: FrameLength = 11;
  /** Bytes skipped because they belonged to no good frame. */
  resyncBytes = 0;
  /** Preambles whose frame failed its CRC5 or had no known type. */
  crcErrors = 0;
  /** Of those, the ones that would have been good 9-byte frames: "0xA4 not applied". One in 32 is chance. */
  shortFrames = 0;

  readonly #sink: ResponseSink;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #head = 0;
  #tail = 0;

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** Takes any part of the stream. `chunk` is not kept. */
  push(chunk: Uint8Array): void {
    let taken = 0;
    while (taken < chunk.length) {
      // Fewer than one frame is ever left over, so moving it to the front is cheap.
      if (this.#head > 0) {
        this.#buffer.copyWithin(0, this.#head, this.#tail);
        this.#tail -= this.#head;
        this.#head = 0;
      }
      taken = this.#take(chunk, taken);
      if (this.frameLength === BARE_LENGTH) this.#scanBare();
      else this.#scan(this.frameLength);
    }
  }

  /** Forgets a half-received frame, after a reset of the chips or a change of rate; its bytes count as skipped. */
  reset(): void {
    this.resyncBytes += this.#tail - this.#head;
    this.#head = 0;
    this.#tail = 0;
  }

  #take(chunk: Uint8Array, from: number): number {
    const room = BUFFER_BYTES - this.#tail;
    if (from === 0 && chunk.length <= room) {
      this.#buffer.set(chunk, this.#tail);
      this.#tail += chunk.length;
      return chunk.length;
    }
    const end = Math.min(chunk.length, from + room);
    for (let i = from; i < end; i++) this.#buffer[this.#tail++] = chunk[i]!;
    return end;
  }

  /** Without a preamble only the check tells where a frame begins. */
  #scanBare(): void {
    const buffer = this.#buffer;
    let at = this.#head;
    while (at + BARE_LENGTH <= this.#tail) {
      const type = buffer[at + BARE_LENGTH - 1]! >> 5;
      if (isGoodBody7(buffer, at) && (type === TYPE_NONCE || type === TYPE_REGISTER)) {
        const word = (buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!;
        if (type === TYPE_NONCE) this.#sink.onNonce(word, buffer[at + 4]!, buffer[at + 5]!, 0);
        else this.#sink.onRegister(word >>> 0, -1, -1);
        at += BARE_LENGTH;
      } else {
        this.resyncBytes++;
        at++;
      }
    }
    this.#head = at;
  }

  #scan(length: FrameLength): void {
    const buffer = this.#buffer;
    const tail = this.#tail;
    let at = this.#head;
    while (at < tail) {
      if (buffer[at] !== 0xaa) {
        this.resyncBytes++;
        at++;
        continue;
      }
      if (at + 1 < tail && buffer[at + 1] !== 0x55) {
        this.resyncBytes++;
        at++;
        continue;
      }
      if (at + length > tail) break;
      if (this.#deliver(at, length)) {
        at += length;
      } else {
        this.crcErrors++;
        this.resyncBytes++;
        at++;
      }
    }
    this.#head = at;
  }

  #deliver(at: number, length: number): boolean {
    const buffer = this.#buffer;
    const isLong = length === 11;
    if (!(isLong ? isGoodBody9(buffer, at + 2) : isGoodBody7(buffer, at + 2))) {
      if (isLong && isGoodBody7(buffer, at + 2)) this.shortFrames++;
      return false;
    }
    const word = (buffer[at + 2]! << 24) | (buffer[at + 3]! << 16) | (buffer[at + 4]! << 8) | buffer[at + 5]!;
    const type = buffer[at + length - 1]! >> 5;
    if (type === TYPE_NONCE) {
      const rolled = isLong ? (buffer[at + 8]! << 8) | buffer[at + 9]! : 0;
      this.#sink.onNonce(word, buffer[at + 6]!, buffer[at + 7]!, rolled);
      return true;
    }
    if (type !== TYPE_REGISTER) return false;
    this.#sink.onRegister(word >>> 0, buffer[at + 6]!, buffer[at + 7]!);
    return true;
  }
}
