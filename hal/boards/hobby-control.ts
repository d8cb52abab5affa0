/** Requests to the control port of a hobby board, one at a time: its I2C bus and its pins. */
import { type Clock, LATE, within } from "../clock.ts";
import { KumpelError } from "../errors.ts";
import type { I2cBus } from "../i2c.ts";
import { Mutex } from "../mutex.ts";
import type { Uart } from "../uart.ts";
import {
  HOBBY_FRAME_MAX_BYTES,
  HOBBY_I2C,
  HOBBY_PAGE,
  type HobbyReply,
  type HobbyReplyStyle,
  hobbyRequestFrame,
  readHobbyReply,
} from "./hobby-frames.ts";

/** Nothing that the firmware does takes a tenth of this. */
const REPLY_TIMEOUT_MS = 1_000;
const ID_COUNT = 256;
const TIMEOUT_CODE = 0x10;

interface Waiting {
  readonly id: number;
  readonly dataBytes: readonly number[];
  resolve(reply: HobbyReply): void;
}

export class HobbyControl {
  readonly #clock: Clock;
  readonly #uart: Uart;
  readonly #style: HobbyReplyStyle;
  readonly #lock = new Mutex();
  readonly #received = new Uint8Array(2 * HOBBY_FRAME_MAX_BYTES);
  #receivedLength = 0;
  #nextId = 1;
  #waiting: Waiting | null = null;

  constructor(options: { clock: Clock; uart: Uart; style: HobbyReplyStyle }) {
    this.#clock = options.clock;
    this.#uart = options.uart;
    this.#style = options.style;
    this.#uart.onData((chunk) => this.#onData(chunk));
  }

  /** The board's I2C bus. */
  get bus(): I2cBus {
    return {
      name: `I2C of ${this.#uart.path}`,
      transfer: (address, write, readLength) => this.#transfer(address, write, readLength),
    };
  }

  async setPin(pin: number, isHigh: boolean): Promise<void> {
    // Firmware versions differ in whether they echo the level.
    await this.#ask(HOBBY_PAGE.gpio, pin, Uint8Array.of(isHigh ? 1 : 0), [0, 1], `set pin ${pin}`);
  }

  async readPin(pin: number): Promise<boolean> {
    const [level] = await this.#ask(HOBBY_PAGE.gpio, pin, new Uint8Array(0), [1], `read pin ${pin}`);
    return level !== 0;
  }

  /** Raw code of an analog input; `HOBBY_ADC` names them. */
  async readAdc(channel: number): Promise<number> {
    const [low = 0, high = 0] = await this.#ask(HOBBY_PAGE.adc, channel, new Uint8Array(0), [2], "read the ADC");
    return low | (high << 8);
  }

  async setI2cFrequencyHz(frequencyHz: number): Promise<void> {
    const data = new Uint8Array(4);
    new DataView(data.buffer).setUint32(0, frequencyHz, true);
    await this.#ask(HOBBY_PAGE.i2c, HOBBY_I2C.setFrequency, data, [0], "set the I2C frequency");
  }

  close(): Promise<void> {
    return this.#uart.close();
  }

  async #transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    const hex = `0x${address.toString(16).padStart(2, "0")}`;
    const what = `I2C transfer with ${hex}`;
    if (readLength === 0) {
      await this.#ask(HOBBY_PAGE.i2c, HOBBY_I2C.write, Uint8Array.of(address, ...write), [0], what, address);
      return new Uint8Array(0);
    }
    const command = write.length === 0 ? HOBBY_I2C.read : HOBBY_I2C.writeRead;
    const data = Uint8Array.of(address, ...write, readLength);
    return this.#ask(HOBBY_PAGE.i2c, command, data, [readLength], what, address);
  }

  /** @throws KumpelError `I2C_NACK` when an I2C device is silent, `I2C_FAILED`, or `HOBBY_CONTROL_FAILED`. */
  #ask(
    page: number,
    command: number,
    data: Uint8Array,
    dataBytes: readonly number[],
    what: string,
    i2cAddress: number | null = null,
  ): Promise<Uint8Array> {
    return this.#lock.run(async () => {
      const id = this.#nextId;
      this.#nextId = (this.#nextId + 1) % ID_COUNT;
      // Whatever came late belongs to a request that was given up.
      this.#receivedLength = 0;
      const reply = new Promise<HobbyReply>((resolve) => {
        this.#waiting = { id, dataBytes, resolve };
      });
      this.#uart.write(hobbyRequestFrame({ id, page, command, data }));
      const outcome = await within(this.#clock, REPLY_TIMEOUT_MS, reply);
      this.#waiting = null;
      if (outcome === LATE) {
        throw this.#error(what, `no reply within ${REPLY_TIMEOUT_MS} ms; plug the board in again`, null, i2cAddress);
      }
      if (outcome.kind === "ok") return outcome.data;
      const code = outcome.kind === "error" ? outcome.code : null;
      throw this.#error(what, outcome.kind === "error" ? outcome.text : "half a reply", code, i2cAddress);
    });
  }

  #error(what: string, why: string, code: number | null, i2cAddress: number | null): KumpelError {
    const kind =
      i2cAddress === null || code === null ? "HOBBY_CONTROL_FAILED" : code === TIMEOUT_CODE ? "I2C_NACK" : "I2C_FAILED";
    return new KumpelError(kind, `${this.#uart.path}: ${what} failed: ${why}`, {
      details: { path: this.#uart.path, code, address: i2cAddress },
    });
  }

  #onData(chunk: Uint8Array): void {
    const room = this.#received.length - this.#receivedLength;
    const part = chunk.subarray(0, room);
    this.#received.set(part, this.#receivedLength);
    this.#receivedLength += part.length;
    const waiting = this.#waiting;
    if (waiting === null) return;
    const bytes = this.#received.subarray(0, this.#receivedLength);
    const reply = readHobbyReply(bytes, this.#style, waiting.id, waiting.dataBytes);
    if (reply.kind !== "incomplete") waiting.resolve(reply);
  }
}
