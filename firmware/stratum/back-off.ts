/** How long to wait before the next connect: 1 s, 2, 4 ... 60 s, each with 25 % of jitter either way. Pure. */
import type { Random } from "#hal/random.ts";

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
const JITTER = 0.25;
/** A refused user is a setting fault: asking again soon helps nobody. */
const UNAUTHORISED_MS = 60_000;

/** A session of this length has shown that a redirect led somewhere. */
const SETTLED_MS = 60_000;

/** @param attempt 0 for the first retry. */
export function retryDelayMs(attempt: number, isUnauthorised: boolean, random: Random): number {
  const base = isUnauthorised ? UNAUTHORISED_MS : Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  return base * (1 + JITTER * (2 * random.unit() - 1));
}

/** Redirects in a row out of sessions that were short, after a session of this length. */
export function redirectsAfter(redirects: number, livedMs: number, isRedirected: boolean): number {
  if (livedMs >= SETTLED_MS) return 0;
  return isRedirected ? redirects + 1 : redirects;
}

/**
 * A pool may send us on at once, to the server meant for us; one that goes on sending would have us connect without a pause.
 *
 * @param redirects in a row with this one; 0 = it came out of a session that had settled.
 */
export function redirectDelayMs(redirects: number, askedMs: number, random: Random): number {
  return redirects < 2 ? askedMs : Math.max(askedMs, retryDelayMs(redirects - 2, false, random));
}
