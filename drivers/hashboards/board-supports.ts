/**
 * What surrounds the chips, by machine. Voltages: S9 and S19k Pro from public open firmware, S19 Pro from a factory log,
 * S21 and S19j Pro from vendor binaries; the others are known only to the hashboard's own EEPROM and marked so.
 */
import type { Provenance } from "../bm13xx/registers.ts";
import type { BoardSupport, SensorPlan, VoltagePlan } from "./board-support.ts";
import { EMBERONE_PLAN, psuAndControllerPlan, psuPlan, regulatorPlan, s9Plan } from "./power-plans.ts";

/** Measured on an S19k Pro: inlet and outlet follow no simple offset. */
const S19K_PRO_SENSORS: SensorPlan = {
  kind: "lm75",
  byChain: [
    { inlet: 0x48, outlet: 0x4c },
    { inlet: 0x4d, outlet: 0x49 },
    { inlet: 0x4e, outlet: 0x4a },
  ],
};

const APW12_TYPES = [0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78];
const S21_TYPES = [0xc1, 0x71, 0x72, 0x74, 0x75, 0x76, 0x77, 0x78];

function amlogic(voltage: VoltagePlan, psuTypes: readonly number[], sequence: Provenance): BoardSupport {
  return {
    supply: "psu",
    controller: "none",
    voltage,
    sensors: S19K_PRO_SENSORS,
    hasEeprom: true,
    psuTypes,
    planFor: (workMv) => psuPlan({ startMv: voltage.startMv, workMv }, sequence),
    resetLowMs: 200,
    resetSettleMs: 2_000,
  };
}

/** Where no source names the voltage: what the emulated board takes, never a default on a real one. */
function assumed(startMv: number, workMv: number): VoltagePlan {
  return {
    startMv,
    workMv,
    hardMinMv: 12_000,
    hardMaxMv: 15_200,
    provenance: "unconfirmed",
    source: "our choice for the emulator; on a real board its EEPROM or the owner says it",
  };
}

const S21_VOLTAGE: VoltagePlan = {
  startMv: 15_000,
  workMv: 13_400,
  hardMinMv: 12_000,
  hardMaxMv: 15_200,
  provenance: "documented",
  source: "vendor binary: 15.0 V at the start, 13.2 to 13.6 V while hashing",
};

function dspicBoard(
  voltage: VoltagePlan,
  sensors: SensorPlan,
  psuTypes: readonly number[],
  from: Provenance,
): BoardSupport {
  return {
    supply: "psu",
    controller: "dspic",
    voltage,
    sensors,
    hasEeprom: true,
    psuTypes,
    planFor: (workMv) => psuAndControllerPlan({ startMv: voltage.startMv, workMv }, from),
    // Observed: high 300 ms, low 1 s, high 300 ms.
    resetLowMs: 1_000,
    resetSettleMs: 300,
  };
}

/** The supply family makes 14.2 to 21.4 V; what the boards want is not known. */
const S17_VOLTAGE: VoltagePlan = {
  startMv: 19_000,
  workMv: 18_000,
  hardMinMv: 14_300,
  hardMaxMv: 21_000,
  provenance: "unconfirmed",
  source: "our choice for the emulator; on a real board its EEPROM or the owner says it",
};
/** Which chip carries the sensor is not known. */
const S17_SENSOR: SensorPlan = { kind: "chipBridge", chipIndex: 0, address: 0x4c };
const S17 = dspicBoard(S17_VOLTAGE, S17_SENSOR, [], "unconfirmed");

const S19_PRO_VOLTAGE: VoltagePlan = {
  startMv: 15_000,
  workMv: 12_600,
  hardMinMv: 12_000,
  hardMaxMv: 15_000,
  provenance: "documented",
  source: "factory log of an S19 Pro; its EEPROM agrees",
};
const S19_SENSORS: SensorPlan = { kind: "dspic", slaves: [0x48, 0x49, 0x4a, 0x4b] };
const S19_TYPES = [0x42, 0x43, 0x71];

const S9: BoardSupport = {
  supply: "controller",
  controller: "pic16-s9",
  voltage: {
    startMv: 9_400,
    workMv: 8_800,
    hardMinMv: 7_950,
    hardMaxMv: 9_400,
    provenance: "documented",
    source: "public open firmware of the S9",
  },
  sensors: { kind: "chipBridge", chipIndex: 61, address: 0x4c },
  hasEeprom: false,
  psuTypes: [],
  planFor: s9Plan,
  resetLowMs: 200,
  resetSettleMs: 1_000,
};

function bitaxe(supply: "tps546" | "ds4432u", voltageMv: number): BoardSupport {
  return {
    supply,
    controller: "none",
    voltage: {
      startMv: voltageMv,
      workMv: voltageMv,
      hardMinMv: 1_000,
      hardMaxMv: 1_400,
      provenance: "documented",
      source: "public firmware of the board; the bounds are our own proposal",
    },
    sensors: { kind: "emc2101" },
    hasEeprom: false,
    psuTypes: [],
    planFor: (workMv) => regulatorPlan(workMv, "documented"),
    resetLowMs: 200,
    resetSettleMs: 200,
  };
}

const BOARD_SUPPORTS: Readonly<Record<string, BoardSupport>> = {
  s9: S9,
  s17: S17,
  s17plus: S17,
  t17: S17,
  s19: dspicBoard(
    Object.assign({}, S19_PRO_VOLTAGE, { provenance: "unconfirmed", source: "taken over from the S19 Pro" }),
    S19_SENSORS,
    S19_TYPES,
    "unconfirmed",
  ),
  s19pro: dspicBoard(S19_PRO_VOLTAGE, S19_SENSORS, S19_TYPES, "documented"),
  s19jpro: amlogic(
    {
      startMv: 15_000,
      workMv: 13_600,
      hardMinMv: 12_000,
      hardMaxMv: 15_200,
      provenance: "inferred",
      source: "vendor binary: 13.2 to 13.8 V while hashing; the start is taken over from the S19k Pro",
    },
    APW12_TYPES,
    "inferred",
  ),
  s19xp: amlogic(assumed(15_000, 13_400), APW12_TYPES, "inferred"),
  s19kpro: amlogic(
    {
      startMv: 15_200,
      workMv: 13_900,
      hardMinMv: 12_000,
      hardMaxMv: 15_200,
      provenance: "documented",
      source: "public S19k Pro firmware: up to 15.2 V at the start, 13.9 to 14.5 V while hashing",
    },
    [0x42, 0x43, 0x71, 0x72, 0x73, 0x75, 0x77, 0x78],
    "documented",
  ),
  s21: amlogic(S21_VOLTAGE, S21_TYPES, "inferred"),
  t21: amlogic(assumed(15_000, 13_400), S21_TYPES, "inferred"),
  s21pro: amlogic(assumed(15_000, 13_400), S21_TYPES, "inferred"),
  s21xp: amlogic(assumed(15_000, 13_400), S21_TYPES, "inferred"),
  "bitaxe-max": bitaxe("ds4432u", 1_400),
  "bitaxe-ultra": bitaxe("ds4432u", 1_200),
  "bitaxe-supra": bitaxe("ds4432u", 1_166),
  "bitaxe-gamma": bitaxe("tps546", 1_150),
  emberone: {
    supply: "pins",
    controller: "none",
    voltage: null,
    sensors: { kind: "emberone" },
    hasEeprom: false,
    psuTypes: [],
    planFor: () => EMBERONE_PLAN,
    resetLowMs: 200,
    resetSettleMs: 500,
  },
};

/** @throws RangeError for a name that has no row. */
export function boardSupport(machine: string): BoardSupport {
  const row = BOARD_SUPPORTS[machine];
  if (row === undefined) throw new RangeError(`no row of support circuits for ${machine}`);
  return row;
}
