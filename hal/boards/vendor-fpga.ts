/**
 * What the vendor's FPGA image offers besides the chips' links: plug bits, reset lines, fans and the I2C masters. Offsets
 * as on S19 and S21 builds (public S19 Pro notes and a vendor test binary agree); seen, not proven on other units.
 */
import { type Clock, sleep } from "../clock.ts";
import type { FanBank } from "../control-board.ts";
import { KumpelError } from "../errors.ts";
import type { I2cBus } from "../i2c.ts";
import { Mutex } from "../mutex.ts";
import type { RegisterBlock } from "../registers.ts";

export const VENDOR_FPGA = {
  version: 0x00,
  fanSpeed: 0x04,
  plug: 0x08,
  i2c: 0x30,
  reset: 0x34,
  fanPwm: 0x84,
  fanPwm2: 0xa0,
} as const;

/** Older wiring shows its plug bits in the top byte and says so in bit 31. */
const OLD_WIRING = 0x80000000;
/** Duty steps of S19 and S21 images; those of the S9 and S17 era count to 50. */
export const PWM_SCALE = 100;
/** One tacho count is 120 RPM, 240 on this image. */
const RPM_PER_COUNT = 120;
const FAST_TACHO_VERSION = 0xb025;
const FAST_TACHO_RPM_PER_COUNT = 240;
const TACHO_POLL_MS = 10;
/** The fan number goes round with each read: twice round finds every fan. */
const TACHO_READS_PER_FAN = 2;

/** Chains whose connector holds a hashboard, bit n = chain n. */
export function pluggedChains(word: number): number {
  return (word & OLD_WIRING) !== 0 ? word >>> 24 : word & 0xffff;
}

/** Duty in the upper half, the rest of the period in the lower. */
export function fanPwmWord(dutyPct: number, scale: number = PWM_SCALE): number {
  const high = Math.round((dutyPct * scale) / 100);
  return ((high << 16) | (scale - high)) >>> 0;
}

export interface FanSpeed {
  readonly fan: number;
  readonly rpm: number;
}

/** Bits 7:0 count, 10:8 fan. */
export function decodeFanSpeed(word: number, version: number): FanSpeed {
  const perCount = (version & 0xffff) === FAST_TACHO_VERSION ? FAST_TACHO_RPM_PER_COUNT : RPM_PER_COUNT;
  return { fan: (word >>> 8) & 7, rpm: (word & 0xff) * perCount };
}

export class VendorFpga {
  readonly block: RegisterBlock;
  readonly #clock: Clock;
  readonly #resetLock = new Mutex();
  readonly #i2cLock = new Mutex();

  constructor(options: { clock: Clock; block: RegisterBlock }) {
    this.#clock = options.clock;
    this.block = options.block;
  }

  async isPlugged(chainNumber: number): Promise<boolean> {
    return ((pluggedChains(await this.block.read(VENDOR_FPGA.plug)) >>> chainNumber) & 1) === 1;
  }

  /** Bit n = 1 holds chain n in reset; the other chains' bits stay as they are. */
  setReset(chainNumber: number, isAsserted: boolean): Promise<void> {
    return this.#resetLock.run(async () => {
      const word = await this.block.read(VENDOR_FPGA.reset);
      const bit = 1 << chainNumber;
      await this.block.write(VENDOR_FPGA.reset, (isAsserted ? word | bit : word & ~bit) >>> 0);
    });
  }

  createFans(count: number): FanBank {
    return {
      count,
      setDutyPct: async (dutyPct) => {
        await this.block.write(VENDOR_FPGA.fanPwm, fanPwmWord(dutyPct));
        await this.block.write(VENDOR_FPGA.fanPwm2, fanPwmWord(dutyPct));
      },
      readRpm: () => this.#readFans(count),
    };
  }

  createBus(master: FpgaI2cMaster): I2cBus {
    const { block } = this;
    const names = { hashboards: 0, supply: 1 } as const;
    return createFpgaI2c({
      clock: this.#clock,
      block,
      master: names[master],
      name: `FPGA I2C, ${master}`,
      lock: this.#i2cLock,
    });
  }

  async #readFans(count: number): Promise<(number | null)[]> {
    const version = await this.block.read(VENDOR_FPGA.version);
    const rpm: (number | null)[] = Array.from({ length: count }, () => null);
    for (let read = 0; read < TACHO_READS_PER_FAN * count && rpm.includes(null); read++) {
      if (read > 0) await sleep(this.#clock, TACHO_POLL_MS);
      const speed = decodeFanSpeed(await this.block.read(VENDOR_FPGA.fanSpeed), version);
      if (speed.fan < count) rpm[speed.fan] = speed.rpm;
    }
    return rpm;
  }
}

export type FpgaI2cMaster = "hashboards" | "supply";

/**
 * Word for register 0x30: 27:26 master, 25 read, 24 a register byte is sent, 23:20 address bits 6:3, 19 single-byte read,
 * 18:16 address bits 2:0, 15:8 register, 7:0 data. Five words of public notes are reproduced in the tests.
 */
export function fpgaI2cWord(fields: {
  master: 0 | 1;
  address: number;
  /** Bytes to read: 0 = a write. */
  readBytes: 0 | 1 | 2;
  register: number | null;
  data: number;
}): number {
  const { master, address, readBytes, register, data } = fields;
  return (
    ((master << 26) |
      ((readBytes > 0 ? 1 : 0) << 25) |
      ((register === null ? 0 : 1) << 24) |
      ((address >> 3) << 20) |
      ((readBytes === 1 ? 1 : 0) << 19) |
      ((address & 7) << 16) |
      ((register ?? 0) << 8) |
      (data & 0xff)) >>>
    0
  );
}

const IDLE = 0x80000000;
const STATE_MASK = 0xc0000000;
const FINISHED = 0x80000000;
const POLL_MS = 5;
const POLLS_MAX = 601;
const AFTER_WRITE_MS = 10;

/**
 * The FPGA's I2C as a bus. It moves one byte a transaction, with or without a register in front, or reads two: what the
 * drivers of PIC, supply and sensors send in pieces anyway. A longer read counts the register up (EEPROMs). The block
 * tells no NACK: an absent device reads as whatever the lines say, so drivers must check what they read.
 */
export function createFpgaI2c(options: {
  clock: Clock;
  block: RegisterBlock;
  master: 0 | 1;
  name: string;
  lock: Mutex;
}): I2cBus {
  const engine = new FpgaI2c(options);
  return {
    name: options.name,
    transfer: (address, write, readLength) => options.lock.run(() => engine.transfer(address, write, readLength)),
  };
}

class FpgaI2c {
  readonly #options: { clock: Clock; block: RegisterBlock; master: 0 | 1; name: string };

  constructor(options: { clock: Clock; block: RegisterBlock; master: 0 | 1; name: string }) {
    this.#options = options;
  }

  async transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    const [first] = write;
    const register = first ?? null;
    const out = new Uint8Array(readLength);
    if (readLength === 2) {
      const word = await this.#one(address, 2, register, 0);
      out[0] = word >>> 8;
      out[1] = word;
    } else if (readLength > 0) {
      for (let i = 0; i < readLength; i++) {
        out[i] = await this.#one(address, 1, register === null ? null : (register + i) & 0xff, 0);
      }
    } else if (write.length === 1) {
      await this.#one(address, 0, null, first ?? 0);
    } else {
      // Register and data; more data bytes go to the registers behind it.
      for (let i = 1; i < write.length; i++) await this.#one(address, 0, ((first ?? 0) + i - 1) & 0xff, write[i] ?? 0);
    }
    return out;
  }

  async #one(address: number, readBytes: 0 | 1 | 2, register: number | null, data: number): Promise<number> {
    const { clock, block, master } = this.#options;
    await this.#wait(IDLE, IDLE, "the transfer before", address);
    await block.write(VENDOR_FPGA.i2c, fpgaI2cWord({ master, address, readBytes, register, data }));
    const word = await this.#wait(STATE_MASK, FINISHED, readBytes > 0 ? "a read" : "a write", address);
    if (readBytes === 0) await sleep(clock, AFTER_WRITE_MS);
    return word & (readBytes === 2 ? 0xffff : 0xff);
  }

  async #wait(mask: number, wanted: number, what: string, address: number): Promise<number> {
    const { clock, block, name } = this.#options;
    for (let poll = 0; poll < POLLS_MAX; poll++) {
      const word = await block.read(VENDOR_FPGA.i2c);
      if ((word & mask) >>> 0 === wanted) return word;
      await sleep(clock, POLL_MS);
    }
    const hex = `0x${address.toString(16).padStart(2, "0")}`;
    throw new KumpelError(
      "I2C_FAILED",
      `${name}: ${what} at address ${hex} did not end within ${(POLLS_MAX * POLL_MS) / 1000} s; power-cycle the control board`,
      { details: { address, bus: name } },
    );
  }
}
