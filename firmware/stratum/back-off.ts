/** How long to wait before the next connect: 1 s, 2, 4 ... 60 s, each with 25 % of jitter either way. */
import type { Random } from "#hal/random.ts";

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
const JITTER = 0.25;
/** A refused user is a setting fault: asking again soon helps nobody. */
const UNAUTHORISED_MS = 60_000;

/** @param attempt 0 for the first retry. */
export function retryDelayMs(attempt: number, isUnauthorised: boolean, random: Random): number {
  const base = isUnauthorised ? UNAUTHORISED_MS : Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return base * (1 + JITTER * (2 * random.unit() - 1));
}
