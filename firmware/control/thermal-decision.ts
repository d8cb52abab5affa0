/**
 * The thermal supervisor's decision, pure: readings in, fan duty and permission for power out, with the reason.
 * "Unknown" and "failed" are different: unknown means full fans, failed means full fans and then no power.
 * Limits are our proposal for boards without a published one (board stop of 75 C: observed on a live S19k Pro).
 */

export type SensorInput = { readonly kind: "ok"; readonly temperatureC: number } | { readonly kind: "failed" };

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

export type ThermalPhase = "warmUp" | "regulating" | "hot" | "shutdown";

interface SensorMemory {
  readonly goodC: number | null;
  readonly goodAtMs: number;
}

export interface ThermalState {
  readonly phase: ThermalPhase;
  readonly dutyPct: number;
  readonly sensors: readonly SensorMemory[];
  /** Since when each fan stands still although it is driven; null = it turns. */
  readonly fanStoppedSinceMs: readonly (number | null)[];
  readonly hottestC: number | null;
  readonly glitches: number;
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
/** Spin-up and a slow tacho are forgiven for so long, then the other fans go full, then hashing stops. */
const FAN_DEBOUNCE_MS = 10_000;
const FAN_STOP_MS = 30_000;
const MIN_DUTY_PCT = 30;
const FULL_DUTY_PCT = 100;
const PROPORTIONAL_PCT_PER_C = 3;
const INTEGRAL_PCT_PER_C = 0.15;
const MAX_SLEW_PCT = 5;

export function initialThermal(sensors: number, fans: number, nowMs: number): ThermalState {
  return {
    phase: "warmUp",
    dutyPct: FULL_DUTY_PCT,
    sensors: Array.from({ length: sensors }, () => ({ goodC: null, goodAtMs: nowMs })),
    fanStoppedSinceMs: Array.from({ length: fans }, () => nowMs),
    hottestC: null,
    glitches: 0,
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
  const judged = judgeSensors(state, input, nowMs);
  const next: ThermalState = {
    ...state,
    sensors: judged.sensors,
    glitches: state.glitches + judged.glitches,
    fanStoppedSinceMs: judgeFans(state, input, nowMs),
    hottestC: judged.hottestC,
  };
  if (state.phase === "shutdown") return decide(next, "shutdown", FULL_DUTY_PCT, state.reason, []);
  const danger = dangerOf(next, input, limits, judged.liveCount, nowMs);
  if (danger !== null) {
    return decide(next, "shutdown", FULL_DUTY_PCT, danger, [{ kind: "cutPower", reason: danger }]);
  }
  if (state.phase === "warmUp") return warmUp(next, judged.liveCount);
  return regulate(state, next, judged.liveCount, limits, nowMs);
}

function judgeSensors(state: ThermalState, input: ThermalInput, nowMs: number) {
  const isLive = (memory: SensorMemory): boolean =>
    memory.goodC !== null && nowMs - memory.goodAtMs < READING_MAX_AGE_MS;
  let glitches = 0;
  const sensors = state.sensors.map((memory, i): SensorMemory => {
    const reading = input.sensors[i] ?? { kind: "failed" };
    const referenceC =
      memory.goodC === null || isLive(memory) ? memory.goodC : (hottestOf(state.sensors.filter(isLive)) ?? Number.NaN);
    if (reading.kind === "ok" && isPlausible(reading.temperatureC, referenceC)) {
      return { goodC: reading.temperatureC, goodAtMs: nowMs };
    }
    glitches++;
    return memory;
  });
  const live = sensors.filter(isLive);
  return { sensors, glitches, hottestC: hottestOf(live), liveCount: live.length };
}

function hottestOf(sensors: readonly SensorMemory[]): number | null {
  return sensors.length === 0 ? null : Math.max(...sensors.map((s) => s.goodC ?? Number.NEGATIVE_INFINITY));
}

/** @param referenceC what the reading is held against; null = nothing yet, NaN = nothing that could vouch for it. */
function isPlausible(temperatureC: number, referenceC: number | null): boolean {
  if (temperatureC < LOWEST_PLAUSIBLE_C || temperatureC > HIGHEST_PLAUSIBLE_C) return false;
  return referenceC === null || Math.abs(temperatureC - referenceC) <= MAX_JUMP_C;
}

function judgeFans(state: ThermalState, input: ThermalInput, nowMs: number): (number | null)[] {
  return state.fanStoppedSinceMs.map((since, i) => {
    const rpm = input.fansRpm[i] ?? null;
    if (rpm !== null && rpm >= FAN_MIN_RPM) return null;
    return since ?? nowMs;
  });
}

/** The first cause that forbids power, or null. */
function dangerOf(
  state: ThermalState,
  input: ThermalInput,
  limits: ThermalLimits,
  live: number,
  nowMs: number,
): string | null {
  if (state.hottestC !== null && state.hottestC >= limits.dangerousC) {
    return `board at ${state.hottestC.toFixed(1)} C, limit ${limits.dangerousC} C`;
  }
  const chipC = input.temperatureChipMaxC;
  if (chipC !== null && chipC >= limits.chipDangerousC)
    return `chip at ${chipC.toFixed(1)} C, limit ${limits.chipDangerousC} C`;
  if (state.phase !== "warmUp" && live === 0) return "no temperature sensor answers";
  const stopped = state.fanStoppedSinceMs.findIndex((since) => since !== null && nowMs - since >= FAN_STOP_MS);
  if (stopped >= 0) return `fan ${stopped + 1} stands still`;
  return null;
}

/** Power only after every fan turned and at least one sensor told the truth. */
function warmUp(state: ThermalState, liveCount: number): ThermalStep {
  if (liveCount === 0) return decide(state, "warmUp", FULL_DUTY_PCT, "no temperature reading yet", []);
  const waiting = state.fanStoppedSinceMs.findIndex((since) => since !== null);
  if (waiting >= 0) return decide(state, "warmUp", FULL_DUTY_PCT, `fan ${waiting + 1} does not turn yet`, []);
  return decide(state, "regulating", FULL_DUTY_PCT, "sensors and fans proven", [{ kind: "permitPower" }]);
}

function regulate(
  before: ThermalState,
  state: ThermalState,
  live: number,
  limits: ThermalLimits,
  nowMs: number,
): ThermalStep {
  const hottestC = state.hottestC ?? limits.hotC;
  const stopped = state.fanStoppedSinceMs.findIndex((since) => since !== null && nowMs - since >= FAN_DEBOUNCE_MS);
  if (stopped >= 0) return decide(state, "regulating", FULL_DUTY_PCT, `fan ${stopped + 1} stands still: full fans`, []);
  if (hottestC >= limits.hotC)
    return decide(state, "hot", FULL_DUTY_PCT, `board at ${hottestC.toFixed(1)} C: full fans`, []);
  const errorC = hottestC - limits.targetC;
  const slopeC = hottestC - (before.hottestC ?? hottestC);
  const wish = PROPORTIONAL_PCT_PER_C * slopeC + INTEGRAL_PCT_PER_C * errorC;
  const change = Math.max(-MAX_SLEW_PCT, Math.min(MAX_SLEW_PCT, wish));
  const dutyPct = Math.max(MIN_DUTY_PCT, Math.min(FULL_DUTY_PCT, before.dutyPct + change));
  const lostSensors = state.sensors.length - live;
  const reason =
    lostSensors === 0
      ? `board at ${hottestC.toFixed(1)} C, target ${limits.targetC} C`
      : `${lostSensors} temperature sensors lost`;
  return decide(state, "regulating", dutyPct, reason, []);
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
