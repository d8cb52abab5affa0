/**
 * The thermal supervisor's decision, pure: readings in, fan duty and permission for power out, with the reason.
 * "Unknown" and "failed" are different: unknown means full fans, failed means full fans and then no power.
 * Limits are our proposal for boards without a published one (board stop of 75 C: observed on a live S19k Pro).
 */

export type SensorInput =
  | { readonly kind: "ok"; readonly temperatureC: number }
  /** `reason`: part, bus and what went wrong, for the owner. */
  | { readonly kind: "failed"; readonly reason?: string }
  /** Nobody can ask it now: it hangs on a chip of a chain that is not up. Not a fault, but no temperature either. */
  | { readonly kind: "unreadable" };

export interface ThermalInput {
  /** One entry a board sensor, always in the same order. */
  readonly sensors: readonly SensorInput[];
  /** Hottest on-die reading, or null where there is none now. */
  readonly temperatureChipMaxC: number | null;
  /** One entry a fan; null = no reading. */
  readonly fansRpm: readonly (number | null)[];
}

export interface ThermalLimits {
  readonly targetC: number;
  readonly hotC: number;
  readonly dangerousC: number;
  readonly chipDangerousC: number;
}

export const DEFAULT_LIMITS: ThermalLimits = { targetC: 60, hotC: 70, dangerousC: 75, chipDangerousC: 95 };

/** Full fans and the target keep their distance from a limit that is tighter than ours. */
export function thermalLimits({ boardMaxC, chipMaxC }: { boardMaxC: number; chipMaxC: number }): ThermalLimits {
  const { targetC, hotC, dangerousC } = DEFAULT_LIMITS;
  return {
    targetC: Math.min(targetC, boardMaxC - (dangerousC - targetC)),
    hotC: Math.min(hotC, boardMaxC - (dangerousC - hotC)),
    dangerousC: boardMaxC,
    chipDangerousC: chipMaxC,
  };
}

export type ThermalPhase = "warmUp" | "regulating" | "hot" | "shutdown";

interface SensorMemory {
  /** Hash chain whose board it sits on. */
  readonly chainIndex: number;
  readonly goodC: number | null;
  readonly goodAtMs: number;
  /** When it was last unreadable for a good reason; null = never. */
  readonly excusedAtMs: number | null;
  /** Readings in a row at or above the danger limit, believed or not. */
  readonly dangerousInARow: number;
  /** Why the last reading was none; null = it was good, or nobody could ask. */
  readonly failure: string | null;
}

export interface ThermalState {
  readonly phase: ThermalPhase;
  readonly dutyPct: number;
  readonly sensors: readonly SensorMemory[];
  /** Since when each fan stands still although it is driven; null = it turns. */
  readonly fanStoppedSinceMs: readonly (number | null)[];
  readonly hottestC: number | null;
  /** Since when the chips are at their limit, or null. */
  readonly chipHotSinceMs: number | null;
  readonly glitches: number;
  /** Turns in a row in which not one sensor told the truth. */
  readonly blindTurns: number;
  readonly reason: string;
}

export type ThermalAction = { readonly kind: "permitPower" } | { readonly kind: "cutPower"; readonly reason: string };

export interface ThermalStep {
  readonly state: ThermalState;
  readonly actions: readonly ThermalAction[];
  readonly reason: string;
}

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
const FAN_MIN_RPM = 500;
/** A board that heats up faster than a jump allows is believed when it says so this often in a row. */
const DANGEROUS_READINGS = 3;
/** One damaged reply must not end a run: the chips are read every 5 s, so two readings in a row. */
const CHIP_CONFIRM_MS = 6_000;
/** `hot` is left this much below its limit. */
const HOT_HYSTERESIS_C = 3;
/** Spin-up and a slow tacho are forgiven for so long, then the other fans go full, then hashing stops. */
const FAN_DEBOUNCE_MS = 10_000;
const FAN_STOP_MS = 30_000;
const MIN_DUTY_PCT = 30;
const FULL_DUTY_PCT = 100;
const PROPORTIONAL_PCT_PER_C = 3;
const INTEGRAL_PCT_PER_C = 0.15;
const MAX_SLEW_PCT = 5;

/** @param sensorChains hash chain of each sensor, in the order of the readings. */
export function initialThermal(sensorChains: readonly number[], fans: number, nowMs: number): ThermalState {
  return {
    phase: "warmUp",
    dutyPct: FULL_DUTY_PCT,
    sensors: sensorChains.map((chainIndex) => ({
      chainIndex,
      goodC: null,
      goodAtMs: nowMs,
      excusedAtMs: null,
      dangerousInARow: 0,
      failure: null,
    })),
    fanStoppedSinceMs: Array.from({ length: fans }, () => nowMs),
    hottestC: null,
    chipHotSinceMs: null,
    glitches: 0,
    blindTurns: 0,
    reason: "waiting for sensors and fans",
  };
}

/** To be called about once a second. */
export function stepThermal(
  state: ThermalState,
  input: ThermalInput,
  limits: ThermalLimits,
  nowMs: number,
): ThermalStep {
  const judged = judgeSensors(state, input, limits, nowMs);
  const isChipHot = input.temperatureChipMaxC !== null && input.temperatureChipMaxC >= limits.chipDangerousC;
  const next: ThermalState = {
    ...state,
    sensors: judged.sensors,
    glitches: state.glitches + judged.glitches,
    blindTurns: judged.glitches > 0 && judged.glitches === judged.asked ? state.blindTurns + 1 : 0,
    fanStoppedSinceMs: judgeFans(state, input, nowMs),
    hottestC: hottestOf(judged.sensors.filter((s) => isLive(s, nowMs))),
    chipHotSinceMs: isChipHot ? (state.chipHotSinceMs ?? nowMs) : null,
  };
  if (state.phase === "shutdown") return decide(next, "shutdown", FULL_DUTY_PCT, state.reason, []);
  const danger = dangerOf(next, input, limits, nowMs);
  if (danger !== null) {
    return decide(next, "shutdown", FULL_DUTY_PCT, danger, [{ kind: "cutPower", reason: danger }]);
  }
  return state.phase === "warmUp" ? warmUp(next, nowMs) : regulate(state, next, limits, nowMs);
}

function isLive(memory: SensorMemory, nowMs: number): boolean {
  return memory.goodC !== null && nowMs - memory.goodAtMs < READING_MAX_AGE_MS;
}

/** It has been readable for too short a time to be missed. */
function isExcused(memory: SensorMemory, nowMs: number): boolean {
  return memory.excusedAtMs !== null && nowMs - memory.excusedAtMs < READING_MAX_AGE_MS;
}

/** Hottest sensor of one chain's board that is not too old, or null. */
export function hottestOfChain(state: ThermalState, chainIndex: number, nowMs: number): number | null {
  return hottestOf(state.sensors.filter((s) => s.chainIndex === chainIndex && isLive(s, nowMs)));
}

/** Chains of which no sensor tells the truth now. */
function blindChains(state: ThermalState, nowMs: number): number[] {
  const chains = [...new Set(state.sensors.map((s) => s.chainIndex))];
  const isSeeing = (s: SensorMemory): boolean => isLive(s, nowMs) || isExcused(s, nowMs);
  return chains.filter((chain) => !state.sensors.some((s) => s.chainIndex === chain && isSeeing(s)));
}

function judgeSensors(state: ThermalState, input: ThermalInput, limits: ThermalLimits, nowMs: number) {
  let glitches = 0;
  const asked = state.sensors.filter((_, i) => input.sensors[i]?.kind !== "unreadable").length;
  const othersC = hottestOf(state.sensors.filter((s) => isLive(s, nowMs)));
  const sensors = state.sensors.map((memory, i): SensorMemory => {
    const reading = input.sensors[i] ?? { kind: "failed" };
    if (reading.kind === "unreadable") {
      return { ...memory, goodC: null, excusedAtMs: nowMs, dangerousInARow: 0, failure: null };
    }
    const isDangerous =
      reading.kind === "ok" && inRange(reading.temperatureC) && reading.temperatureC >= limits.dangerousC;
    const dangerousInARow = isDangerous ? memory.dangerousInARow + 1 : 0;
    // Before power is on a sensor that was lost needs nobody to vouch for it.
    const nobody = state.phase === "warmUp" ? null : Number.NaN;
    const referenceC = isLive(memory, nowMs) ? memory.goodC : memory.goodC === null ? null : (othersC ?? nobody);
    if (reading.kind === "ok" && isPlausible(reading.temperatureC, referenceC)) {
      return { ...memory, goodC: reading.temperatureC, goodAtMs: nowMs, dangerousInARow, failure: null };
    }
    glitches++;
    return { ...memory, dangerousInARow, failure: failureOf(reading) };
  });
  return { sensors, glitches, asked };
}

function failureOf(reading: Exclude<SensorInput, { kind: "unreadable" }>): string | null {
  return reading.kind === "failed"
    ? (reading.reason ?? null)
    : `a reading of ${reading.temperatureC.toFixed(1)} C is not believed`;
}

/** The sentence about a chain without a temperature, with what its first failed sensor had to say. */
function blindText(what: string, state: ThermalState, chain: number): string {
  const failure = state.sensors.find((s) => s.chainIndex === chain && s.failure !== null)?.failure;
  return failure == null ? what : `${what} (${failure}): check that board, its cable and its sensors`;
}

function hottestOf(sensors: readonly SensorMemory[]): number | null {
  return sensors.length === 0 ? null : Math.max(...sensors.map((s) => s.goodC ?? Number.NEGATIVE_INFINITY));
}

function inRange(temperatureC: number): boolean {
  return temperatureC >= LOWEST_PLAUSIBLE_C && temperatureC <= HIGHEST_PLAUSIBLE_C;
}

/** @param referenceC what the reading is held against; null = nothing yet, NaN = nothing that could vouch for it. */
function isPlausible(temperatureC: number, referenceC: number | null): boolean {
  return inRange(temperatureC) && (referenceC === null || Math.abs(temperatureC - referenceC) <= MAX_JUMP_C);
}

function judgeFans(state: ThermalState, input: ThermalInput, nowMs: number): (number | null)[] {
  return state.fanStoppedSinceMs.map((since, i) => {
    const rpm = input.fansRpm[i] ?? null;
    if (rpm !== null && rpm >= FAN_MIN_RPM) return null;
    return since ?? nowMs;
  });
}

/** The first cause that forbids power, or null. */
function dangerOf(state: ThermalState, input: ThermalInput, limits: ThermalLimits, nowMs: number): string | null {
  if (state.hottestC !== null && state.hottestC >= limits.dangerousC) {
    return `board at ${state.hottestC.toFixed(1)} C, limit ${limits.dangerousC} C`;
  }
  const sudden = state.sensors.find((s) => s.dangerousInARow >= DANGEROUS_READINGS);
  if (sudden !== undefined)
    return `board of chain ${sudden.chainIndex} suddenly above its limit of ${limits.dangerousC} C`;
  if (state.chipHotSinceMs !== null && nowMs - state.chipHotSinceMs >= CHIP_CONFIRM_MS) {
    return `chip at ${(input.temperatureChipMaxC ?? 0).toFixed(1)} C, limit ${limits.chipDangerousC} C`;
  }
  const [blind] = state.phase === "warmUp" ? [] : blindChains(state, nowMs);
  if (blind !== undefined) return blindText(`no temperature sensor of chain ${blind} answers`, state, blind);
  const stopped = state.fanStoppedSinceMs.findIndex((since) => since !== null && nowMs - since >= FAN_STOP_MS);
  if (stopped >= 0) return `fan ${stopped + 1} stands still`;
  return null;
}

/** Power only after every fan turned and a sensor of every board told the truth. */
function warmUp(state: ThermalState, nowMs: number): ThermalStep {
  const [blind] = blindChains(state, nowMs);
  if (state.sensors.length === 0) return decide(state, "warmUp", FULL_DUTY_PCT, "no hashboard with a sensor", []);
  if (blind !== undefined) {
    const reason = blindText(`no temperature of chain ${blind} yet`, state, blind);
    return decide(state, "warmUp", FULL_DUTY_PCT, reason, []);
  }
  const waiting = state.fanStoppedSinceMs.findIndex((since) => since !== null);
  if (waiting >= 0) return decide(state, "warmUp", FULL_DUTY_PCT, `fan ${waiting + 1} does not turn yet`, []);
  return decide(state, "regulating", FULL_DUTY_PCT, "sensors and fans proven", [{ kind: "permitPower" }]);
}

function regulate(before: ThermalState, state: ThermalState, limits: ThermalLimits, nowMs: number): ThermalStep {
  const hottestC = state.hottestC ?? limits.hotC;
  const full = (phase: ThermalPhase, reason: string): ThermalStep =>
    decide(state, phase, FULL_DUTY_PCT, `${reason}: full fans`, []);
  const stopped = state.fanStoppedSinceMs.findIndex((since) => since !== null && nowMs - since >= FAN_DEBOUNCE_MS);
  if (stopped >= 0) return full("regulating", `fan ${stopped + 1} stands still`);
  const unseen = state.sensors.filter((s) => !isLive(s, nowMs));
  const lost = unseen.filter((s) => !isExcused(s, nowMs)).length;
  if (state.hottestC === null && unseen.length > lost)
    return full("regulating", "no chain is up, so no temperature is known");
  // One reading of the only sensor may be a glitch; several sensors do not glitch at once.
  if (state.blindTurns >= (state.sensors.length > 1 ? 1 : 2))
    return full("regulating", "no temperature sensor answers");
  const hotC = before.phase === "hot" ? limits.hotC - HOT_HYSTERESIS_C : limits.hotC;
  if (hottestC >= hotC) return full("hot", `board at ${hottestC.toFixed(1)} C`);
  // The sensor that is left may sit at the cool end of its board.
  if (unseen.length > lost) return full("regulating", "a chain is not up, so its temperature is not known");
  if (lost > 0) return full("regulating", `${lost} of ${state.sensors.length} temperature sensors lost`);
  const slopeC = hottestC - (before.hottestC ?? hottestC);
  const wish = PROPORTIONAL_PCT_PER_C * slopeC + INTEGRAL_PCT_PER_C * (hottestC - limits.targetC);
  const change = Math.max(-MAX_SLEW_PCT, Math.min(MAX_SLEW_PCT, wish));
  const dutyPct = Math.max(MIN_DUTY_PCT, Math.min(FULL_DUTY_PCT, before.dutyPct + change));
  return decide(state, "regulating", dutyPct, `board at ${hottestC.toFixed(1)} C, target ${limits.targetC} C`, []);
}

function decide(
  state: ThermalState,
  phase: ThermalPhase,
  dutyPct: number,
  reason: string,
  actions: readonly ThermalAction[],
): ThermalStep {
  return { state: { ...state, phase, dutyPct, reason }, actions, reason };
}
