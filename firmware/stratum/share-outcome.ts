/** What became of a submitted share, from the many shapes in which pools refuse: by code first, then by words. */
import type { PoolError } from "./messages.ts";

/** `stale`: outrun by a newer job or block; the chips did nothing wrong. `lost`: never answered. */
export type ShareOutcome = "accepted" | "stale" | "duplicate" | "lowDifficulty" | "unauthorised" | "refused" | "lost";

const BY_CODE: ReadonlyMap<number, ShareOutcome> = new Map([
  [21, "stale"],
  [22, "duplicate"],
  [23, "lowDifficulty"],
  [24, "unauthorised"],
  [25, "unauthorised"],
]);

const BY_WORDS: readonly (readonly [RegExp, ShareOutcome])[] = [
  [/stale|job not found|invalid ?job|unknown.work/i, "stale"],
  [/duplicate/i, "duplicate"],
  [/above target|difficulty|high-hash|target/i, "lowDifficulty"],
  [/unauthori[sz]ed|not subscribed|worker mismatch/i, "unauthorised"],
];

export function shareOutcome(error: PoolError | null, isTrue: boolean): ShareOutcome {
  if (error === null) return isTrue ? "accepted" : "refused";
  const byCode = error.code === null ? undefined : BY_CODE.get(error.code);
  return byCode ?? BY_WORDS.find(([words]) => words.test(error.text))?.[1] ?? "refused";
}

/** Outcomes that a report counts as rejected (stale and lost have counts of their own). */
export function isRejected(outcome: ShareOutcome): boolean {
  return outcome === "duplicate" || outcome === "lowDifficulty" || outcome === "unauthorised" || outcome === "refused";
}
