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
  "bitaxe-ultra",
  "bitaxe-supra",
  "bitaxe-gamma",
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
  /** 7-bit I2C addresses of the inlet and outlet sensor of each hashboard. */
  readonly sensorAddresses: readonly (readonly [inlet: number, outlet: number])[];
}

/** Measured on an S19k Pro with the Amlogic board; S21 class boards are built alike (inferred). */
const HASHBOARD_SENSORS = [
  [0x48, 0x4c],
  [0x4d, 0x49],
  [0x4e, 0x4a],
] as const;

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
    sensorAddresses: HASHBOARD_SENSORS,
  };
}

/** A hobby board: one chip, one fan, and a sensor where the emulator can offer one (real boards have an EMC2101). */
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
    sensorAddresses: [[0x48, 0x4c]],
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
  "bitaxe-ultra": singleChip("bitaxe-ultra", "BM1366", 485, 12),
  "bitaxe-supra": singleChip("bitaxe-supra", "BM1368", 490, 14),
  "bitaxe-gamma": singleChip("bitaxe-gamma", "BM1370", 525, 17),
};

export function isMachineName(text: string): text is MachineName {
  return Object.hasOwn(MACHINES, text);
}

export function machineFacts(name: MachineName): MachineFacts {
  return MACHINES[name];
}
