/**
 * Takes frequency away in steps when all the air there is does not keep the boards below `hot`, and gives it back as
 * slowly as a heat sink forgets: pure.
 */
import type { ThermalLimits, ThrottleMemory } from "./thermal-types.ts";

/** One step is a twentieth of the frequency; ten of them halve it, and more would earn less than it costs. */
const STEP_PCT = 5;
const MAX_STEPS = 10;
/** A heat sink follows its power within a minute: a step shows its effect before the next is taken. */
const STEP_DOWN_MS = 30_000;
/** Halfway to the danger limit there is no time for that: two steps at once, and soon again. */
const URGENT_MS = 10_000;
const URGENT_STEPS = 2;
const STEP_UP_MS = 120_000;
/** So far below `hot` there is room for a step, which is worth about two kelvin. */
const ROOM_C = 5;

export interface ThrottleInput {
  readonly hottestC: number;
  /** Hot, with as much air as the owner allows. */
  readonly isHot: boolean;
  readonly limits: ThermalLimits;
  readonly nowMs: number;
}

export function noThrottle(nowMs: number): ThrottleMemory {
  return { steps: 0, changedAtMs: nowMs, hotSinceMs: null, coolSinceMs: null };
}

/** Share of their frequency that chips may run at. */
export function frequencyPctOf({ steps }: ThrottleMemory): number {
  return 100 - STEP_PCT * steps;
}

export function stepThrottle(
  before: ThrottleMemory,
  { hottestC, isHot, limits, nowMs }: ThrottleInput,
): ThrottleMemory {
  const hotSinceMs = isHot ? (before.hotSinceMs ?? nowMs) : null;
  const isCool = hottestC <= limits.hotC - ROOM_C;
  const coolSinceMs = isCool ? (before.coolSinceMs ?? nowMs) : null;
  const since = (sinceMs: number): number => nowMs - Math.max(sinceMs, before.changedAtMs);
  const isUrgent = hottestC >= (limits.hotC + limits.dangerousC) / 2;
  const isDue = isUrgent
    ? before.steps === 0 || nowMs - before.changedAtMs >= URGENT_MS
    : hotSinceMs !== null && since(hotSinceMs) >= STEP_DOWN_MS;
  if (isDue && before.steps < MAX_STEPS) {
    const steps = Math.min(MAX_STEPS, before.steps + (isUrgent ? URGENT_STEPS : 1));
    return { steps, changedAtMs: nowMs, hotSinceMs, coolSinceMs };
  }
  if (coolSinceMs !== null && before.steps > 0 && since(coolSinceMs) >= STEP_UP_MS) {
    return { steps: before.steps - 1, changedAtMs: nowMs, hotSinceMs, coolSinceMs };
  }
  return { steps: before.steps, changedAtMs: before.changedAtMs, hotSinceMs, coolSinceMs };
}
