/**
 * EMC2101: one fan and one diode. It gives its duty to whoever moves the fan, and is told speed and temperature. The tacho
 * counts only when its pin was made an input, the duty can be written only with the part's own table switched off.
 * Written from the part's public register map.
 */
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";

const TACHO_INPUT = 0x04;
const TABLE_OFF = 0x20;
const DUTY_BITS = 0x3f;
const STOPPED = 0xffff;
const TURNS = 5_400_000;

export class Emc2101Model implements I2cDevice {
  readonly address: number;
  readonly productId: number;
  isDead = false;
  /** Speed of the fan. */
  rpm = 0;
  /** Temperature of the chip's diode. */
  externalC = 25;
  internalC = 25;
  diode: "ok" | "open" | "short" = "ok";
  readonly #registers = new Map<number, number>([
    [0x03, 0x00],
    [0x4a, 0x20],
    [0x4c, 0x00],
  ]);
  #pointer = 0;
  #heldHigh = 0xff;

  constructor(address = 0x4c, productId: 0x16 | 0x28 = 0x16) {
    this.address = address;
    this.productId = productId;
  }

  /** 0 to 63. */
  get duty(): number {
    return this.#registers.get(0x4c)! & DUTY_BITS;
  }

  get dutyPct(): number {
    return (this.duty * 100) / DUTY_BITS;
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "EMC2101");
    const [pointer, value] = write;
    if (pointer !== undefined) this.#pointer = pointer;
    if (value !== undefined) this.#write(this.#pointer, value);
    return readLength === 0 ? new Uint8Array(0) : padRead([this.#read(this.#pointer)], readLength);
  }

  #write(register: number, value: number): void {
    if (!this.#registers.has(register)) return;
    if (register === 0x4c && (this.#registers.get(0x4a)! & TABLE_OFF) === 0) return;
    this.#registers.set(register, register === 0x4c ? value & DUTY_BITS : value);
  }

  #read(register: number): number {
    switch (register) {
      case 0x00:
        return Math.round(this.internalC) & 0xff;
      case 0x01:
        return (this.#external() >> 3) & 0xff;
      case 0x10:
        return (this.#external() << 5) & 0xff;
      case 0x46: {
        const count = this.#count();
        this.#heldHigh = count >> 8;
        return count & 0xff;
      }
      case 0x47:
        return this.#heldHigh;
      case 0xfd:
        return this.productId;
      case 0xfe:
        return 0x5d;
      default:
        return this.#registers.get(register) ?? 0;
    }
  }

  /** Eleven bits of an eighth of a degree. */
  #external(): number {
    if (this.diode === "open") return 0x3f8;
    if (this.diode === "short") return 0x3ff;
    return Math.round(this.externalC * 8) & 0x7ff;
  }

  #count(): number {
    if ((this.#registers.get(0x03)! & TACHO_INPUT) === 0 || this.rpm <= 0) return STOPPED;
    return Math.min(STOPPED, Math.round(TURNS / this.rpm));
  }
}
