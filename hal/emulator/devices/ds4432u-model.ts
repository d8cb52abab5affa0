/**
 * DS4432U with a core regulator behind it: a current into or out of the feedback node of a 0.6 V regulator with 4750 and
 * 3320 ohm. Written from the circuit: V = 0.6 + 4750 x (0.6 / 3320 - I), I positive with bit 7 set.
 */
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";

const FULL_SCALE_UA = 98.921;
const FEEDBACK_MV = 600;
const FEEDBACK_UA = 600_000 / 3320;
const UPPER_KOHM = 4.75;

export class Ds4432uModel implements I2cDevice {
  readonly address: number;
  isDead = false;
  readonly #codes: [number, number] = [0, 0];
  #pointer = 0xf8;

  constructor(address = 0x48) {
    this.address = address;
  }

  /** Voltage of the regulator on a channel. */
  outputMv(channel: 0 | 1 = 0): number {
    const code = this.#codes[channel];
    const currentUa = ((code & 0x7f) * FULL_SCALE_UA) / 127;
    return FEEDBACK_MV + UPPER_KOHM * (FEEDBACK_UA + (code >= 0x80 ? -currentUa : currentUa));
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "DS4432U");
    const [pointer, value] = write;
    if (pointer !== undefined) this.#pointer = pointer;
    const channel = this.#pointer - 0xf8;
    if (channel !== 0 && channel !== 1) return padRead([], readLength);
    if (value !== undefined) this.#codes[channel] = value;
    return readLength === 0 ? new Uint8Array(0) : padRead([this.#codes[channel]], readLength);
  }
}
