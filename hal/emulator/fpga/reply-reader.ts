/** The FPGA's receiver: finds the chips' frames in the bytes of the line and checks them. */
import { crc5 } from "../crc.ts";
import type { MidstateFacts } from "../midstate-facts.ts";

export interface ReplyListener {
  /** @param frame seven bytes without preamble, valid during the call only. */
  onReply(frame: Uint8Array, isNonce: boolean): void;
  onBadFrame(): void;
}

const BODY_BYTES = 7;
const TYPE_NONCE = 4;

export class ReplyReader {
  readonly #listener: ReplyListener;
  readonly #preamble: number;
  readonly #buffer: Uint8Array;
  #length = 0;

  constructor(wire: MidstateFacts, listener: ReplyListener) {
    this.#listener = listener;
    this.#preamble = wire.hasPreamble ? 2 : 0;
    this.#buffer = new Uint8Array(this.#preamble + BODY_BYTES);
  }

  feed(bytes: Uint8Array): void {
    for (const byte of bytes) {
      this.#buffer[this.#length++] = byte;
      this.#take();
    }
  }

  clear(): void {
    this.#length = 0;
  }

  #take(): void {
    const buffer = this.#buffer;
    const start = this.#preamble;
    if (start > 0 && !this.#beginsRight()) {
      this.#drop();
      return;
    }
    if (this.#length < buffer.length) return;
    const frame = buffer.subarray(start);
    // Over all bytes with their own check the register ends at 0.
    if (crc5(frame, 0, BODY_BYTES) !== 0) {
      this.#listener.onBadFrame();
      this.#drop();
      return;
    }
    this.#listener.onReply(frame, frame[BODY_BYTES - 1]! >> 5 === TYPE_NONCE);
    this.#length = 0;
  }

  #beginsRight(): boolean {
    return this.#buffer[0] === 0xaa && (this.#length < 2 || this.#buffer[1] === 0x55);
  }

  /** One byte on, and another look at what is left. */
  #drop(): void {
    this.#buffer.copyWithin(0, 1, this.#length);
    this.#length--;
    if (this.#length > 0 && this.#preamble > 0 && !this.#beginsRight()) this.#drop();
  }
}
