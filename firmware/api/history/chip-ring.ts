/**
 * The last day of each chip of one chain in slots of five minutes, six bytes a chip and slot: 187 kB for 108 chips. The oldest
 * slot falls out; one that nobody wrote is a gap, never a zero.
 *
 * | bytes | figure | step | unknown |
 * | --- | --- | --- | --- |
 * | 2 | clock | 1/16 MHz | 0xffff |
 * | 2 | hardware errors | 0.01 % | 0xffff |
 * | 1 | nonces against the others | 1 %, at most 254 | 0xff |
 * | 1 | temperature | 1 C, from -60 on | 0xff |
 */
export const CHIP_PERIOD_MS = 300_000;
export const CHIP_SLOTS = 288;

const WIDE_UNKNOWN = 0xffff;
const NARROW_UNKNOWN = 0xff;
const CLOCK_STEPS = 16;
const ERROR_STEPS = 100;
const COLDEST_C = -60;

export interface ChipFigures {
  readonly frequencyMhz: number | null;
  readonly errorPct: number | null;
  readonly relativePct: number | null;
  readonly temperatureC: number | null;
}

export interface ChipSeries {
  /** Begin of each slot, wall clock; gaps are left out. */
  readonly timesMs: readonly number[];
  readonly frequencyMhz: readonly (number | null)[];
  readonly errorPct: readonly (number | null)[];
  readonly relativePct: readonly (number | null)[];
  readonly temperatureC: readonly (number | null)[];
}

export class ChipRing {
  readonly chips: number;
  /** Number of the slot that each place holds, counted from 1970; -1 = none. */
  readonly #numbers = new Float64Array(CHIP_SLOTS).fill(-1);
  readonly #clocks: Uint16Array;
  readonly #errors: Uint16Array;
  readonly #shares: Uint8Array;
  readonly #temperatures: Uint8Array;

  constructor(chips: number) {
    const count = chips * CHIP_SLOTS;
    this.chips = chips;
    this.#clocks = new Uint16Array(count);
    this.#errors = new Uint16Array(count);
    this.#shares = new Uint8Array(count);
    this.#temperatures = new Uint8Array(count);
  }

  get bytes(): number {
    const lists = [this.#clocks, this.#errors, this.#shares, this.#temperatures, this.#numbers];
    return lists.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** @param figures one a chip; those that are missing are unknown. */
  write(slot: number, figures: readonly ChipFigures[]): void {
    const place = slot % CHIP_SLOTS;
    this.#numbers[place] = slot;
    for (let chip = 0; chip < this.chips; chip++) {
      const at = place * this.chips + chip;
      const { frequencyMhz = null, errorPct = null, relativePct = null, temperatureC = null } = figures[chip] ?? {};
      this.#clocks[at] = packed(frequencyMhz, 0, CLOCK_STEPS, WIDE_UNKNOWN);
      this.#errors[at] = packed(errorPct, 0, ERROR_STEPS, WIDE_UNKNOWN);
      this.#shares[at] = packed(relativePct, 0, 1, NARROW_UNKNOWN);
      this.#temperatures[at] = packed(temperatureC, COLDEST_C, 1, NARROW_UNKNOWN);
    }
  }

  /** Slots up to `last`, in order. */
  read(chip: number, last: number): ChipSeries {
    const places: number[] = [];
    const timesMs: number[] = [];
    for (let slot = Math.max(0, last - CHIP_SLOTS + 1); slot <= last; slot++) {
      const place = slot % CHIP_SLOTS;
      if (this.#numbers[place] !== slot) continue;
      places.push(place * this.chips + chip);
      timesMs.push(slot * CHIP_PERIOD_MS);
    }
    return {
      timesMs,
      frequencyMhz: places.map((at) => unpacked(this.#clocks[at], 0, CLOCK_STEPS, WIDE_UNKNOWN)),
      errorPct: places.map((at) => unpacked(this.#errors[at], 0, ERROR_STEPS, WIDE_UNKNOWN)),
      relativePct: places.map((at) => unpacked(this.#shares[at], 0, 1, NARROW_UNKNOWN)),
      temperatureC: places.map((at) => unpacked(this.#temperatures[at], COLDEST_C, 1, NARROW_UNKNOWN)),
    };
  }
}

/** The nearest step that there is room for. */
function packed(value: number | null, from: number, steps: number, unknown: number): number {
  if (value === null) return unknown;
  return Math.min(unknown - 1, Math.max(0, Math.round((value - from) * steps)));
}

function unpacked(raw: number | undefined, from: number, steps: number, unknown: number): number | null {
  return raw === undefined || raw === unknown ? null : raw / steps + from;
}
