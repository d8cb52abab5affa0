/** TMP421, TMP422, TMP423: own temperature and one to three diodes. Written from the parts' public register maps. */
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";

export type Tmp42xPart = "TMP421" | "TMP422" | "TMP423";

const PART_IDS: Readonly<Record<Tmp42xPart, number>> = { TMP421: 0x21, TMP422: 0x22, TMP423: 0x23 };
const MAKER = 0x55;
const RANGE_BIT = 0x04;

export class Tmp42xModel implements I2cDevice {
  readonly address: number;
  isDead = false;
  /** Own temperature, then that of each diode. */
  readonly temperatureC: number[] = [25, 25, 25, 25];
  readonly isOpen: boolean[] = [false, false, false, false];
  /** Says of every channel that its value does not hold. */
  isInvalid = false;
  readonly #channels: number;
  readonly #partId: number;
  #pointer = 0;
  #config = 0;

  constructor(address = 0x4c, part: Tmp42xPart = "TMP421") {
    this.address = address;
    this.#partId = PART_IDS[part];
    this.#channels = this.#partId - 0x1f;
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "temperature sensor");
    const [pointer, value] = write;
    if (pointer !== undefined) this.#pointer = pointer;
    if (value !== undefined && this.#pointer === 0x09) this.#config = value;
    return readLength === 0 ? new Uint8Array(0) : padRead([this.#read(this.#pointer)], readLength);
  }

  #read(register: number): number {
    if (register === 0x09) return this.#config;
    if (register === 0xfe) return MAKER;
    if (register === 0xff) return this.#partId;
    const channel = register & 0x0f;
    if (register > 0x13 || channel >= this.#channels) return 0;
    const sixteenths = this.#sixteenths(channel);
    if (register < 0x10) return (sixteenths >> 4) & 0xff;
    return ((sixteenths & 0x0f) << 4) | (this.isInvalid ? 2 : 0) | (this.isOpen[channel] === true ? 1 : 0);
  }

  #sixteenths(channel: number): number {
    const zeroC = (this.#config & RANGE_BIT) !== 0 ? 64 : 0;
    return Math.round((this.temperatureC[channel]! + zeroC) * 16);
  }
}
