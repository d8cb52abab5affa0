/** Which fans turn as they should: pure. A fan is held against what it has shown itself at such a duty before. */
import type { FanMemory, ThermalInput, ThermalState } from "./thermal-types.ts";

const FAN_MIN_RPM = 500;
/** Spin-up and a slow tacho are forgiven for so long, then the other fans go full, then hashing stops. */
const FAN_DEBOUNCE_MS = 10_000;
const FAN_STOP_MS = 30_000;
/** Below this share of what it used to do at such a duty a fan is slow: dust, a worn bearing, a wrong part. */
const SLOW_SHARE = 0.5;
const SLOW_AFTER_MS = 60_000;
/** All of them below it at once are no matter of dust: nobody cools. So many readings in a row end the power. */
const FALLEN_READINGS = 2;
/** How fast the memory of a fan follows: up in seconds (it spins up), down in half a minute, far slower than it runs down. */
const LEARN_UP_SHARE = 0.2;
const LEARN_DOWN_SHARE = 0.03;
/** A rotor and its tacho take some seconds to follow a higher duty. */
const SPIN_UP_PCT = 5;
const STEADY_PCT = 5;
const STEADY_TURNS = 10;

export function newFan(nowMs: number): FanMemory {
  return {
    stoppedSinceMs: nowMs,
    slowSinceMs: null,
    fullRpm: null,
    recentRpm: null,
    fallenInARow: 0,
    expectedDutyPct: 0,
    steadyDutyPct: 0,
    steadyTurns: 0,
  };
}

export function judgeFans(state: ThermalState, input: ThermalInput, nowMs: number): readonly FanMemory[] {
  return input.fansRpm.map((rpm, i) => judgeFan(state.fans[i] ?? newFan(nowMs), rpm, state.dutyPct, nowMs));
}

function judgeFan(fan: FanMemory, rpm: number | null, dutyPct: number, nowMs: number): FanMemory {
  const isTurning = rpm !== null && rpm >= FAN_MIN_RPM;
  const expectedDutyPct = Math.min(dutyPct, fan.expectedDutyPct + SPIN_UP_PCT);
  const fullRpm = expectedDutyPct > 0 ? ((rpm ?? 0) * 100) / expectedDutyPct : 0;
  // Held against both: fans whose duty line is off turn evenly, and the rest turn slower when they are driven less.
  // A tacho that cannot be read says nothing of that, only that nobody knows.
  const isFallen = rpm !== null && isBelow(fullRpm, fan.fullRpm) && isBelow(rpm, fan.recentRpm);
  const isSteady = Math.abs(dutyPct - fan.steadyDutyPct) <= STEADY_PCT;
  const steadyTurns = isSteady ? fan.steadyTurns + 1 : 0;
  const isMeasure = isTurning && !isFallen;
  return {
    stoppedSinceMs: isTurning ? null : (fan.stoppedSinceMs ?? nowMs),
    slowSinceMs: isFallen && isTurning ? (fan.slowSinceMs ?? nowMs) : null,
    fallenInARow: isFallen ? fan.fallenInARow + 1 : 0,
    // What it shows while it spins up or runs down says nothing of what it can do.
    fullRpm: isMeasure && steadyTurns >= STEADY_TURNS ? learn(fan.fullRpm, fullRpm) : fan.fullRpm,
    recentRpm: isMeasure ? learn(fan.recentRpm, rpm) : fan.recentRpm,
    expectedDutyPct,
    steadyDutyPct: isSteady ? fan.steadyDutyPct : dutyPct,
    steadyTurns,
  };
}

function isBelow(value: number, usual: number | null): boolean {
  return usual !== null && value < SLOW_SHARE * usual;
}

/** One wrong count must not become its measure. */
function learn(before: number | null, rpm: number): number {
  if (before === null) return rpm;
  return before + (rpm - before) * (rpm > before ? LEARN_UP_SHARE : LEARN_DOWN_SHARE);
}

/** The first fan that does not turn and has no more excuse, by its index, or -1. */
export function stoppedFan(fans: readonly FanMemory[], nowMs: number): number {
  return fans.findIndex(({ stoppedSinceMs: since }) => since !== null && nowMs - since >= FAN_DEBOUNCE_MS);
}

export function slowFan(fans: readonly FanMemory[], nowMs: number): number {
  return fans.findIndex(({ slowSinceMs: since }) => since !== null && nowMs - since >= SLOW_AFTER_MS);
}

/** Why the fans forbid power, or null. */
export function fanDanger(fans: readonly FanMemory[], nowMs: number): string | null {
  const areDown = fans.length > 1 && fans.every(({ fallenInARow }) => fallenInARow >= FALLEN_READINGS);
  if (areDown) return `all ${fans.length} fans have stopped, or their cable is off`;
  const stopped = fans.findIndex(({ stoppedSinceMs: since }) => since !== null && nowMs - since >= FAN_STOP_MS);
  return stopped >= 0 ? `fan ${stopped + 1} stands still` : null;
}
