/** INA260: is told current and voltage, gives them and their product in its own steps. Written from TI's register map. */
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";

export class Ina260Model implements I2cDevice {
  readonly address: number;
  isDead = false;
  currentMa = 0;
  voltageMv = 5000;
  #pointer = 0;

  constructor(address = 0x40) {
    this.address = address;
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "INA260");
    if (write[0] !== undefined) this.#pointer = write[0];
    const word = this.#word() & 0xffff;
    return readLength === 0 ? new Uint8Array(0) : padRead([word >> 8, word & 0xff], readLength);
  }

  #word(): number {
    switch (this.#pointer) {
      case 0x01:
        return Math.round(this.currentMa / 1.25);
      case 0x02:
        return Math.round(this.voltageMv / 1.25);
      case 0x03:
        return Math.round(Math.abs(this.currentMa * this.voltageMv) / 10_000);
      case 0xfe:
        return 0x5449;
      case 0xff:
        return 0x2270;
      default:
        return 0;
    }
  }
}
