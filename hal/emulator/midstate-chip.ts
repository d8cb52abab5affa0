/** One chip that is fed with midstates, as the wire sees it: what differs from later chips. */
import type { ChipFacts } from "./chip-facts.ts";
import { ChipModel } from "./chip-model.ts";
import type { MidstateFacts } from "./midstate-facts.ts";
import { PLL_LOCKED, pllFrequencyMhz } from "./pll.ts";

const CRYSTAL_HZ = 25e6;
/** Core register 0 written to all cores through 0x3C; its bit 2 lets a core take several midstates. */
const CORE_CONTROL = 0x3c;
const CORE_REGISTER_0 = 0x80008000;
const SEVERAL_MIDSTATES = 1 << 2;
/** The same switch of BM1387, and the bit that keeps the rate as it is. */
const BM1387_SEVERAL_MIDSTATES = 1 << 7;
const BM1387_KEEP_RATE = 1 << 30;
const I2C_START = 0x01000000;
const I2C_BUSY = 0x80000000;

/** A device on a chip's own little bus. */
export interface ChipI2cDevice {
  /** 7-bit address. */
  readonly address: number;
  read(register: number): number;
  write(register: number, value: number): void;
}

export class MidstateChip extends ChipModel {
  readonly wire: MidstateFacts;
  /** What hangs on the chip's I2C master, if anything. */
  i2cDevice: ChipI2cDevice | null = null;
  #openCores = 0;
  #baudDivider = 26;
  #takesSeveral = false;
  #i2cBusyReads = 0;

  constructor(facts: ChipFacts, wire: MidstateFacts, index: number) {
    super(facts, index);
    this.wire = wire;
  }

  /** Cores that hash; they open in the order of their numbers. */
  openCores(isStrict: boolean): number {
    return isStrict && this.wire.isOpenedByWork ? this.#openCores : this.facts.coreCount;
  }

  /** Midstates of a job that the cores look at. */
  takenMidstates(count: number): number {
    return this.#takesSeveral ? count : Math.min(1, count);
  }

  openNextCore(): void {
    this.#openCores = Math.min(this.facts.coreCount, this.#openCores + 1);
  }

  override reset(): void {
    super.reset();
    this.#openCores = 0;
    this.#baudDivider = 26;
    this.#takesSeveral = false;
    this.#i2cBusyReads = 0;
  }

  override write(register: number, value: number): void {
    super.write(register, value);
    const { miscControl, i2c } = this.wire.registers;
    if (register === miscControl) this.#writeMisc(value);
    else if (register === i2c) this.#writeI2c(value);
    else if (register === CORE_CONTROL && this.wire.replyBytes === 9 && (value & 0xffffff00) >>> 0 === CORE_REGISTER_0)
      this.#takesSeveral = (value & SEVERAL_MIDSTATES) !== 0;
  }

  override read(register: number): number {
    const { pll, pll3, i2c } = this.wire.registers;
    if (register === 0) return super.read(0);
    const value = this.register(register);
    if (register === i2c && this.#i2cBusyReads > 0) {
      this.#i2cBusyReads--;
      return (value | I2C_BUSY) >>> 0;
    }
    return (register === pll || register === pll3) && value !== 0 ? (value | PLL_LOCKED) >>> 0 : value;
  }

  override get hasLongReplies(): boolean {
    return false;
  }

  override get areCoresEnabled(): boolean {
    return !this.wire.isOpenedByWork || this.#openCores > 0;
  }

  override get baud(): number {
    return this.#uartClockHz() / (8 * (this.#baudDivider + 1));
  }

  override get frequencyMhz(): number {
    const { pll, userDivider } = this.wire.registers;
    const divider = userDivider === null ? 1 : (this.register(userDivider) & 0x0f) + 1;
    return clockMhz(this.wire.clockWord, this.register(pll)) / divider;
  }

  /** Register 0x48 counts errors on later chips; BM1387 is not known to have it. */
  override countError(kind: "command" | "work"): void {
    if (this.wire.replyBytes === 9) super.countError(kind);
  }

  #uartClockHz(): number {
    const { pll3, fastUart, miscControl } = this.wire.registers;
    if (pll3 === null || fastUart === null || (this.register(miscControl) & (1 << 16)) === 0) return CRYSTAL_HZ;
    const fast = clockMhz("plain", this.register(pll3)) * 1e6;
    return fast / (((this.register(fastUart) >>> 24) & 0x0f) + 1);
  }

  #writeMisc(value: number): void {
    if (this.wire.replyBytes === 7) {
      if ((value & BM1387_KEEP_RATE) === 0) this.#baudDivider = (value >>> 8) & 0x1f;
      this.#takesSeveral = (value & BM1387_SEVERAL_MIDSTATES) !== 0;
      return;
    }
    this.#baudDivider = ((value >>> 8) & 0x1f) | (((value >>> 24) & 0x0f) << 5);
  }

  /** Device and register are echoed beside the data byte, after a read or two in which the master is busy. */
  #writeI2c(value: number): void {
    if ((value & I2C_START) === 0) return;
    const is7 = this.wire.replyBytes === 7;
    const address = (value >>> 17) & 0x7f;
    const isWrite = ((value >>> 16) & 1) === 1;
    const register = (value >>> 8) & 0xff;
    this.#i2cBusyReads = is7 ? 2 : 1;
    const device = this.i2cDevice;
    if (device === null || device.address !== address || !this.#isI2cLed()) return;
    if (isWrite) device.write(register, value & 0xff);
    else super.write(this.wire.registers.i2c, ((value & 0xffffff00) | (device.read(register) & 0xff)) >>> 0);
  }

  /** RFS = 1 and TFS = 3 lead the master to its pins. */
  #isI2cLed(): boolean {
    const misc = this.register(this.wire.registers.miscControl);
    const tfs = this.wire.replyBytes === 7 ? (misc >>> 5) & 3 : (misc >>> 4) & 7;
    return (misc & (1 << 14)) !== 0 && tfs === 3;
  }
}

function clockMhz(form: MidstateFacts["clockWord"], word: number): number {
  if (form === "minusOne") return pllFrequencyMhz(word);
  if (form === "plain" && (word & 0x40000000) === 0) return 0;
  const isBare = form === "bare";
  const feedback = (word >>> 16) & (isBare ? 0xff : 0xfff);
  const reference = (word >>> 8) & (isBare ? 0x0f : 0x3f);
  const post1 = (word >>> 4) & (isBare ? 0x0f : 7);
  const post2 = word & (isBare ? 0x0f : 7);
  const divider = reference * post1 * post2;
  return divider === 0 ? 0 : (25 * feedback) / divider;
}
