/**
 * TPS546D24: a PMBus regulator whose output follows OPERATION, its set point and the input voltage; it switches itself off
 * above its own limits. Written from the PMBus standard and public Bitaxe notes; the status word knows the bits that the
 * model can raise.
 */
import { deviceNack, type I2cDevice, padRead } from "./i2c-device.ts";

/** VOUT_MODE after power-up: linear, 2^-9 V a step. */
const VOUT_MODE = 0x97;
const STEP_MV = 1000 / 512;
const BYTE_REGISTERS = new Set([0x01, 0x02, 0x10]);
const ON = 0x80;
const STATUS_OFF = 0x0840;
const STATUS_TEMPERATURE = 0x0004;
const STATUS_INPUT_LOW = 0x2008;
const STATUS_CURRENT = 0x4010;

export class Tps546Model implements I2cDevice {
  readonly address: number;
  isDead = false;
  inputMv = 5000;
  currentMa = 0;
  temperatureC = 30;
  readonly #bytes = new Map<number, number>([
    [0x01, 0],
    [0x02, 0x17],
    [0x20, VOUT_MODE],
  ]);
  readonly #words = new Map<number, number>([
    [0x21, 0],
    [0x24, 0x0300],
    [0x2b, 0x0080],
    [0x29, linear11(0.25)],
    [0x33, linear11(650)],
    [0x35, linear11(4.75)],
    [0x36, linear11(4.5)],
    [0x46, linear11(52)],
    [0x4a, linear11(40)],
    [0x4f, linear11(150)],
    [0x51, linear11(125)],
    [0x55, linear11(21)],
  ]);
  #pointer = 0;
  #latched = 0;

  constructor(address = 0x24) {
    this.address = address;
  }

  get isOutputOn(): boolean {
    const isWanted = (this.#bytes.get(0x01)! & ON) !== 0;
    return isWanted && this.#latched === 0 && this.inputMv >= 1000 * this.#limit(0x36);
  }

  /** Voltage at the output. */
  get outputMv(): number {
    return this.isOutputOn ? this.#words.get(0x21)! * STEP_MV : 0;
  }

  /** Input gone: it wakes up switched off. */
  loseMains(): void {
    this.#bytes.set(0x01, 0);
    this.#latched = 0;
  }

  /** A limit as it is set, in V, A, kHz or C; by PMBus command. */
  limit(command: number): number {
    return command === 0x24 || command === 0x2b ? this.#words.get(command)! / 512 : this.#limit(command);
  }

  step(): void {
    if ((this.#bytes.get(0x01)! & ON) === 0) return;
    if (this.temperatureC > this.#limit(0x4f)) this.#latched |= STATUS_TEMPERATURE;
    if (this.currentMa > 1000 * this.#limit(0x46)) this.#latched |= STATUS_CURRENT;
    if (this.inputMv < 1000 * this.#limit(0x36)) this.#latched |= STATUS_INPUT_LOW;
    if (this.inputMv > 1000 * this.#limit(0x55)) this.#latched |= STATUS_INPUT_LOW & ~0x08;
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (this.isDead) throw deviceNack(this.address, "TPS546");
    const [command, low, high] = write;
    if (command !== undefined) this.#pointer = command;
    if (command === 0x03 && readLength === 0) this.#latched = 0;
    if (low !== undefined) this.#write(this.#pointer, low, high);
    return readLength === 0 ? new Uint8Array(0) : padRead(this.#read(this.#pointer), readLength);
  }

  #write(command: number, low: number, high: number | undefined): void {
    if (BYTE_REGISTERS.has(command)) {
      this.#bytes.set(command, low);
      // Switching on again is what clears a fault that has gone.
      if (command === 0x01 && low === 0) this.#latched = 0;
    } else if (high !== undefined && this.#words.has(command)) {
      const word = low | (high << 8);
      const isTooMuch = command === 0x21 && (word > this.#words.get(0x24)! || word < this.#words.get(0x2b)!);
      if (!isTooMuch) this.#words.set(command, word);
    }
  }

  #read(command: number): readonly number[] {
    const byte = this.#bytes.get(command);
    if (byte !== undefined) return [byte];
    const word = this.#word(command);
    return [word & 0xff, word >> 8];
  }

  #word(command: number): number {
    switch (command) {
      case 0x79:
        return this.#latched | (this.isOutputOn ? 0 : STATUS_OFF);
      case 0x88:
        return linear11(this.inputMv / 1000);
      case 0x8b:
        return Math.round(this.outputMv / STEP_MV);
      case 0x8c:
        return linear11(this.isOutputOn ? this.currentMa / 1000 : 0);
      case 0x8d:
        return linear11(this.temperatureC);
      default:
        return this.#words.get(command) ?? 0xffff;
    }
  }

  #limit(command: number): number {
    const word = this.#words.get(command)!;
    const mantissa = word & 0x400 ? (word & 0x7ff) - 0x800 : word & 0x7ff;
    const exponent = word >> 11;
    return mantissa * 2 ** (exponent > 15 ? exponent - 32 : exponent);
  }
}

/** Numbers up to 1023 with as many binary places as fit. */
function linear11(value: number): number {
  let places = 0;
  while (places < 16 && Math.abs(value) * 2 ** (places + 1) <= 1023) places++;
  const mantissa = Math.round(value * 2 ** places);
  return (((32 - places) & 31) << 11) | (mantissa & 0x7ff);
}
