/**
 * TMP451, ADT7461 or NCT218: own temperature and a remote diode, two ranges. After power-up the range is the short one,
 * and the first value after a change of range is still one of the old range. Written from the parts' public register maps.
 */
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";

export type Tmp451Part = "TMP451" | "ADT7461" | "NCT218";

/** Maker id, part id (assumed where sources give none), bits of the fraction. */
const PARTS: Readonly<Record<Tmp451Part, { maker: number; part: number; fractionBits: number }>> = {
  TMP451: { maker: 0x55, part: 0x00, fractionBits: 4 },
  ADT7461: { maker: 0x41, part: 0x51, fractionBits: 2 },
  NCT218: { maker: 0x1a, part: 0x00, fractionBits: 2 },
};
const RANGE_BIT = 0x04;
const OPEN_BIT = 0x04;

export class Tmp451Model implements I2cDevice {
  readonly address: number;
  localC = 25;
  /** Temperature of the diode. */
  remoteC = 25;
  diode: "ok" | "open" | "short" = "ok";
  isDead = false;
  readonly #part: { maker: number; part: number; fractionBits: number };
  #pointer = 0;
  #config = 0;
  #offset = 0;
  #isLocalOld = false;
  #isRemoteOld = false;

  constructor(address = 0x4c, part: Tmp451Part = "TMP451") {
    this.address = address;
    this.#part = PARTS[part];
  }

  get isExtended(): boolean {
    return (this.#config & RANGE_BIT) !== 0;
  }

  /** Loses everything that was set, as when the supply drops for a moment. */
  powerCycle(): void {
    this.#config = 0;
    this.#offset = 0;
    this.#isLocalOld = false;
    this.#isRemoteOld = false;
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "temperature sensor");
    const [pointer, value] = write;
    if (pointer !== undefined) this.#pointer = pointer;
    if (value !== undefined) this.#write(this.#pointer, value);
    return readLength === 0 ? new Uint8Array(0) : padRead([this.#read(this.#pointer)], readLength);
  }

  #write(register: number, value: number): void {
    if (register === 0x09) {
      const hasChanged = ((this.#config ^ value) & RANGE_BIT) !== 0;
      this.#config = value;
      this.#isLocalOld ||= hasChanged;
      this.#isRemoteOld ||= hasChanged;
    } else if (register === 0x11) {
      this.#offset = (value << 24) >> 24;
    }
  }

  #read(register: number): number {
    switch (register) {
      case 0x00: {
        const word = this.#word(this.localC, this.#isLocalOld);
        this.#isLocalOld = false;
        return word >> 8;
      }
      case 0x15:
        return this.#word(this.localC, false) & 0xff;
      case 0x01: {
        const word = this.#remoteWord(this.#isRemoteOld);
        this.#isRemoteOld = false;
        return word >> 8;
      }
      case 0x10:
        return this.#remoteWord(false) & 0xff;
      case 0x02:
        return this.diode === "open" ? OPEN_BIT : 0;
      case 0x03:
        return this.#config;
      case 0x11:
        return this.#offset & 0xff;
      case 0xfe:
        return this.#part.maker;
      case 0xff:
        return this.#part.part;
      default:
        return 0;
    }
  }

  #remoteWord(isOld: boolean): number {
    if (this.diode === "short") return 0;
    return this.#word(this.diode === "open" ? 191 : this.remoteC + this.#offset, isOld);
  }

  /** Temperature as high and low byte; `isOld` in the other range. */
  #word(temperatureC: number, isOld: boolean): number {
    const isExtended = this.isExtended !== isOld;
    const steps = 2 ** this.#part.fractionBits;
    const counted = Math.round((temperatureC + (isExtended ? 64 : 0)) * steps) / steps;
    const clamped = Math.max(0, Math.min(isExtended ? 255 : 127, counted));
    return Math.floor(clamped * 256);
  }
}
