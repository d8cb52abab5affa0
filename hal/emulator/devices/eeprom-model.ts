/** AT24C02: 256 bytes behind a pointer that runs on by itself. Writes are taken, so that a driver that writes is caught. */
import { deviceNack, type I2cDevice } from "./i2c-device.ts";

const BYTES = 256;

export class EepromModel implements I2cDevice {
  readonly address: number;
  isDead = false;
  /** Bytes that somebody wrote: must stay 0. */
  writtenBytes = 0;
  readonly #image: Uint8Array;
  #pointer = 0;

  /** @param image up to 256 bytes; what is missing is erased (FF). */
  constructor(address: number, image: Uint8Array) {
    this.address = address;
    this.#image = new Uint8Array(BYTES).fill(0xff);
    this.#image.set(image.subarray(0, BYTES));
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "EEPROM");
    if (write[0] !== undefined) this.#pointer = write[0];
    for (const byte of write.subarray(1)) {
      this.#image[this.#pointer] = byte;
      this.#pointer = (this.#pointer + 1) % BYTES;
      this.writtenBytes++;
    }
    const start = this.#pointer;
    this.#pointer = (start + readLength) % BYTES;
    return Uint8Array.from({ length: readLength }, (_, i) => this.#image[(start + i) % BYTES]!);
  }
}
