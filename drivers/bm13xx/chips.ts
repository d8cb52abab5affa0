/**
 * One row per ASIC: identity, geometry, job ids and limits. Counts come from captures of stock machines where they could
 * be seen there (core numbers, ids, overrun), else from public drivers; see REFERENCE.md.
 */
import { COMMAND_FORMATS, type CommandFormat } from "./commands.ts";
import { PLL_WORDS, type PllLimits } from "./pll.ts";
import { REGISTER_MAPS, type RegisterMap } from "./register-map.ts";
import type { Provenance } from "./registers.ts";

export type ChipName = "BM1387" | "BM1397" | "BM1398" | "BM1362" | "BM1366" | "BM1368" | "BM1370";

/** How a chain is told apart in the nonce space; bits of the nonce bytes read big-endian. */
export type NonceSplit =
  /** Bits 24:17 are the chip's address. */
  | "address"
  /** Every chip starts at the offset of its register 0x0C. */
  | "offset"
  /** BM1397: bits 21:14 are the chip's address. */
  | "addressLow"
  /** BM1387: the first byte is the chip's address. */
  | "addressFirst";

/** What chips need that take midstates. */
export interface MidstateRow {
  /** Numbers that the core field of the nonce can take, live cores or not: so much the space is split. */
  readonly coreSlots: 128 | 256;
  /** Midstates that are worked on side by side; more follow one another. */
  readonly parallel: 1 | 4;
  /** Part of the nonce space after which the next work should begin. */
  readonly workTimeShare: number;
  /** Works that un-gate the cores, one core of every chip each; 0 where a register does it. */
  readonly openCoreWorks: number;
  /** Nonces, as big-endian words, that those works are known to have. */
  readonly openCoreNonceWords: readonly number[];
}

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
  readonly commands: CommandFormat;
  readonly registers: RegisterMap;
  /** Bytes of a reply once the start sequence has run; 7 means without preamble, chip address and register number. */
  readonly replyBytes: 7 | 9 | 11;
  /** Null on chips that take whole headers. */
  readonly midstate: MidstateRow | null;
  /** Why nobody should mine with this chip without having agreed to it, or null. */
  readonly experimental: string | null;
}

/**
 * Divider and VCO range seen in captures (0xA0..0xF8, 2000..3100 MHz; 3200 documented). The frequency bounds are our
 * own: what the ramp starts below, and what no public board runs above.
 */
const PLL: PllLimits = {
  word: PLL_WORDS.minusOne,
  refdivMin: 1,
  usualPosts: [],
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
const WHOLE_HEADERS = {
  versionMask: VERSION_MASK,
  midstatesMax: 0,
  noncesPerWork: 1024,
  commands: COMMAND_FORMATS.bm1397,
  registers: REGISTER_MAPS.bm1362,
  replyBytes: 11,
  midstate: null,
  experimental: null,
} as const;

/**
 * Seven id bits go out, the chip adds the number of the midstate, so a work takes four ids. It lasts milliseconds: a
 * chain at 1,000 nonces/s finds three in the longest. The rows of a full-header chip's sweep do not apply.
 */
const MIDSTATES = {
  wireIdCount: 32,
  retiredIdCount: 16,
  wireIdShift: 2,
  engineMask: 0x03,
  excessShift: 0,
  sweepOverrunTicks: 0,
  sweepOverrunProvenance: "unconfirmed",
  versionMask: VERSION_MASK,
  midstatesMax: 4,
  noncesPerWork: 16,
  hasTemperature: false,
  experimental: null,
} as const;

/** Stock S9 table: VCO 400..1600 MHz, reference divider always 2, 100 to 1175 MHz. */
const PLL_BM1387: PllLimits = {
  word: PLL_WORDS.bm1387,
  refdivMin: 2,
  usualPosts: [
    { fromMhz: 100, postdiv1: 4, postdiv2: 1 },
    { fromMhz: 400, postdiv1: 2, postdiv2: 1 },
  ],
  fbdivMin: 32,
  fbdivMax: 128,
  vcoMinMhz: 400,
  vcoMaxMhz: 1600,
  vcoMaxRef1Mhz: 0,
  frequencyMinMhz: 100,
  frequencyMaxMhz: 1175,
};

/** VCO range of a stock T17; dividers that other drivers use as well. A hobby driver runs far slower VCOs. */
const PLL_BM1397: PllLimits = {
  ...PLL,
  word: PLL_WORDS.plain,
  fbdivMin: 80,
  fbdivMax: 240,
  vcoMaxRef1Mhz: 3200,
};

const BM1397_REGISTERS = { commands: COMMAND_FORMATS.bm1397, registers: REGISTER_MAPS.bm1397, replyBytes: 9 } as const;
/** Four engines of a core, one for each midstate. The facts give the whole of the space as the time of a work. */
const BM1397_WORK: MidstateRow = {
  coreSlots: 256,
  parallel: 4,
  workTimeShare: 1,
  openCoreWorks: 0,
  openCoreNonceWords: [],
};

/** Five id bits go out and come back (seen up to 0xF8 on BM1366). Half of the ring stays retired. */
const FIVE_BIT_IDS = { wireIdCount: 32, retiredIdCount: 16, wireIdShift: 3, engineMask: 0x07, excessShift: 0 } as const;

/**
 * Only four id bits come back: bits 7:4 of the report are bits 6:3 of the job byte. Stock firmware sends five and cannot
 * tell half of its jobs apart, so only 16 ids are used here. Six retired ones: chips were seen to answer for the job
 * before the newest at most, and drivers look back four.
 */
const FOUR_BIT_IDS = { wireIdCount: 16, retiredIdCount: 6, wireIdShift: 4, engineMask: 0x0f, excessShift: 1 } as const;

export const CHIPS: Readonly<Record<ChipName, ChipRow>> = {
  BM1387: {
    ...MIDSTATES,
    chip: "BM1387",
    chipId: 0x1387,
    cores: 114,
    enginesPerCore: 1,
    engines: 114,
    nonceSplit: "addressFirst",
    pll: PLL_BM1387,
    commands: COMMAND_FORMATS.bm1387,
    registers: REGISTER_MAPS.bm1387,
    replyBytes: 7,
    midstate: {
      coreSlots: 128,
      // Public S9 firmware reckons 2^19 nonces for each midstate, one after the other.
      parallel: 1,
      workTimeShare: 0.9,
      openCoreWorks: 114,
      openCoreNonceWords: [0x7203ea83, 0xe16bf809],
    },
  },
  BM1397: {
    ...MIDSTATES,
    ...BM1397_REGISTERS,
    chip: "BM1397",
    chipId: 0x1397,
    cores: 168,
    enginesPerCore: 4,
    engines: 672,
    nonceSplit: "addressLow",
    pll: PLL_BM1397,
    midstate: BM1397_WORK,
  },
  BM1398: {
    ...MIDSTATES,
    ...BM1397_REGISTERS,
    chip: "BM1398",
    chipId: 0x1398,
    // Sources disagree (80 cores of 8 engines; 623 in a factory log). 114 chips x 623 x 525 MHz is the label's hashrate.
    cores: 156,
    enginesPerCore: 4,
    engines: 623,
    // Everything from here on is taken over from BM1397.
    nonceSplit: "addressLow",
    pll: PLL,
    midstate: BM1397_WORK,
    experimental:
      "no public driver ever received a nonce from a BM1398: core geometry, nonce layout, clock word and start sequence " +
      "are guesses",
  },
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
