/**
 * Zynq XC7Z007S with the vendor's FPGA: one register block. This is the part that is not about chips:
 *
 *     0x00 version | 0x04 tachometer, one fan a read: 7:0 count, 10:8 fan; RPM = 120 x count | 0x08 plug, bit n = chain n
 *     0x30 I2C command and answer | 0x34 bit n = 1 holds chain n in reset | 0x84 duty in the upper half, rest in the lower
 *
 * I2C word: 27:26 master (0 hashboards, 1 supply), 25 read, 24 with register, 23:20 + 18:16 address, 19 single byte,
 * 15:8 register, 7:0 data; an answer has bits 31:30 = 10. The supply is switched by MIO 1, low = on.
 */

import { isKumpelError } from "#hal/errors.ts";
import type { RegisterBlock } from "#hal/registers.ts";
import { unknownPin, type WiredWorld, type WirePin, type WorldPorts } from "./world-ports.ts";

const PROCESSOR = "zynq_gpio";
const SUPPLY_ENABLE_N = 1;
const LEDS = [35, 36];
const BUTTONS = [15, 37];
export const VENDOR_BLOCK_NAME = "/dev/axi_fpga_dev";
/** Seen on an S19 Pro. */
const VERSION = 0x4000b031;
const DONE = 0x80000000;
const IDLE_DATA = 0xffff;
const RPM_PER_COUNT = 120;

export class VendorWiring implements WorldPorts {
  readonly serialPorts = [];
  readonly busRoles = [] as const;
  readonly #world: WiredWorld;

  constructor(world: WiredWorld) {
    this.#world = world;
  }

  writePin(pin: WirePin, isHigh: boolean): void {
    if (pin.label !== PROCESSOR) throw unknownPin("vendor's Zynq board", pin);
    if (pin.line === SUPPLY_ENABLE_N) this.#world.setPower(!isHigh);
    else if (!LEDS.includes(pin.line)) throw unknownPin("vendor's Zynq board", pin);
  }

  readPin(pin: WirePin): boolean {
    if (pin.label === PROCESSOR && BUTTONS.includes(pin.line)) return true;
    throw unknownPin("vendor's Zynq board", pin);
  }

  countEdges(pin: WirePin): number {
    throw unknownPin("vendor's Zynq board", pin);
  }

  applyPwm(): void {
    throw new RangeError("the emulated vendor's Zynq board has no PWM chip");
  }

  registers(name: string): RegisterBlock | null {
    return name === VENDOR_BLOCK_NAME ? this.#world.fpgaBlock(name) : null;
  }
}

/** What the chips' part of the FPGA model asks about registers that are none of its own. */
export class VendorBoardRegisters {
  readonly #world: WiredWorld;
  #resetWord = 0;
  #tachoFan = 0;
  #i2cWord = DONE;
  #pwmWord = 0;

  constructor(world: WiredWorld) {
    this.#world = world;
    // Power-up state: all chains held.
    this.#resetWord = 2 ** world.chains.length - 1;
  }

  /** Undefined: not one of these registers. */
  readRegister(offset: number): number | undefined {
    switch (offset) {
      case 0x00:
        return VERSION;
      case 0x04:
        return this.#readTacho();
      case 0x08:
        return this.#world.chains.reduce((word, chain, n) => (chain.isPlugged ? word | (1 << n) : word), 0);
      case 0x30:
        return this.#i2cWord;
      case 0x34:
        return this.#resetWord;
      case 0x84:
      case 0xa0:
        return this.#pwmWord;
      default:
        return undefined;
    }
  }

  /** False: not one of these registers. */
  writeRegister(offset: number, value: number): boolean {
    switch (offset) {
      case 0x30:
        this.#i2cWord = this.#transfer(value);
        return true;
      case 0x34:
        this.#resetWord = value;
        for (const n of this.#world.chains.keys()) this.#world.setReset(n, ((value >>> n) & 1) === 1);
        return true;
      case 0x84:
      case 0xa0: {
        this.#pwmWord = value >>> 0;
        const high = value >>> 16;
        const low = value & 0xffff;
        this.#world.setFanDutyPct(high + low === 0 ? 0 : (100 * high) / (high + low));
        return true;
      }
      default:
        return false;
    }
  }

  #readTacho(): number {
    const { fans } = this.#world;
    this.#tachoFan = (this.#tachoFan + 1) % Math.max(1, fans.count);
    return (this.#tachoFan << 8) | Math.min(0xff, Math.round(fans.rpm(this.#tachoFan) / RPM_PER_COUNT));
  }

  #transfer(word: number): number {
    const role = ((word >>> 26) & 3) === 1 ? "supply" : "hashboards";
    const address = (((word >>> 20) & 0xf) << 3) | ((word >>> 16) & 7);
    const register = ((word >>> 24) & 1) === 1 ? [(word >>> 8) & 0xff] : [];
    const isRead = ((word >>> 25) & 1) === 1;
    try {
      if (!isRead) {
        this.#world.i2c.transfer(role, address, Uint8Array.of(...register, word & 0xff), 0);
        return DONE;
      }
      const length = ((word >>> 19) & 1) === 1 ? 1 : 2;
      const bytes = this.#world.i2c.transfer(role, address, Uint8Array.from(register), length);
      const data = length === 1 ? (bytes[0] ?? 0xff) : ((bytes[0] ?? 0xff) << 8) | (bytes[1] ?? 0xff);
      return (DONE | data) >>> 0;
    } catch (error) {
      // The block has no sign for a NACK; idle lines read as ones.
      if (isKumpelError(error, "I2C_NACK", "I2C_FAILED")) return (DONE | IDLE_DATA) >>> 0;
      throw error;
    }
  }
}
