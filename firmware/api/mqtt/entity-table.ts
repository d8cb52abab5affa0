/**
 * Everything that MQTT tells and takes, in one table: the state message is read by it, the discovery messages of Home
 * Assistant are made of it, and docs/MQTT.md is written from it. Units and classes are pairs that Home Assistant accepts
 * (home-assistant/core: homeassistant/components/sensor/const.py, DEVICE_CLASS_UNITS and DEVICE_CLASS_STATE_CLASSES;
 * a unit that belongs to no class stands without one). Null means unknown.
 */
import { maxKnown } from "../../stats/known-values.ts";
import { statusOf } from "../http/summary.ts";
import { efficiencyJPerTh, type FaceView } from "../machine-facts.ts";
import type { ChainSnapshot, MinerSnapshot } from "../snapshot.ts";

export type StateValue = number | string | boolean | null;
export type Component = "sensor" | "binary_sensor" | "switch" | "number" | "button";

export interface Entity {
  /** Key in the state message, and last part of a control's topic. */
  readonly key: string;
  readonly component: Component;
  readonly name: string;
  readonly unit: string | null;
  readonly deviceClass: string | null;
  readonly stateClass: "measurement" | "total_increasing" | null;
  /** Where Home Assistant lists it; null = with what matters most. */
  readonly category: "diagnostic" | "config" | null;
  /** Where the value comes from, or what the control orders. */
  readonly source: string;
  /** Null: a button has no state. */
  readonly read: ((view: FaceView) => StateValue) | null;
  /** Takes commands, when the owner allows that. */
  readonly isControl: boolean;
}

/** Home Assistant's limit for a state is 255 signs. */
const TEXT_MAX_SIGNS = 250;
const NO_CLASS = { unit: null, deviceClass: null, stateClass: null, category: null, isControl: false } as const;

type Facts = Partial<Pick<Entity, "unit" | "deviceClass" | "stateClass" | "category">>;

function sensor(key: string, name: string, facts: Facts, source: string, read: NonNullable<Entity["read"]>): Entity {
  return { ...NO_CLASS, component: "sensor", key, name, ...facts, source, read };
}

function control(
  component: "switch" | "number" | "button",
  key: string,
  name: string,
  source: string,
  read: Entity["read"],
  facts: Facts = {},
): Entity {
  return { ...NO_CLASS, component, key, name, ...facts, source, read, isControl: true };
}

const HASHRATE = { unit: "TH/s", stateClass: "measurement" } as const;
const TEMPERATURE = { unit: "°C", deviceClass: "temperature", stateClass: "measurement" } as const;
const COUNT = { stateClass: "total_increasing" } as const;
const DIAGNOSTIC = { category: "diagnostic" } as const;

const MACHINE: readonly Entity[] = [
  sensor("hashrate_ths", "Hashrate", HASHRATE, "snapshot hashrate, found lately", ({ snapshot }) =>
    rounded(recentThs(snapshot), 3),
  ),
  sensor(
    "hashrate_expected_ths",
    "Expected hashrate",
    { ...HASHRATE, ...DIAGNOSTIC },
    "snapshot hashrate.expectedThs: what frequency and chips promise",
    ({ snapshot }) => rounded(snapshot.hashrate.expectedThs, 3),
  ),
  sensor(
    "power_w",
    "Power",
    { unit: "W", deviceClass: "power", stateClass: "measurement" },
    "machine facts powerW: at the wall, where it is measured",
    ({ facts }) => rounded(facts.powerW, 1),
  ),
  sensor(
    "efficiency_j_per_th",
    "Efficiency",
    { unit: "J/TH", stateClass: "measurement" },
    "power over the verified hashrate of ten minutes",
    (view) => rounded(efficiencyJPerTh(view), 2),
  ),
  sensor("board_temperature_c", "Board temperature", TEMPERATURE, "hottest board of all chains", ({ snapshot }) =>
    hottest(snapshot.chains.map((chain) => chain.temperatureBoardMaxC)),
  ),
  sensor("chip_temperature_c", "Chip temperature", TEMPERATURE, "hottest chip of all chains", ({ snapshot }) =>
    hottest(snapshot.chains.map((chain) => chain.temperatureChipMaxC)),
  ),
  sensor(
    "fan_duty_pct",
    "Fan duty",
    { unit: "%", stateClass: "measurement" },
    "snapshot thermal.fanDutyPct",
    ({ snapshot }) => snapshot.thermal.fanDutyPct,
  ),
  sensor("shares_accepted", "Shares accepted", COUNT, "all pools, since the miner started", ({ snapshot }) => {
    return snapshot.pool.shares.accepted;
  }),
  sensor("shares_rejected", "Shares rejected", COUNT, "all pools, since the miner started", ({ snapshot }) => {
    return snapshot.pool.shares.rejected;
  }),
  sensor("pool", "Pool", DIAGNOSTIC, "address of the pool that is worked for", ({ snapshot }) =>
    short(snapshot.pool.url),
  ),
  sensor("pool_state", "Pool state", DIAGNOSTIC, "snapshot pool.state", ({ snapshot }) => snapshot.pool.state),
  sensor(
    "uptime_s",
    "Uptime",
    { unit: "s", deviceClass: "duration", stateClass: "measurement", ...DIAGNOSTIC },
    "since the miner started",
    ({ snapshot }) => Math.round(snapshot.uptimeMs / 1000),
  ),
  sensor("status", "Status", {}, "hashing, waiting, starting, paused or shutDown", ({ snapshot }) => {
    return statusOf(snapshot).status;
  }),
  sensor("reason", "Reason", DIAGNOSTIC, "why it is in that status", ({ snapshot }) =>
    short(statusOf(snapshot).reason),
  ),
  {
    ...NO_CLASS,
    component: "binary_sensor",
    key: "problem",
    name: "Problem",
    deviceClass: "problem",
    source: "on: shut down, or an alarm stands",
    read: ({ snapshot }) => snapshot.shutdownReason !== null || snapshot.alarms.length > 0,
  },
  {
    ...NO_CLASS,
    component: "binary_sensor",
    key: "hashboard_power",
    name: "Hashboard power",
    deviceClass: "power",
    category: "diagnostic",
    source: "on: the hashboards have power",
    read: ({ snapshot }) => snapshot.isPowerOn,
  },
  sensor("problem_text", "Problem text", DIAGNOSTIC, "why it is shut down, then the alarms", ({ snapshot }) =>
    short([snapshot.shutdownReason ?? [], snapshot.alarms].flat().join("; ")),
  ),
];

export const CONTROLS: readonly Entity[] = [
  control("switch", "mining", "Mining", "`ON`: resume, `OFF`: pause; off while it is paused on purpose", (view) => {
    return !view.snapshot.isPausedByOwner;
  }),
  control("switch", "locate", "Locate", "`ON`: blink the LED, ten minutes at most, `OFF`: stop", ({ facts }) => {
    return facts.isLocating;
  }),
  control(
    "number",
    "fixed_fan_duty",
    "Fixed fan duty",
    "0 to 100, or `auto`; unknown while the fans follow the temperature",
    ({ facts }) => facts.fanManualPct,
    { unit: "%", category: "config" },
  ),
  control("button", "automatic_fans", "Automatic fans", "the fans follow the temperature again", null, {
    category: "config",
  }),
  control("button", "restart", "Restart", "hashboards off, settings read anew, start again", null, {
    deviceClass: "restart",
    category: "config",
  }),
  control(
    "button",
    "acknowledge_shutdown",
    "Acknowledge shutdown",
    "a machine that was shut down may start again",
    null,
    { category: "config" },
  ),
  control("button", "test_alert", "Test alert", "sends an alert that says that it is a test", null, DIAGNOSTIC),
];

/** One row for each chain; the keys and names get the chain's number. */
const CHAIN_ROWS: readonly {
  readonly key: string;
  readonly name: string;
  readonly facts: Facts;
  readonly source: string;
  readonly read: (chain: ChainSnapshot) => StateValue;
}[] = [
  {
    key: "hashrate_ths",
    name: "hashrate",
    facts: HASHRATE,
    source: "found lately",
    read: ({ hashrate }) => rounded(hashrate.recentMeasuredThs ?? hashrate.measuredThs, 3),
  },
  {
    key: "board_temperature_c",
    name: "board temperature",
    facts: TEMPERATURE,
    source: "hottest place of the board",
    read: (chain) => rounded(chain.temperatureBoardMaxC, 1),
  },
  {
    key: "chip_temperature_c",
    name: "chip temperature",
    facts: TEMPERATURE,
    source: "hottest chip",
    read: (chain) => rounded(chain.temperatureChipMaxC, 1),
  },
  {
    key: "hardware_errors",
    name: "hardware errors",
    facts: { ...COUNT, ...DIAGNOSTIC },
    source: "nonces that do not hash right, since the miner started",
    read: ({ nonces }) => nonces.hardwareError,
  },
  { key: "state", name: "state", facts: DIAGNOSTIC, source: "phase of the chain", read: ({ state }) => state },
];

function chainEntities(index: number | "N"): Entity[] {
  return CHAIN_ROWS.map(({ key, name, facts, source, read }) =>
    sensor(`chain${index}_${key}`, `Chain ${index} ${name}`, facts, source, ({ snapshot }) => {
      const chain = snapshot.chains.find((candidate) => candidate.index === index);
      return chain === undefined ? null : read(chain);
    }),
  );
}

/** Fans are counted from 1, as in the miner's own sentences. */
function fanEntity(number: number | "N"): Entity {
  const facts = { unit: "rpm", stateClass: "measurement", ...DIAGNOSTIC } as const;
  return sensor(`fan${number}_rpm`, `Fan ${number}`, facts, "snapshot thermal.fansRpm", ({ snapshot }) =>
    number === "N" ? null : (snapshot.thermal.fansRpm[number - 1] ?? null),
  );
}

/** Entities of this machine, with its chains and fans; controls last. */
export function entitiesOf({ chains, thermal }: Pick<MinerSnapshot, "chains" | "thermal">): Entity[] {
  return [
    ...MACHINE,
    ...thermal.fansRpm.map((_, i) => fanEntity(i + 1)),
    ...chains.flatMap(({ index }) => chainEntities(index)),
    ...CONTROLS,
  ];
}

/** The table for a reader: chains and fans once each, with N for their number. */
export function exampleEntities(): Entity[] {
  return [...MACHINE, fanEntity("N"), ...chainEntities("N"), ...CONTROLS];
}

/** The state message: flat, one key for each entity that has a state. */
export function stateOf(view: FaceView): Record<string, StateValue> {
  return Object.fromEntries(
    entitiesOf(view.snapshot).flatMap(({ key, read }) => (read === null ? [] : [[key, read(view)]])),
  );
}

function recentThs({ hashrate }: MinerSnapshot): number | null {
  return hashrate.recentMeasuredThs ?? hashrate.measuredThs;
}

function hottest(values: readonly (number | null)[]): number | null {
  return rounded(maxKnown(values), 1);
}

function rounded(value: number | null, digits: number): number | null {
  return value === null || !Number.isFinite(value) ? null : Number(value.toFixed(digits));
}

function short(text: string): string {
  return text.length <= TEXT_MAX_SIGNS ? text : `${text.slice(0, TEXT_MAX_SIGNS - 3)}...`;
}
