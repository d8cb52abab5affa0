/**
 * The thermal supervisor's decision, pure: readings in; fan duty, permission for power and a limit for the frequency out,
 * with the reason. "Unknown" and "failed" are different: unknown means full fans, failed means full fans and then no power.
 */
import { fanDanger, judgeFans, newFan, slowFan, stoppedFan } from "./fan-judgement.ts";
import { blindChains, blindText, hottestOf, isExcused, isLive, judgeSensors, newSensor } from "./sensor-judgement.ts";
import { frequencyPctOf, noThrottle, stepThrottle } from "./thermal-throttle.ts";
import type {
  ChipReading,
  ThermalAction,
  ThermalCause,
  ThermalInput,
  ThermalLimits,
  ThermalPhase,
  ThermalPlan,
  ThermalState,
  ThermalStep,
} from "./thermal-types.ts";

/** A board that heats up faster than a jump allows is believed when it says so this often in a row. */
const DANGEROUS_READINGS = 2;
/** One damaged reply must not end a run: the chips have to say it twice. */
const CHIP_DANGEROUS_READINGS = 2;
/** `hot` is left this much below its limit. */
const HOT_HYSTERESIS_C = 3;
/** Colder boards are not powered: capacitors and clocks are not rated for it, and thaw water conducts. Our choice. */
const COLDEST_START_C = -10;
const FULL_DUTY_PCT = 100;
const PROPORTIONAL_PCT_PER_C = 3;
const INTEGRAL_PCT_PER_C = 0.15;
const MAX_SLEW_PCT = 5;

/** @param sensorChains hash chain of each sensor, in the order of the readings. */
export function initialThermal(sensorChains: readonly number[], fans: number, nowMs: number): ThermalState {
  return {
    phase: "warmUp",
    dutyPct: FULL_DUTY_PCT,
    sensors: sensorChains.map((chainIndex) => newSensor(chainIndex, nowMs)),
    fans: Array.from({ length: fans }, () => newFan(nowMs)),
    hottestC: null,
    chipHotReadings: 0,
    chipReadAtMs: null,
    glitches: 0,
    blindTurns: 0,
    throttle: noThrottle(nowMs),
    reason: "waiting for sensors and fans",
    trouble: null,
  };
}

/** The state of a machine that was shut down before it was started again: no power until the owner has acknowledged it. */
export function latchedThermal(state: ThermalState, reason: string): ThermalState {
  return { ...state, phase: "shutdown", reason, trouble: null };
}

/** To be called about once a second. */
export function stepThermal(state: ThermalState, input: ThermalInput, plan: ThermalPlan, nowMs: number): ThermalStep {
  const { limits } = plan;
  const judged = judgeSensors(state, input, limits, nowMs);
  const next: ThermalState = {
    ...state,
    sensors: judged.sensors,
    glitches: state.glitches + judged.glitches,
    blindTurns: judged.glitches > 0 && judged.glitches === judged.asked ? state.blindTurns + 1 : 0,
    fans: plan.cooling.mode === "air" ? judgeFans(state, input, nowMs) : [],
    hottestC: hottestOf(judged.sensors.filter((s) => isLive(s, nowMs))),
    ...judgeChips(state, input.chips, limits),
  };
  if (state.phase === "shutdown") return decide(next, "shutdown", fullDuty(plan), state, []);
  const danger = dangerOf(next, input, limits, nowMs);
  if (danger !== null) {
    return decide(next, "shutdown", fullDuty(plan), danger, [{ kind: "cutPower", reason: danger.reason }]);
  }
  return state.phase === "warmUp" ? warmUp(next, plan, nowMs) : regulate(state, next, plan, nowMs);
}

export type Acknowledgement =
  | { readonly kind: "released"; readonly state: ThermalState }
  | { readonly kind: "refused"; readonly reason: string };

/**
 * The owner has seen why it was shut down. Refused while a board is still hot; where nobody knows how hot it is, the
 * sensors have to prove themselves anew before there is power.
 */
export function acknowledgeShutdown(state: ThermalState, limits: ThermalLimits, nowMs: number): Acknowledgement {
  if (state.phase !== "shutdown") return { kind: "refused", reason: "nothing is shut down" };
  if (state.hottestC !== null && state.hottestC > limits.targetC) {
    const text = `a board is still at ${state.hottestC.toFixed(1)} C: wait until it is below ${limits.targetC} C`;
    return { kind: "refused", reason: text };
  }
  const hot = state.sensors.find(({ dangerousInARow }) => dangerousInARow > 0);
  if (hot !== undefined)
    return {
      kind: "refused",
      reason: `a sensor of chain ${hot.chainIndex} still reads above the limit of ${limits.dangerousC} C`,
    };
  return { kind: "released", state: provenAnew(state, nowMs) };
}

/** Sensors and fans have to prove themselves before power is permitted again; a limit of the frequency stays. */
export function provenAnew(state: ThermalState, nowMs: number): ThermalState {
  const chains = state.sensors.map(({ chainIndex }) => chainIndex);
  return { ...initialThermal(chains, state.fans.length, nowMs), glitches: state.glitches, throttle: state.throttle };
}

function judgeChips(
  state: ThermalState,
  chips: ChipReading | null,
  limits: ThermalLimits,
): Pick<ThermalState, "chipHotReadings" | "chipReadAtMs"> {
  if (chips === null) return { chipHotReadings: 0, chipReadAtMs: null };
  const { chipHotReadings, chipReadAtMs } = state;
  if (chips.atMs === chipReadAtMs) return { chipHotReadings, chipReadAtMs };
  const isHot = chips.temperatureC >= limits.chipDangerousC;
  return { chipHotReadings: isHot ? chipHotReadings + 1 : 0, chipReadAtMs: chips.atMs };
}

/** The first cause that forbids power, or null. */
function dangerOf(state: ThermalState, input: ThermalInput, limits: ThermalLimits, nowMs: number): ThermalCause | null {
  if (state.hottestC !== null && state.hottestC >= limits.dangerousC) {
    return plain(`board at ${state.hottestC.toFixed(1)} C, limit ${limits.dangerousC} C`);
  }
  const sudden = state.sensors.find((s) => s.dangerousInARow >= DANGEROUS_READINGS);
  if (sudden !== undefined)
    return plain(`board of chain ${sudden.chainIndex} suddenly above its limit of ${limits.dangerousC} C`);
  if (state.chipHotReadings >= CHIP_DANGEROUS_READINGS) {
    return plain(`chip at ${(input.chips?.temperatureC ?? 0).toFixed(1)} C, limit ${limits.chipDangerousC} C`);
  }
  // Before power was ever permitted nothing is in danger: the start simply waits.
  if (state.phase === "warmUp") return null;
  const [blind] = blindChains(state, nowMs);
  if (blind !== undefined) return sensors(blindText(`no temperature sensor of chain ${blind} answers`, state, blind));
  const stopped = fanDanger(state.fans, nowMs);
  return stopped === null ? null : fans(stopped);
}

/** Power only after every fan turned and a sensor of every board told the truth. */
function warmUp(state: ThermalState, plan: ThermalPlan, nowMs: number): ThermalStep {
  const wait = (cause: ThermalCause): ThermalStep => decide(state, "warmUp", fullDuty(plan), cause, []);
  if (state.sensors.length === 0) return wait(plain("no hashboard with a sensor"));
  const [blind] = blindChains(state, nowMs);
  if (blind !== undefined) return wait(sensors(blindText(`no temperature of chain ${blind} yet`, state, blind)));
  const waiting = state.fans.findIndex(({ stoppedSinceMs }) => stoppedSinceMs !== null);
  if (waiting >= 0) return wait(fans(`fan ${waiting + 1} does not turn yet`));
  const coldestC = Math.min(...state.sensors.filter((s) => isLive(s, nowMs)).map((s) => s.goodC ?? 0));
  if (coldestC < COLDEST_START_C)
    return wait(
      plain(`a board is at ${coldestC.toFixed(1)} C, too cold to start: warm the place above ${COLDEST_START_C} C`),
    );
  return decide(state, "regulating", fullDuty(plan), plain("sensors and fans proven"), [{ kind: "permitPower" }]);
}

function regulate(before: ThermalState, state: ThermalState, plan: ThermalPlan, nowMs: number): ThermalStep {
  const { limits, cooling } = plan;
  const blindness = unknownHeat(state, nowMs);
  const hottestC = state.hottestC ?? limits.hotC;
  const wasHot = before.throttle.hotSinceMs !== null || before.phase === "hot";
  const isHot = state.hottestC !== null && hottestC >= (wasHot ? limits.hotC - HOT_HYSTERESIS_C : limits.hotC);
  const dutyPct = cooling.mode === "air" ? dutyFor(before, hottestC, isHot, plan) : 0;
  // Where no temperature is known at all there is nothing to follow.
  const throttled =
    state.hottestC === null ? state.throttle : stepThrottle(state.throttle, { hottestC, isHot, limits, nowMs });
  const next: ThermalState = { ...state, throttle: throttled };
  const board = `board at ${hottestC.toFixed(1)} C`;
  const actions: ThermalAction[] =
    throttled.steps === before.throttle.steps
      ? []
      : [{ kind: "limitFrequency", frequencyPct: frequencyPctOf(throttled), reason: board }];
  // Nobody knows how hot all of it is, or a fan is lost: no quiet limit counts.
  if (blindness !== null) {
    const cause = { ...blindness, reason: `${blindness.reason}: full fans` };
    return decide(next, phaseOf(next, isHot), fullDuty(plan), cause, actions);
  }
  const slowed = throttled.steps > 0 ? `, chips at ${frequencyPctOf(throttled)} % of their frequency` : "";
  const air = isHot ? (cooling.mode === "air" ? ": full fans" : "") : `, target ${limits.targetC} C`;
  const reason = `${board}${air}${slowed}`;
  return decide(next, phaseOf(next, isHot), dutyPct, plain(reason), actions);
}

/** Why the temperature of some part is not known for certain, or null. */
function unknownHeat(state: ThermalState, nowMs: number): ThermalCause | null {
  const stopped = stoppedFan(state.fans, nowMs);
  if (stopped >= 0) return fans(`fan ${stopped + 1} stands still`);
  const unseen = state.sensors.filter((s) => !isLive(s, nowMs));
  const lost = unseen.filter((s) => !isExcused(s, nowMs)).length;
  if (state.hottestC === null && unseen.length > lost) return plain("no chain is up, so no temperature is known");
  // One reading of the only sensor may be a glitch; several sensors do not glitch at once.
  if (state.blindTurns >= (state.sensors.length > 1 ? 1 : 2)) return sensors("no temperature sensor answers");
  // The sensor that is left may sit at the cool end of its board.
  if (unseen.length > lost) return plain("a chain is not up, so its temperature is not known");
  if (lost > 0) return sensors(`${lost} of ${state.sensors.length} temperature sensors lost`);
  const slow = slowFan(state.fans, nowMs);
  return slow >= 0 ? fans(`fan ${slow + 1} turns far slower than it used to`) : null;
}

function dutyFor(before: ThermalState, hottestC: number, isHot: boolean, { limits, cooling }: ThermalPlan): number {
  const { dutyMinPct, dutyMaxPct, dutyManualPct } = cooling;
  // Halfway between hot and dangerous the owner's ears come second.
  if (hottestC >= (limits.hotC + limits.dangerousC) / 2) return FULL_DUTY_PCT;
  if (isHot) return Math.max(dutyMaxPct, dutyManualPct ?? 0);
  if (dutyManualPct !== null) return dutyManualPct;
  const slopeC = hottestC - (before.hottestC ?? hottestC);
  const wish = PROPORTIONAL_PCT_PER_C * slopeC + INTEGRAL_PCT_PER_C * (hottestC - limits.targetC);
  const change = Math.max(-MAX_SLEW_PCT, Math.min(MAX_SLEW_PCT, wish));
  const start = Math.min(before.dutyPct, Math.max(dutyMaxPct, before.dutyPct - MAX_SLEW_PCT));
  return Math.max(dutyMinPct, Math.min(FULL_DUTY_PCT, Math.min(start + change, Math.max(dutyMaxPct, start))));
}

function phaseOf(state: ThermalState, isHot: boolean): ThermalPhase {
  if (state.throttle.steps > 0) return "throttling";
  return isHot ? "hot" : "regulating";
}

function fullDuty({ cooling }: ThermalPlan): number {
  return cooling.mode === "air" ? FULL_DUTY_PCT : 0;
}

function decide(
  state: ThermalState,
  phase: ThermalPhase,
  dutyPct: number,
  { reason, trouble }: ThermalCause,
  actions: readonly ThermalAction[],
): ThermalStep {
  return { state: { ...state, phase, dutyPct, reason, trouble }, actions, reason };
}

/** Of heat, or of nothing that is out of order. */
function plain(reason: string): ThermalCause {
  return { reason, trouble: null };
}

function fans(reason: string): ThermalCause {
  return { reason, trouble: "fans" };
}

function sensors(reason: string): ThermalCause {
  return { reason, trouble: "sensors" };
}
