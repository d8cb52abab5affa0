/**
 * What differs between the start sequences of chips that take midstates, as data; `midstate-sequence.ts` puts it in order.
 * Pauses follow each write, as public drivers have them.
 */
import type { RegisterName } from "./register-map.ts";
import { CORE_REGISTERS, coreWriteWord, type Provenance } from "./registers.ts";

export type MidstateVariantName = "bm1387-s9" | "bm1397" | "bm1398";

export interface PacedWrite {
  readonly register: RegisterName;
  readonly value: number;
  readonly pauseMs: number;
  readonly why?: string;
}

export interface MidstateVariant {
  readonly provenance: Provenance;
  /** Chain inactive is sent so often, each followed by the pause. */
  readonly inactiveCount: number;
  readonly inactivePauseMs: number;
  readonly addressPauseMs: number;
  /** All chips, before they get addresses. */
  readonly beforeAddressing: readonly PacedWrite[];
  /** All chips, before the rate changes. */
  readonly common: readonly PacedWrite[];
  /** Writes that take the chips to a rate; the last one switches. */
  readonly baudWrites: (baud: number) => readonly PacedWrite[];
  /** All chips, after the rate changed. */
  readonly afterBaud: readonly PacedWrite[];
  /** False: one write of the hash clock, since the cores are still gated. */
  readonly hasRamp: boolean;
  /** All chips, at the working clock. */
  readonly atClock: readonly PacedWrite[];
}

const CHIP_CLOCK_HZ = 25_000_000;
/** PLL3 at 2.8 GHz over 7, as register 0x28 divides it. */
const FAST_CLOCK_HZ = 400_000_000;
const SLOW_CLOCK_BAUD_MAX = 3_125_000;

function baudDivider(clockHz: number, baud: number): number {
  return Math.round(clockHz / (8 * baud)) - 1;
}

/** Misc control of BM1397: divider bits 12:8 and 27:24, clock in bit 16; the rest as drivers write it (0x00006131). */
export function bm1397MiscControl(baud: number): number {
  const isFast = baud > SLOW_CLOCK_BAUD_MAX;
  const divider = baudDivider(isFast ? FAST_CLOCK_HZ : CHIP_CLOCK_HZ, baud);
  return (0x6031 | ((divider & 0x1f) << 8) | ((divider >> 5) << 24) | (isFast ? 1 << 16 : 0)) >>> 0;
}

/** Misc control of BM1387 as public S9 firmware writes it: inverted clock, gate block, several midstates. */
export function bm1387MiscControl(baud: number): number {
  return (0x00208080 | (baudDivider(CHIP_CLOCK_HZ, baud) << 8)) >>> 0;
}

const core = (coreRegister: number, value: number, pauseMs: number, why?: string): PacedWrite => {
  const write = { register: "coreRegisterControl", value: coreWriteWord(coreRegister, value), pauseMs } as const;
  return why === undefined ? write : { ...write, why };
};

const FAST_CLOCK: readonly PacedWrite[] = [
  { register: "pll3", value: 0xc0700111, pauseMs: 50, why: "2.8 GHz for rates above 3.125 Mbaud" },
  { register: "pll3", value: 0xc0700111, pauseMs: 50 },
  { register: "fastUart", value: 0x0600000f, pauseMs: 100 },
];

const BM1387_S9: MidstateVariant = {
  provenance: "documented",
  inactiveCount: 3,
  inactivePauseMs: 100,
  addressPauseMs: 5,
  beforeAddressing: [],
  common: [],
  // Not to be read back while the rate changes: the bits that come back are not those that were written.
  baudWrites: (baud) => [{ register: "miscControl", value: bm1387MiscControl(baud), pauseMs: 0 }],
  afterBaud: [],
  hasRamp: false,
  atClock: [],
};

const BM1397: MidstateVariant = {
  provenance: "captured",
  inactiveCount: 3,
  inactivePauseMs: 100,
  addressPauseMs: 10,
  beforeAddressing: [],
  common: [
    { register: "clockOrder0", value: 0, pauseMs: 10 },
    { register: "clockOrder1", value: 0, pauseMs: 100 },
    { register: "orderedClockEnable", value: 1, pauseMs: 50 },
    core(CORE_REGISTERS.clockDelay, 0x74, 100, "several midstates"),
    { register: "ticketMask", value: 0xff, pauseMs: 20, why: "difficulty 256" },
  ],
  baudWrites: (baud) => [...FAST_CLOCK, { register: "miscControl", value: bm1397MiscControl(baud), pauseMs: 0 }],
  afterBaud: [
    { register: "pll0UserDivider", value: 0x0f0f0f00, pauseMs: 10, why: "the hash clock is not divided again" },
    { register: "pll0UserDivider", value: 0x0f0f0f00, pauseMs: 10 },
  ],
  hasRamp: true,
  atClock: [],
};

/** Order and values from strings of stock S19 Pro firmware; nobody ever saw a nonce come out of it. */
const BM1398: MidstateVariant = {
  provenance: "unconfirmed",
  inactiveCount: 1,
  inactivePauseMs: 10,
  addressPauseMs: 10,
  beforeAddressing: [
    { register: "miscControl", value: 0x0000ba01, pauseMs: 10 },
    { register: "unknown34", value: 0xf0, pauseMs: 10 },
    { register: "miscControl", value: 0x0040ba01, pauseMs: 10 },
    { register: "miscControl", value: 0xf000ba01, pauseMs: 10 },
    { register: "miscControl", value: 0xf000ba05, pauseMs: 10 },
    { register: "unknown34", value: 0xf8, pauseMs: 10 },
    { register: "ticketMask", value: 0xff, pauseMs: 10 },
    { register: "analogMux", value: 3, pauseMs: 10 },
  ],
  common: [
    core(5, 0x1f, 10),
    { register: "coreRegisterControl", value: 0x80000600, pauseMs: 10 },
    core(7, 0x10, 10, "pulse mode 1, clock 0"),
    // Stock's strings name pulse width 1 and delay 1; that the bits lie where BM1397 has them is a guess.
    core(CORE_REGISTERS.clockDelay, 0x54, 10, "several midstates"),
    { register: "ioDriverStrength", value: 0x02111111, pauseMs: 10, why: "clock output strength 1" },
    { register: "pll0UserDivider", value: 0, pauseMs: 10 },
  ],
  baudWrites: (baud) => [...FAST_CLOCK, { register: "miscControl", value: bm1398MiscControl(baud), pauseMs: 0 }],
  afterBaud: [],
  hasRamp: true,
  atClock: [
    { register: "softReset", value: 0x1f0, pauseMs: 100, why: "core reset pass" },
    core(7, 0x10, 10),
    core(CORE_REGISTERS.coreEnable, 0xaa, 100, "un-gates the cores"),
    core(CORE_REGISTERS.nonceOverflow, 0x15, 10),
  ],
};

/** The reset pass wants bits 31:28 set; the divider is taken to lie where BM1397 has it. */
function bm1398MiscControl(baud: number): number {
  return (bm1397MiscControl(baud) | 0xf0000000) >>> 0;
}

export const MIDSTATE_VARIANTS: Readonly<Record<MidstateVariantName, MidstateVariant>> = {
  "bm1387-s9": BM1387_S9,
  bm1397: BM1397,
  bm1398: BM1398,
};

export function isMidstateVariant(name: string): name is MidstateVariantName {
  return Object.hasOwn(MIDSTATE_VARIANTS, name);
}
