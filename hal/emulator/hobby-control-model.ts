/**
 * The control port of a USB hobby board: takes requests, answers in the older (v0) or newer (v1) form.
 *
 *     request: u16 LE whole length, id, bus, page, command, data...
 *     v0: u16 LE data length, id, data... | error: u16 LE whole length, id, code
 *     v1: u16 LE whole length, id, status, data...
 */
import { isKumpelError } from "#hal/errors.ts";

export interface HobbyControlHooks {
  i2c(address: number, write: Uint8Array, readLength: number): Uint8Array;
  setPin(pin: number, isHigh: boolean): void;
  readPin(pin: number): boolean;
  send(bytes: Uint8Array): void;
}

const PAGE_I2C = 5;
const PAGE_GPIO = 6;
const PAGE_ADC = 7;
const CODE_TIMEOUT = 0x10;
const CODE_INVALID = 0x11;
const MAX_FRAME_BYTES = 260;
const HEADER_BYTES = 6;
/** Raw codes of a board at 5 V; the scale is not documented. */
const ADC_CODE = 2048;

class RequestError extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`hobby control error ${code}`);
    this.code = code;
  }
}

export class HobbyControlModel {
  readonly #hooks: HobbyControlHooks;
  readonly #style: "v0" | "v1";
  #buffer: number[] = [];

  constructor(hooks: HobbyControlHooks, style: "v0" | "v1") {
    this.#hooks = hooks;
    this.#style = style;
  }

  receive(chunk: Uint8Array): void {
    this.#buffer.push(...chunk);
    while (this.#buffer.length >= 2) {
      const length = this.#buffer[0]! | (this.#buffer[1]! << 8);
      if (length < HEADER_BYTES || length > MAX_FRAME_BYTES) {
        this.#buffer.shift();
        continue;
      }
      if (this.#buffer.length < length) return;
      this.#serve(Uint8Array.from(this.#buffer.splice(0, length)));
    }
  }

  #serve(frame: Uint8Array): void {
    const id = frame[2]!;
    try {
      this.#answer(id, this.#execute(frame[4]!, frame[5]!, frame.subarray(HEADER_BYTES)));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#hooks.send(Uint8Array.of(4, 0, id, error.code));
    }
  }

  #execute(page: number, command: number, data: Uint8Array): Uint8Array {
    switch (page) {
      case PAGE_I2C:
        return this.#i2c(command, data);
      case PAGE_GPIO:
        if (data.length === 0) return Uint8Array.of(this.#hooks.readPin(command) ? 1 : 0);
        this.#hooks.setPin(command, data[0] !== 0);
        return new Uint8Array(0);
      case PAGE_ADC:
        return Uint8Array.of(ADC_CODE & 0xff, ADC_CODE >> 8);
      default:
        throw new RequestError(CODE_INVALID);
    }
  }

  #i2c(command: number, data: Uint8Array): Uint8Array {
    const address = data[0] ?? 0;
    switch (command) {
      case 0x10:
        return new Uint8Array(0);
      case 0x20:
        return this.#transfer(address, data.subarray(1), 0);
      case 0x30:
        return this.#transfer(address, new Uint8Array(0), data[1] ?? 0);
      case 0x40:
        return this.#transfer(address, data.subarray(1, -1), data[data.length - 1] ?? 0);
      default:
        throw new RequestError(CODE_INVALID);
    }
  }

  #transfer(address: number, write: Uint8Array, readLength: number): Uint8Array {
    try {
      return this.#hooks.i2c(address, write, readLength);
    } catch (error) {
      if (isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw new RequestError(CODE_TIMEOUT);
      throw error;
    }
  }

  #answer(id: number, data: Uint8Array): void {
    const head = this.#style === "v0" ? [data.length, 0, id] : [data.length + 4, 0, id, 0];
    this.#hooks.send(Uint8Array.of(...head, ...data));
  }
}
