/**
 * Whether the next session leaves mining.configure out, pure. Some old servers close on it; but a pool that restarts closes
 * links as well, and without version rolling next to nothing is earned. So one close proves nothing, our own hang-up
 * nothing at all, and what two of them proved is put to the test again and again.
 */

export interface ConfigureSkip {
  /** Sessions in a row that the pool closed on mining.configure. */
  readonly closes: number;
  /** When it is asked again. */
  readonly untilMs: number;
}

const PROOF_CLOSES = 2;
const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;

export const NEVER_CLOSED: ConfigureSkip = { closes: 0, untilMs: 0 };

/** Until when sessions go without mining.configure; null: this one asks. */
export function skipUntilMs({ closes, untilMs }: ConfigureSkip, nowMs: number): number | null {
  return closes >= PROOF_CLOSES && nowMs < untilMs ? untilMs : null;
}

/** The pool closed a session before it answered. */
export function closedOnConfigure({ closes }: ConfigureSkip, nowMs: number): ConfigureSkip {
  const doublings = Math.min(closes + 1 - PROOF_CLOSES, 16);
  return { closes: closes + 1, untilMs: nowMs + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** doublings) };
}
