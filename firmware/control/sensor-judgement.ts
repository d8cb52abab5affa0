/**
 * Which temperature readings are believed: pure. A reading may be missing, impossible, a jump that no board makes, or
 * frozen, that is unmoved although the heat or the air around it changed.
 */
import type {
  HeldReading,
  SensorInput,
  SensorMemory,
  ThermalInput,
  ThermalLimits,
  ThermalState,
} from "./thermal-types.ts";

/** Outside of this a reading is broken, not hot: LM75 class sensors fail as -1, 0x7f or 0xff. */
const LOWEST_PLAUSIBLE_C = -20;
const HIGHEST_PLAUSIBLE_C = 120;
/**
 * No board changes by more between two good readings. The limit does not grow with time: a sensor that says -1 for ever
 * must never become believable again. One that was failed comes back when it agrees with the others to this.
 */
const MAX_JUMP_C = 20;
/** A sensor without a good reading for so long is failed. */
const READING_MAX_AGE_MS = 10_000;
/** A board passes ten kelvin in the first minute of hashing: one that has said the same for so long does not measure. */
const FROZEN_UNDER_LOAD_MS = 180_000;
/** Neither does one that says the same while its neighbour moved so far, or the fans did. */
const FROZEN_WITNESS_C = 8;
const FROZEN_DUTY_PCT = 30;
const FROZEN_DUTY_MS = 120_000;
/** A value above it may be that of a board which was warm when it began to hash: then it proves nothing that it stays. */
const COLD_C = 40;

export interface Judgement {
  readonly sensors: readonly SensorMemory[];
  readonly glitches: number;
  /** Sensors that somebody could ask. */
  readonly asked: number;
}

export function newSensor(chainIndex: number, nowMs: number): SensorMemory {
  return {
    chainIndex,
    goodC: null,
    goodAtMs: nowMs,
    excusedAtMs: null,
    dangerousInARow: 0,
    failure: null,
    held: null,
  };
}

export function isLive(memory: SensorMemory, nowMs: number): boolean {
  return memory.goodC !== null && nowMs - memory.goodAtMs < READING_MAX_AGE_MS;
}

/** It has been readable for too short a time to be missed. */
export function isExcused(memory: SensorMemory, nowMs: number): boolean {
  return memory.excusedAtMs !== null && nowMs - memory.excusedAtMs < READING_MAX_AGE_MS;
}

export function hottestOf(sensors: readonly SensorMemory[]): number | null {
  return sensors.length === 0 ? null : Math.max(...sensors.map((s) => s.goodC ?? Number.NEGATIVE_INFINITY));
}

/** Hottest sensor of one chain's board that is not too old, or null. */
export function hottestOfChain(state: ThermalState, chainIndex: number, nowMs: number): number | null {
  return hottestOf(state.sensors.filter((s) => s.chainIndex === chainIndex && isLive(s, nowMs)));
}

/** Chains whose every sensor is lost without an excuse. */
export function blindChains(state: ThermalState, nowMs: number): number[] {
  const chains = [...new Set(state.sensors.map((s) => s.chainIndex))];
  return chains.filter(
    (chain) => !state.sensors.some((s) => s.chainIndex === chain && (isLive(s, nowMs) || isExcused(s, nowMs))),
  );
}

/** The sentence about a chain without a temperature, with what its first failed sensor had to say. */
export function blindText(what: string, state: ThermalState, chain: number): string {
  const failure = state.sensors.find((s) => s.chainIndex === chain && s.failure !== null)?.failure;
  return failure == null ? what : `${what} (${failure}): check that board, its cable and its sensors`;
}

export function judgeSensors(
  state: ThermalState,
  input: ThermalInput,
  limits: ThermalLimits,
  nowMs: number,
): Judgement {
  let glitches = 0;
  const asked = state.sensors.filter((_, i) => input.sensors[i]?.kind !== "unreadable").length;
  const othersC = hottestOf(state.sensors.filter((s) => isLive(s, nowMs)));
  const sensors = state.sensors.map((memory, i): SensorMemory => {
    const reading = input.sensors[i] ?? { kind: "failed" };
    if (reading.kind === "unreadable") {
      return { ...memory, goodC: null, excusedAtMs: nowMs, dangerousInARow: 0, failure: null, held: null };
    }
    const isDangerous =
      reading.kind === "ok" && inRange(reading.temperatureC) && reading.temperatureC >= limits.dangerousC;
    const dangerousInARow = isDangerous ? memory.dangerousInARow + 1 : 0;
    // Before power is on a sensor that was lost needs nobody to vouch for it.
    const nobody = state.phase === "warmUp" ? null : Number.NaN;
    const referenceC = isLive(memory, nowMs) ? memory.goodC : memory.goodC === null ? null : (othersC ?? nobody);
    const held = reading.kind === "ok" ? hold(state, i, reading.temperatureC, input, nowMs) : memory.held;
    if (reading.kind === "ok" && held?.isFrozen !== true && isPlausible(reading.temperatureC, referenceC)) {
      return { ...memory, goodC: reading.temperatureC, goodAtMs: nowMs, dangerousInARow, failure: null, held };
    }
    glitches++;
    return { ...memory, dangerousInARow, failure: failureOf(reading, held), held };
  });
  return { sensors, glitches, asked };
}

/** What the sensor goes on saying, and whether the world around it moved meanwhile. */
function hold(state: ThermalState, i: number, temperatureC: number, input: ThermalInput, nowMs: number): HeldReading {
  const memory = state.sensors[i];
  const chainIndex = memory?.chainIndex ?? 0;
  const witnessC = hottestOf(
    state.sensors.filter((s, k) => k !== i && s.chainIndex === chainIndex && isLive(s, nowMs)),
  );
  const held = memory?.held ?? null;
  if (held === null || held.temperatureC !== temperatureC) {
    return { temperatureC, sinceMs: nowMs, dutyPct: state.dutyPct, airChangedAtMs: null, witnessC, isFrozen: false };
  }
  if (held.isFrozen) return held;
  const hashingSinceMs = input.hashingSinceMs[chainIndex] ?? null;
  if (hashingSinceMs === null) return { ...held, dutyPct: state.dutyPct, airChangedAtMs: null, witnessC };
  if (held.witnessC === null && witnessC !== null) return { ...held, witnessC };
  const isUnmovedByLoad =
    temperatureC < COLD_C && held.sinceMs <= hashingSinceMs && nowMs - hashingSinceMs >= FROZEN_UNDER_LOAD_MS;
  const isUnmovedByNeighbour =
    witnessC !== null && held.witnessC !== null && Math.abs(witnessC - held.witnessC) >= FROZEN_WITNESS_C;
  const isAirChanged = Math.abs(state.dutyPct - held.dutyPct) >= FROZEN_DUTY_PCT;
  const airChangedAtMs = isAirChanged ? (held.airChangedAtMs ?? nowMs) : null;
  const isUnmovedByAir = airChangedAtMs !== null && nowMs - airChangedAtMs >= FROZEN_DUTY_MS;
  const isFrozen = isUnmovedByLoad || isUnmovedByNeighbour || isUnmovedByAir;
  return isFrozen || airChangedAtMs !== held.airChangedAtMs ? { ...held, airChangedAtMs, isFrozen } : held;
}

function failureOf(reading: Exclude<SensorInput, { kind: "unreadable" }>, held: HeldReading | null): string | null {
  if (reading.kind === "failed") return reading.reason ?? null;
  const value = `${reading.temperatureC.toFixed(1)} C`;
  return held?.isFrozen === true ? `it stays at ${value} whatever happens` : `a reading of ${value} is not believed`;
}

function inRange(temperatureC: number): boolean {
  return temperatureC >= LOWEST_PLAUSIBLE_C && temperatureC <= HIGHEST_PLAUSIBLE_C;
}

/** @param referenceC what the reading is held against; null = nothing yet, NaN = nothing that could vouch for it. */
function isPlausible(temperatureC: number, referenceC: number | null): boolean {
  return inRange(temperatureC) && (referenceC === null || Math.abs(temperatureC - referenceC) <= MAX_JUMP_C);
}
