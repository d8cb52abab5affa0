/**
 * Hashboards of chips that take midstates: S9, the 17 series, S19 and S19 Pro, Bitaxe Max. Chip counts are documented; the
 * clocks of the 17 series and the S19 are the label's hashrate over three boards, nearest step, chosen for the emulator:
 * `frequency: "unconfirmed"` keeps them from real boards, where the EEPROM or the owner says it.
 */
import { type HashboardModel, type HashboardName, OUR_LIMITS, SINGLE_CHIP } from "./hashboard-model.ts";

export type MidstateBoardName = Extract<
  HashboardName,
  "s9" | "s17" | "s17plus" | "t17" | "s19" | "s19pro" | "bitaxe-max"
>;

/** These chips have no sweep length that firmware sets. */
const COMMON = {
  stockHcn: 0,
  stockFrequencyMhz: 0,
  temperatureLimits: OUR_LIMITS,
} as const;

const UNCONFIRMED = {
  geometry: "unconfirmed",
  frequency: "unconfirmed",
  sequence: "documented",
  temperatureLimits: "unconfirmed",
} as const;

/** @param interval a power of two, so that slices tile the nonce space. Domains of these boards are not known: one. */
function series17(
  model: "s17" | "s17plus" | "t17",
  label: string,
  chips: number,
  interval: number,
  frequencyMhz: number,
  workBaud: number,
): HashboardModel {
  return {
    ...COMMON,
    model,
    label,
    chip: "BM1397",
    chips,
    domains: 1,
    chipsPerDomain: chips,
    addressInterval: interval,
    initVariant: "bm1397",
    defaultFrequencyMhz: frequencyMhz,
    workBaud,
    confidence: UNCONFIRMED,
  };
}

const S19_PRO: HashboardModel = {
  ...COMMON,
  model: "s19pro",
  label: "Antminer S19 Pro",
  chip: "BM1398",
  chips: 114,
  domains: 38,
  chipsPerDomain: 3,
  addressInterval: 2,
  initVariant: "bm1398",
  defaultFrequencyMhz: 525,
  workBaud: 12_500_000,
  confidence: { ...UNCONFIRMED, geometry: "documented", frequency: "documented", sequence: "unconfirmed" },
};

export const MIDSTATE_BOARDS: Readonly<Record<MidstateBoardName, HashboardModel>> = {
  s9: {
    ...COMMON,
    model: "s9",
    label: "Antminer S9",
    chip: "BM1387",
    chips: 63,
    // Not confirmed, and nothing here rests on it.
    domains: 21,
    chipsPerDomain: 3,
    addressInterval: 4,
    initVariant: "bm1387-s9",
    defaultFrequencyMhz: 650,
    workBaud: 1_562_500,
    stockTicketDifficulty: 64,
    confidence: { ...UNCONFIRMED, frequency: "documented" },
  },
  // 152 bytes a work: 2,210 works/s are 3.4 Mbit/s, more than the 3.125 M that any source settles. The faster rates are
  // those that the chip's own notes name; how the vendor's FPGA makes them is not confirmed.
  s17: series17("s17", "Antminer S17", 48, 4, 580, 6_250_000),
  s17plus: series17("s17plus", "Antminer S17+", 65, 2, 557, 12_500_000),
  t17: series17("t17", "Antminer T17", 30, 8, 660, 3_125_000),
  s19: {
    ...S19_PRO,
    model: "s19",
    label: "Antminer S19",
    chips: 76,
    chipsPerDomain: 2,
    defaultFrequencyMhz: 670,
    confidence: { ...S19_PRO.confidence, frequency: "unconfirmed" },
  },
  s19pro: S19_PRO,
  "bitaxe-max": {
    ...SINGLE_CHIP,
    model: "bitaxe-max",
    label: "Bitaxe Max",
    chip: "BM1397",
    initVariant: "bm1397",
    defaultFrequencyMhz: 425,
    stockHcn: 0,
    stockFrequencyMhz: 0,
    workBaud: 1_562_500,
  },
};
