/**
 * One row per ASIC: identity, geometry, job ids and limits. Counts come from captures of stock machines where they could
 * be seen there (core numbers, ids, overrun), else from public drivers; see REFERENCE.md.
 */
import type { Provenance } from "./registers.ts";

export type ChipName = "BM1362" | "BM1366" | "BM1368" | "BM1370";

/** How a chain is told apart in the nonce space. */
export type NonceSplit =
  /** Bits 24:17 of the nonce are the chip's address. */
  | "address"
  /** Every chip starts at the offset of its register 0x0C. */
  | "offset";

export interface ChipRow {
  readonly chip: ChipName;
  /** Upper half of register 0x00. */
  readonly chipId: number;
  readonly cores: number;
  /** Engines of one core: so many versions are tried in one sweep. */
  readonly enginesPerCore: number;
  /** Engines that count in hashrate: cores x engines minus those that are dead by design. */
  readonly engines: number;
  /** Different job ids that come back in a nonce report. */
  readonly wireIdCount: number;
  /** Ids kept retired, so that a late nonce meets retired work instead of new work under the same id. */
  readonly retiredIdCount: number;
  /** Places by which the id byte of a report is shifted to give the wire id. */
  readonly wireIdShift: number;
  /** Low bits of the id byte of a report: the engine. */
  readonly engineMask: number;
  /** Places by which the excess byte is shifted to give whole bits above the ticket. */
  readonly excessShift: number;
  /** Ticks by which a sweep is longer than the hash counting number says. */
  readonly sweepOverrunTicks: number;
  readonly sweepOverrunProvenance: Provenance;
  readonly nonceSplit: NonceSplit;
  /** Header version bits that the chip rolls by itself, or that the midstates of a work hold. */
  readonly versionMask: number;
  /** Midstates of a work, or 0 where the chip takes the whole header. */
  readonly midstatesMax: 0 | 4;
  /** Nonces of one work that are kept for the duplicate check. */
  readonly noncesPerWork: number;
  readonly hasTemperature: boolean;
  readonly pll: PllLimits;
}

export interface PllLimits {
  readonly fbdivMin: number;
  readonly fbdivMax: number;
  readonly vcoMinMhz: number;
  readonly vcoMaxMhz: number;
  /** Stricter upper bound of the VCO with reference divider 1. */
  readonly vcoMaxRef1Mhz: number;
  readonly frequencyMinMhz: number;
  readonly frequencyMaxMhz: number;
}

/**
 * Divider and VCO range seen in captures (0xA0..0xF8, 2000..3100 MHz; 3200 documented). The frequency bounds are our
 * own: what the ramp starts below, and what no public board runs above.
 */
const PLL: PllLimits = {
  fbdivMin: 0xa0,
  fbdivMax: 0xf8,
  vcoMinMhz: 2000,
  vcoMaxMhz: 3200,
  vcoMaxRef1Mhz: 3125,
  frequencyMinMhz: 50,
  frequencyMaxMhz: 1000,
};

/** Bits 28:13, sixteen of them: the width of the mask in register 0xA4. */
const VERSION_MASK = 0x1fffe000;

/** A work lasts up to a second, in which a chain at the lowest ticket gives a thousand nonces. */
const WHOLE_HEADERS = { versionMask: VERSION_MASK, midstatesMax: 0, noncesPerWork: 1024 } as const;

/** Five id bits go out and come back (seen up to 0xF8 on BM1366). Half of the ring stays retired. */
const FIVE_BIT_IDS = { wireIdCount: 32, retiredIdCount: 16, wireIdShift: 3, engineMask: 0x07, excessShift: 0 } as const;

/**
 * Only four id bits come back: bits 7:4 of the report are bits 6:3 of the job byte. Stock firmware sends five and cannot
 * tell half of its jobs apart, so only 16 ids are used here. Six retired ones: chips were seen to answer for the job
 * before the newest at most, and drivers look back four.
 */
const FOUR_BIT_IDS = { wireIdCount: 16, retiredIdCount: 6, wireIdShift: 4, engineMask: 0x0f, excessShift: 1 } as const;

export const CHIPS: Readonly<Record<ChipName, ChipRow>> = {
  BM1362: {
    chip: "BM1362",
    chipId: 0x1362,
    cores: 65,
    enginesPerCore: 8,
    // Not 65 x 8: some engines of the last core are dead by design. Public drivers count 512 or 514.
    engines: 514,
    ...FIVE_BIT_IDS,
    // Not measured on this chip; that of its sibling BM1366.
    sweepOverrunTicks: 66,
    sweepOverrunProvenance: "unconfirmed",
    nonceSplit: "address",
    ...WHOLE_HEADERS,
    hasTemperature: false,
    pll: PLL,
  },
  BM1366: {
    chip: "BM1366",
    chipId: 0x1366,
    cores: 112,
    enginesPerCore: 8,
    engines: 894,
    ...FIVE_BIT_IDS,
    // Ceiling of the counters in two captures.
    sweepOverrunTicks: 66,
    sweepOverrunProvenance: "captured",
    nonceSplit: "address",
    ...WHOLE_HEADERS,
    hasTemperature: false,
    pll: PLL,
  },
  BM1368: {
    chip: "BM1368",
    chipId: 0x1368,
    cores: 80,
    enginesPerCore: 16,
    engines: 1276,
    ...FOUR_BIT_IDS,
    // Ceiling of the counters in the S21 capture.
    sweepOverrunTicks: 133,
    sweepOverrunProvenance: "captured",
    nonceSplit: "offset",
    ...WHOLE_HEADERS,
    hasTemperature: true,
    pll: PLL,
  },
  BM1370: {
    chip: "BM1370",
    chipId: 0x1370,
    cores: 128,
    enginesPerCore: 16,
    engines: 2040,
    ...FOUR_BIT_IDS,
    // Measured values differ, 110 to 134: the largest, so that a sweep is never longer than its slice.
    sweepOverrunTicks: 134,
    sweepOverrunProvenance: "documented",
    nonceSplit: "offset",
    ...WHOLE_HEADERS,
    hasTemperature: false,
    pll: PLL,
  },
};

/** Row of the chip whose register 0x00 begins with `chipId`, or null. */
export function chipById(chipId: number): ChipRow | null {
  return Object.values(CHIPS).find((row) => row.chipId === chipId) ?? null;
}
