/**
 * One ASIC as the wire sees it: address, registers, and which of them let it hash. Searching nonces is the business of
 * `nonce-source.ts`, since all chips of a chain work on the same job.
 */
import type { ChipFacts } from "./chip-facts.ts";
import { PLL_LOCKED, pllFrequencyMhz } from "./pll.ts";

export const REGISTER = {
  chipId: 0x00,
  pll0: 0x08,
  nonceOffset: 0x0c,
  hashCountingNumber: 0x10,
  ticketMask: 0x14,
  miscControl: 0x18,
  fastUart: 0x28,
  coreControl: 0x3c,
  coreValue: 0x40,
  errorFlags: 0x48,
  pll1: 0x60,
  pll2: 0x64,
  pll3: 0x68,
  pll0UserDivider: 0x70,
  versionRolling: 0xa4,
  dieTemperatureControl: 0xb0,
  dieTemperature: 0xb4,
} as const;

/** Broadcast to all cores: core register 2 = 0xAA. Without it no core of a chip works (all captured sequences). */
const CORE_ENABLE = 0x800082aa;
/** Both bits make replies 11 bytes long and let the chip roll versions. */
const ROLLING_ENABLE = 0x90000000;
/** Captured S21 order; the result is valid after the third write and not after any other. */
const DIE_TEMPERATURE_STEPS = [0x00020000, 0x01020000, 0x10020000] as const;
const DIE_TEMPERATURE_STOP = 0x80000000;
/** degC = code x 0.171342 - 299.5144 (stated, plausible on the captured log). */
const DIE_TEMPERATURE_SLOPE_C = 0.171342;
const DIE_TEMPERATURE_OFFSET_C = -299.5144;
const VALID = 0x80000000;
/** A chip counts its nonces over 25 bits: the whole window of one core. */
export const WINDOW_SIZE = 2 ** 25;
const CORE_READ_BIT = 1 << 15;

export class ChipModel {
  readonly facts: ChipFacts;
  readonly index: number;
  address = 0;
  isWaitingForAddress = false;
  /** Set by the owner's physics; what register 0xB4 measures. */
  dieTemperatureC = 25;
  readonly #registers = new Uint32Array(256);
  #coresEnabled = false;
  #dieTemperatureStep = 0;

  constructor(facts: ChipFacts, index: number) {
    this.facts = facts;
    this.index = index;
    this.#clear();
  }

  /** Reset pin low, or power gone. */
  reset(): void {
    this.#clear();
  }

  /** A register as it was written; `read` is what the wire shows. */
  register(register: number): number {
    return this.#registers[register]!;
  }

  write(register: number, value: number): void {
    if (register === REGISTER.chipId) return;
    this.#registers[register] = value;
    if (register === REGISTER.coreControl && value === CORE_ENABLE) this.#coresEnabled = true;
    if (register === REGISTER.dieTemperatureControl) this.#stepDieTemperature(value);
  }

  /** Unknown registers read what was written, or 0 (what real ones do is unknown). */
  read(register: number): number {
    const value = this.#registers[register]!;
    switch (register) {
      case REGISTER.chipId:
        return (this.facts.idWord | this.address) >>> 0;
      case REGISTER.pll0:
      case REGISTER.pll1:
      case REGISTER.pll2:
        return value === 0 ? 0 : (value | PLL_LOCKED) >>> 0;
      case REGISTER.dieTemperature:
        return this.#dieTemperatureWord();
      default:
        return value;
    }
  }

  /** Answer to a core register read through 0x3C, sent unasked as register 0x40; null when `value` was a write. */
  coreValueReply(value: number): number | null {
    if ((value & CORE_READ_BIT) !== 0) return null;
    return ((value & 0x01ff0000) | (1 << 8)) >>> 0;
  }

  /** One bit more in the upper (command) or next (work) byte of the error flags; both stop at 255. */
  countError(kind: "command" | "work"): void {
    const shift = kind === "command" ? 24 : 16;
    const flags = this.#registers[REGISTER.errorFlags]!;
    if (((flags >>> shift) & 0xff) < 0xff) this.#registers[REGISTER.errorFlags] = flags + 2 ** shift;
  }

  /** BT8D in bits 15:8 divides 25 MHz; the PLL1 source (bit 26) is in no capture and not modelled. */
  get baud(): number {
    return 25e6 / (8 * (((this.#registers[REGISTER.fastUart]! >>> 8) & 0xff) + 1));
  }

  get hasLongReplies(): boolean {
    return (this.#registers[REGISTER.versionRolling]! & ROLLING_ENABLE) >>> 0 === ROLLING_ENABLE;
  }

  /** Which bits of the roll counter reach the version; none before rolling is enabled. */
  get rollMask(): number {
    return this.hasLongReplies ? this.#registers[REGISTER.versionRolling]! & 0xffff : 0;
  }

  get frequencyMhz(): number {
    const divider = (this.#registers[REGISTER.pll0UserDivider]! & 0x0f) + 1;
    return pllFrequencyMhz(this.#registers[REGISTER.pll0]!) / divider;
  }

  /** Cores that hash and may report, in quarters of the array: 0 none .. 15 all. */
  reportQuarters(isStrict: boolean): number {
    if (!isStrict) return 0x0f;
    const quarters = this.#registers[REGISTER.miscControl]! >>> 28;
    if (!this.#coresEnabled || quarters === 0) return 0;
    return this.facts.hasReportQuarters ? quarters : 0x0f;
  }

  get areCoresEnabled(): boolean {
    return this.#coresEnabled;
  }

  /** Length of one sweep in milliseconds: the counter runs at 12.5 MHz, or a hash a clock over the whole window. */
  sweepMs(): number {
    const hcn = this.#registers[REGISTER.hashCountingNumber]!;
    if (hcn === 0) return WINDOW_SIZE / (this.frequencyMhz * 1000);
    return (hcn + this.facts.sweepOverrunTicks) / 12_500;
  }

  /** Nonces that each core tries in a sweep. */
  sweepNonces(): number {
    return Math.max(1, Math.min(WINDOW_SIZE, Math.floor(this.sweepMs() * this.frequencyMhz * 1000)));
  }

  /** Where this chip starts inside each core's window. With HCN 0 every chip starts at 0 (captured on BM1368). */
  windowStart(): number {
    if (this.#registers[REGISTER.hashCountingNumber] === 0) return 0;
    if (this.facts.windowSplit === "address") return (this.address >> 1) << 18;
    const offset = this.#registers[REGISTER.nonceOffset]!;
    return (offset & VALID) === 0 ? 0 : (offset & 0xffff) << 9;
  }

  #clear(): void {
    this.address = 0;
    this.isWaitingForAddress = false;
    this.#coresEnabled = false;
    this.#dieTemperatureStep = 0;
    this.#registers.fill(0);
    for (const [register, value] of this.facts.resetValues) this.#registers[register] = value;
  }

  #stepDieTemperature(value: number): void {
    if (value === DIE_TEMPERATURE_STOP) this.#dieTemperatureStep = 0;
    else if (value === DIE_TEMPERATURE_STEPS[0]) this.#dieTemperatureStep = 1;
    else if (value === DIE_TEMPERATURE_STEPS[this.#dieTemperatureStep]) this.#dieTemperatureStep++;
    else this.#dieTemperatureStep = 0;
  }

  #dieTemperatureWord(): number {
    if (!this.facts.hasDieTemperature || this.#dieTemperatureStep < DIE_TEMPERATURE_STEPS.length) return 0;
    const code = Math.round((this.dieTemperatureC - DIE_TEMPERATURE_OFFSET_C) / DIE_TEMPERATURE_SLOPE_C);
    return (VALID | Math.max(0, Math.min(0xffff, code))) >>> 0;
  }
}
