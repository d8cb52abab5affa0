/**
 * Who is alive: every loop that safety hangs on says so once a turn. The watchdog is fed only while all of them are
 * fresh, so a loop that hangs ends in a reset board with its power off, not in a hot one.
 */

export interface Heartbeat {
  readonly name: string;
  /** Without a beat for so long the loop counts as hung. */
  readonly maxAgeMs: number;
  readonly atMs: number;
}

export type WatchdogDecision =
  | { readonly kind: "feed"; readonly reason: string }
  | { readonly kind: "starve"; readonly reason: string };

/** A turn that is late by more shows that the whole process stood still. */
const MAX_LAG_MS = 5_000;

/** Pure: whether the watchdog may be fed now. @param dueAtMs when this turn should have come. */
export function decideWatchdog(beats: readonly Heartbeat[], dueAtMs: number, nowMs: number): WatchdogDecision {
  const lagMs = nowMs - dueAtMs;
  if (lagMs > MAX_LAG_MS) {
    return { kind: "starve", reason: `the program stood still for ${(lagMs / 1000).toFixed(1)} s` };
  }
  const hung = beats.find(({ atMs, maxAgeMs }) => nowMs - atMs > maxAgeMs);
  if (hung === undefined) return { kind: "feed", reason: "every loop is alive" };
  const text = `the ${hung.name} loop has not finished a turn for ${((nowMs - hung.atMs) / 1000).toFixed(1)} s`;
  return { kind: "starve", reason: text };
}

export class Heartbeats {
  readonly #beats: { name: string; maxAgeMs: number; atMs: number }[] = [];

  get all(): readonly Heartbeat[] {
    return this.#beats;
  }

  /** A loop that has to be alive from now on; the returned function is its beat. */
  add(name: string, maxAgeMs: number, nowMs: number): (nowMs: number) => void {
    const beat = { name, maxAgeMs, atMs: nowMs };
    this.#beats.push(beat);
    return (atMs) => {
      beat.atMs = atMs;
    };
  }
}
