/**
 * The machines that can be emulated. Chip counts, fans and stock frequencies from vendor tables and captured logs;
 * power at the hashboards from the machines' labels (wall power over the number of chains, losses ignored).
 */
import { CHIP_FACTS, type ChipFacts, type ChipName } from "./chip-facts.ts";

export const MACHINE_NAMES = [
  "s21",
  "s19xp",
  "s19kpro",
  "s19jpro",
  "s21pro",
  "s21xp",
  "t21",
  "s9",
  "s17",
  "s17plus",
  "t17",
  "s19",
  "s19pro",
  "bitaxe-max",
  "bitaxe-ultra",
  "bitaxe-supra",
  "bitaxe-gamma",
  "emberone",
] as const;
export type MachineName = (typeof MACHINE_NAMES)[number];

export interface MachineFacts {
  readonly name: MachineName;
  readonly chip: ChipFacts;
  readonly chainCount: number;
  readonly chipsPerChain: number;
  readonly fanCount: number;
  /** Frequency and voltage at which a chain draws `stockChainPowerW`. */
  readonly stockFrequencyMhz: number;
  readonly stockVoltageV: number;
  readonly stockChainPowerW: number;
}

function hashboards(
  name: MachineName,
  chip: ChipName,
  chipsPerChain: number,
  stock: { frequencyMhz: number; voltageV: number; chainPowerW: number },
): MachineFacts {
  return {
    name,
    chip: CHIP_FACTS[chip],
    chainCount: 3,
    chipsPerChain,
    fanCount: 4,
    stockFrequencyMhz: stock.frequencyMhz,
    stockVoltageV: stock.voltageV,
    stockChainPowerW: stock.chainPowerW,
  };
}

/**
 * S9, the 17 series, S19 and S19 Pro. No source gives the clocks of the 17 series and the S19: here the label's hashrate
 * over three boards, nearest step.
 */
function olderHashboards(
  name: MachineName,
  chip: ChipName,
  chipsPerChain: number,
  stock: { frequencyMhz: number; voltageV: number; chainPowerW: number },
  fanCount = 4,
): MachineFacts {
  return { ...hashboards(name, chip, chipsPerChain, stock), fanCount };
}

/** A hobby board: one chip, one fan. */
function singleChip(name: MachineName, chip: ChipName, frequencyMhz: number, powerW: number): MachineFacts {
  return {
    name,
    chip: CHIP_FACTS[chip],
    chainCount: 1,
    chipsPerChain: 1,
    fanCount: 1,
    stockFrequencyMhz: frequencyMhz,
    stockVoltageV: 1.2,
    stockChainPowerW: powerW,
  };
}

const MACHINES: Readonly<Record<MachineName, MachineFacts>> = {
  s21: hashboards("s21", "BM1368", 108, { frequencyMhz: 1400 / 3, voltageV: 13.4, chainPowerW: 1150 }),
  s19xp: hashboards("s19xp", "BM1366", 110, { frequencyMhz: 485, voltageV: 13.4, chainPowerW: 1000 }),
  s19kpro: hashboards("s19kpro", "BM1366", 77, { frequencyMhz: 570, voltageV: 13.9, chainPowerW: 920 }),
  s19jpro: hashboards("s19jpro", "BM1362", 126, { frequencyMhz: 525, voltageV: 13.6, chainPowerW: 1015 }),
  s21pro: hashboards("s21pro", "BM1370", 65, { frequencyMhz: 600, voltageV: 13.4, chainPowerW: 1170 }),
  s21xp: hashboards("s21xp", "BM1370", 91, { frequencyMhz: 485, voltageV: 13.4, chainPowerW: 1215 }),
  t21: hashboards("t21", "BM1368", 108, { frequencyMhz: 460, voltageV: 13.4, chainPowerW: 1200 }),
  s9: olderHashboards("s9", "BM1387", 63, { frequencyMhz: 650, voltageV: 8.8, chainPowerW: 440 }, 2),
  s17: olderHashboards("s17", "BM1397", 48, { frequencyMhz: 580, voltageV: 18, chainPowerW: 735 }),
  s17plus: olderHashboards("s17plus", "BM1397", 65, { frequencyMhz: 557, voltageV: 18, chainPowerW: 970 }),
  t17: olderHashboards("t17", "BM1397", 30, { frequencyMhz: 660, voltageV: 18, chainPowerW: 735 }),
  s19: olderHashboards("s19", "BM1398", 76, { frequencyMhz: 670, voltageV: 12.6, chainPowerW: 1080 }),
  s19pro: olderHashboards("s19pro", "BM1398", 114, { frequencyMhz: 525, voltageV: 12.6, chainPowerW: 1080 }),
  "bitaxe-max": singleChip("bitaxe-max", "BM1397", 425, 12),
  "bitaxe-ultra": singleChip("bitaxe-ultra", "BM1366", 485, 12),
  "bitaxe-supra": singleChip("bitaxe-supra", "BM1368", 490, 14),
  "bitaxe-gamma": singleChip("bitaxe-gamma", "BM1370", 525, 17),
  // Neither clock nor power is published: the clock of an S19j Pro, its power by the number of chips. No fan of its own.
  emberone: {
    name: "emberone",
    chip: CHIP_FACTS.BM1362,
    chainCount: 1,
    chipsPerChain: 12,
    fanCount: 0,
    stockFrequencyMhz: 525,
    stockVoltageV: 3.6,
    stockChainPowerW: 97,
  },
};

export function isMachineName(text: string): text is MachineName {
  return Object.hasOwn(MACHINES, text);
}

export function machineFacts(name: MachineName): MachineFacts {
  return MACHINES[name];
}
