/** One row per hashboard; those of chips that take whole headers stand here. */
import {
  ENUMERATION_BAUD,
  type HashboardModel,
  type HashboardName,
  OUR_LIMITS,
  SINGLE_CHIP,
} from "./hashboard-model.ts";
import { MIDSTATE_BOARDS } from "./midstate-boards.ts";

export type { HashboardModel, HashboardName } from "./hashboard-model.ts";

const S21: HashboardModel = {
  model: "s21",
  label: "Antminer S21",
  chip: "BM1368",
  chips: 108,
  domains: 12,
  chipsPerDomain: 9,
  addressInterval: 2,
  initVariant: "bm1368-chain",
  defaultFrequencyMhz: 466.667,
  stockHcn: 0x15a4,
  stockFrequencyMhz: 466.667,
  workBaud: 3_125_000,
  temperatureLimits: OUR_LIMITS,
  confidence: {
    geometry: "captured",
    frequency: "captured",
    sequence: "captured",
    temperatureLimits: "unconfirmed",
  },
};

const S19_XP: HashboardModel = {
  model: "s19xp",
  label: "Antminer S19 XP",
  chip: "BM1366",
  chips: 110,
  domains: 11,
  chipsPerDomain: 10,
  addressInterval: 2,
  initVariant: "bm1366-s19xp",
  defaultFrequencyMhz: 485,
  stockHcn: 0x151c,
  stockFrequencyMhz: 485,
  workBaud: 1_041_667,
  temperatureLimits: OUR_LIMITS,
  confidence: {
    geometry: "captured",
    frequency: "captured",
    sequence: "captured",
    temperatureLimits: "unconfirmed",
  },
};

const S21_PRO: HashboardModel = {
  model: "s21pro",
  label: "Antminer S21 Pro",
  chip: "BM1370",
  chips: 65,
  domains: 13,
  chipsPerDomain: 5,
  addressInterval: 2,
  initVariant: "bm1370-s21pro",
  defaultFrequencyMhz: 600,
  stockHcn: 0x1eb5,
  stockFrequencyMhz: 600,
  workBaud: 3_125_000,
  temperatureLimits: OUR_LIMITS,
  confidence: {
    geometry: "documented",
    frequency: "documented",
    sequence: "documented",
    temperatureLimits: "unconfirmed",
  },
};

export const HASHBOARDS: Readonly<Record<HashboardName, HashboardModel>> = {
  ...MIDSTATE_BOARDS,
  s21: S21,
  t21: {
    ...S21,
    model: "t21",
    label: "Antminer T21",
    // The label's hashrate over three boards; the true clock and the domains are unknown.
    defaultFrequencyMhz: 460,
    confidence: { ...S21.confidence, geometry: "unconfirmed", frequency: "inferred", sequence: "inferred" },
  },
  s19xp: S19_XP,
  s19kpro: {
    ...S19_XP,
    model: "s19kpro",
    label: "Antminer S19k Pro",
    chips: 77,
    chipsPerDomain: 7,
    initVariant: "bm1366-s19kpro",
    defaultFrequencyMhz: 570,
    stockHcn: 0x115a,
    stockFrequencyMhz: 570,
    // The stock capture never changes the rate; a public project runs the same board at 3,125,000 baud.
    workBaud: ENUMERATION_BAUD,
    temperatureLimits: {
      boardMaxC: 75,
      chipMaxC: 95,
      source: "board: public S19k Pro firmware; chip: our own proposal",
    },
    confidence: { ...S19_XP.confidence, temperatureLimits: "documented" },
  },
  s19jpro: {
    model: "s19jpro",
    label: "Antminer S19j Pro",
    chip: "BM1362",
    chips: 126,
    domains: 42,
    chipsPerDomain: 3,
    addressInterval: 2,
    initVariant: "bm1362-s19jpro",
    defaultFrequencyMhz: 525,
    stockHcn: 0x1381,
    stockFrequencyMhz: 525,
    workBaud: 3_125_000,
    temperatureLimits: OUR_LIMITS,
    confidence: {
      geometry: "documented",
      frequency: "documented",
      sequence: "documented",
      temperatureLimits: "unconfirmed",
    },
  },
  s21pro: S21_PRO,
  s21xp: {
    ...S21_PRO,
    model: "s21xp",
    label: "Antminer S21 XP",
    chips: 91,
    chipsPerDomain: 7,
    initVariant: "bm1370-s21xp",
    // The label's hashrate over three boards, nearest step of the clock.
    defaultFrequencyMhz: 485,
    // No capture: the same share of the smaller slice as on an S21 Pro.
    stockHcn: 0x1b12,
    stockFrequencyMhz: 485,
    confidence: { ...S21_PRO.confidence, frequency: "inferred", sequence: "inferred" },
  },
  "bitaxe-ultra": {
    ...SINGLE_CHIP,
    model: "bitaxe-ultra",
    label: "Bitaxe Ultra",
    chip: "BM1366",
    initVariant: "bm1366-single",
    defaultFrequencyMhz: 485,
    stockHcn: 0x151c,
    stockFrequencyMhz: 485,
  },
  "bitaxe-supra": {
    ...SINGLE_CHIP,
    model: "bitaxe-supra",
    label: "Bitaxe Supra",
    chip: "BM1368",
    initVariant: "bm1368-single",
    defaultFrequencyMhz: 490,
    stockHcn: 0x15a4,
    stockFrequencyMhz: 490,
  },
  "bitaxe-gamma": {
    ...SINGLE_CHIP,
    model: "bitaxe-gamma",
    label: "Bitaxe Gamma",
    chip: "BM1370",
    initVariant: "bm1370-single",
    defaultFrequencyMhz: 525,
    stockHcn: 0x1eb5,
    stockFrequencyMhz: 525,
  },
  // Public firmware of the board enumerates its chips and goes no further: everything after that is taken over from the
  // S19j Pro, which has the same chip, and confirmed by nobody.
  emberone: {
    model: "emberone",
    label: "EmberOne",
    chip: "BM1362",
    chips: 12,
    domains: 12,
    chipsPerDomain: 1,
    addressInterval: 16,
    initVariant: "bm1362-s19jpro",
    defaultFrequencyMhz: 525,
    stockHcn: 0x1381,
    stockFrequencyMhz: 525,
    workBaud: 3_125_000,
    temperatureLimits: OUR_LIMITS,
    confidence: {
      geometry: "documented",
      frequency: "unconfirmed",
      sequence: "unconfirmed",
      temperatureLimits: "unconfirmed",
    },
  },
};

/** Row by its name, or null. */
export function findHashboard(name: string): HashboardModel | null {
  return Object.values(HASHBOARDS).find((row) => row.model === name) ?? null;
}
