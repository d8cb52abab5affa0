/**
 * What differs between the start sequences of the boards, as data; `init-sequence.ts` puts it in order. Values of S21,
 * S19 XP and S19k Pro were captured on stock firmware; those of S19j Pro and S21 Pro are documented from captures of
 * others; the single-chip ones follow public hobby firmware.
 */
import type { RegisterName } from "./register-map.ts";
import { CORE_REGISTERS, coreWriteWord, type Provenance } from "./registers.ts";

export type InitVariantName =
  | "bm1362-s19jpro"
  | "bm1366-s19xp"
  | "bm1366-s19kpro"
  | "bm1366-single"
  | "bm1368-chain"
  | "bm1368-single"
  | "bm1370-s21pro"
  | "bm1370-s21xp"
  | "bm1370-single";

export interface RegisterWrite {
  readonly register: RegisterName;
  readonly value: number;
  readonly why?: string;
}

export interface InitVariant {
  readonly provenance: Provenance;
  /** How often 0xA4 goes out before the chips are counted, and after. */
  readonly versionRollingBefore: number;
  readonly versionRollingAfter: number;
  /** All chips, before they get addresses. */
  readonly beforeAddressing: readonly RegisterWrite[];
  /** All chips, after they got addresses. */
  readonly common: readonly RegisterWrite[];
  /** 0x58 of the last chip of each domain, or null. */
  readonly domainLastDriver: number | null;
  /** All chips, between the two groups of per-domain writes. */
  readonly betweenDomainWrites: readonly RegisterWrite[];
  /** Whether first and last chip of each domain relay the UART (0x2C). */
  readonly hasRelays: boolean;
  /** Word for 0x28, and the phase in which the rate changes; null: the rate stays. */
  readonly fastUart: { readonly value: number; readonly phase: "configure" | "startMining" } | null;
  /** Each chip by itself: soft reset, nonce reports on, core clocks, cores on. */
  readonly each: readonly RegisterWrite[];
  /** Phase of the `each` writes. */
  readonly eachPhase: "configure" | "startMining";
  /** Pause after the `each` writes of one chip. */
  readonly eachPauseMs: number;
  /** All chips, after the `each` writes. */
  readonly afterEach: readonly RegisterWrite[];
  /** Whether chips get an offset in the nonce space (0x0C). */
  readonly hasNonceOffsets: boolean;
}

const clockDelay = (value: number): RegisterWrite => ({
  register: "coreRegisterControl",
  value: coreWriteWord(CORE_REGISTERS.clockDelay, value),
});
const hashClock: RegisterWrite = {
  register: "coreRegisterControl",
  value: coreWriteWord(CORE_REGISTERS.hashClockControl, 0x40),
};
const clockSelect: RegisterWrite = {
  register: "coreRegisterControl",
  value: coreWriteWord(CORE_REGISTERS.clockSelect, 0x00),
};
const coreEnable: RegisterWrite = {
  register: "coreRegisterControl",
  value: coreWriteWord(CORE_REGISTERS.coreEnable, 0xaa),
  why: "un-gates the cores",
};
const ticket256: RegisterWrite = { register: "ticketMask", value: 0xff, why: "stock's difficulty 256" };
const analogMuxDefault: RegisterWrite = { register: "analogMux", value: 3 };
const driver = (value: number): RegisterWrite => ({ register: "ioDriverStrength", value });
const softReset = (value: number): RegisterWrite => ({ register: "softReset", value });
const misc = (value: number): RegisterWrite => ({ register: "miscControl", value });
const ringPad: RegisterWrite = { register: "ringOscillatorPad", value: 0x5aa55aa5 };

const FAST_3125K = { value: 0x01300000, phase: "configure" } as const;
/** Hobby firmware changes the rate last of all, to 1,041,667 baud. */
const FAST_HOBBY = { value: 0x11300200, phase: "startMining" } as const;

const BM1366_XP: InitVariant = {
  provenance: "captured",
  versionRollingBefore: 3,
  versionRollingAfter: 0,
  beforeAddressing: [softReset(0x00070000), misc(0xff0fc100)],
  common: [hashClock, clockDelay(0x20), ticket256, analogMuxDefault, driver(0x02111111)],
  domainLastDriver: 0x0211f111,
  betweenDomainWrites: [],
  hasRelays: true,
  fastUart: { value: 0x11300200, phase: "configure" },
  each: [softReset(0x000701f0), misc(0xf000c100), hashClock, clockDelay(0x20), coreEnable],
  eachPhase: "configure",
  eachPauseMs: 0,
  afterEach: [],
  hasNonceOffsets: false,
};

const BM1368_CHAIN: InitVariant = {
  provenance: "captured",
  versionRollingBefore: 2,
  versionRollingAfter: 1,
  beforeAddressing: [softReset(0x00070000), misc(0xff0fc100)],
  common: [clockSelect, clockDelay(0x18), ticket256, analogMuxDefault, driver(0x02111111)],
  domainLastDriver: 0x0211f111,
  betweenDomainWrites: [ringPad],
  hasRelays: true,
  fastUart: FAST_3125K,
  each: [softReset(0x000701f0), misc(0xf000c100), clockSelect, clockDelay(0x18), coreEnable],
  eachPhase: "configure",
  eachPauseMs: 0,
  afterEach: [],
  hasNonceOffsets: true,
};

function bm1370(provenance: Provenance, clockDelayValue: number): InitVariant {
  const delay = clockDelay(clockDelayValue);
  return {
    provenance,
    versionRollingBefore: 3,
    versionRollingAfter: 1,
    beforeAddressing: [softReset(0x00070000), misc(0xf000c100)],
    common: [clockSelect, delay, ticket256, driver(0x00011111)],
    domainLastDriver: 0x0001f111,
    betweenDomainWrites: [ringPad],
    hasRelays: true,
    fastUart: FAST_3125K,
    each: [softReset(0x000701f0), misc(0xf000c100), clockSelect, delay, coreEnable],
    eachPhase: "configure",
    eachPauseMs: 0,
    afterEach: [
      { register: "adcControl", value: 0x00004480 },
      { register: "analogMux", value: 2, why: "temperature diode to its pin" },
      { register: "adcControl", value: 0x00004480 },
      {
        register: "coreRegisterControl",
        value: coreWriteWord(CORE_REGISTERS.nonceOverflow, 0xee),
        why: "nonce overflow control on",
      },
    ],
    hasNonceOffsets: true,
  };
}

/** One chip needs no relays, no driver of a domain's end, no offset. */
function single(chain: InitVariant): InitVariant {
  return {
    ...chain,
    provenance: "documented",
    versionRollingBefore: 3,
    domainLastDriver: null,
    betweenDomainWrites: [],
    hasRelays: false,
    fastUart: FAST_HOBBY,
    hasNonceOffsets: false,
  };
}

export const INIT_VARIANTS: Readonly<Record<InitVariantName, InitVariant>> = {
  "bm1362-s19jpro": {
    provenance: "documented",
    versionRollingBefore: 1,
    versionRollingAfter: 2,
    beforeAddressing: [softReset(0x00000000), misc(0xb000c100)],
    common: [hashClock, clockDelay(0x08), ticket256, analogMuxDefault, driver(0x00011111)],
    domainLastDriver: null,
    betweenDomainWrites: [],
    hasRelays: false,
    fastUart: { value: 0x11300000, phase: "configure" },
    each: [softReset(0x00000002), misc(0xb000c100), hashClock, clockDelay(0x08), coreEnable],
    // This board ramps first and un-gates its cores at the working clock.
    eachPhase: "startMining",
    eachPauseMs: 10,
    afterEach: [],
    hasNonceOffsets: false,
  },
  "bm1366-s19xp": BM1366_XP,
  "bm1366-s19kpro": {
    ...BM1366_XP,
    versionRollingBefore: 1,
    versionRollingAfter: 2,
    common: [hashClock, clockDelay(0x20), ticket256, analogMuxDefault, driver(0x02114111)],
    domainLastDriver: null,
    fastUart: null,
  },
  "bm1366-single": single(BM1366_XP),
  "bm1368-chain": BM1368_CHAIN,
  "bm1368-single": single(BM1368_CHAIN),
  "bm1370-s21pro": bm1370("documented", 0x0c),
  "bm1370-s21xp": bm1370("documented", 0x10),
  "bm1370-single": single(bm1370("documented", 0x0c)),
};

export function isHeaderVariant(name: string): name is InitVariantName {
  return Object.hasOwn(INIT_VARIANTS, name);
}
