/**
 * Hashing that earns nothing: a chain that is fed too slowly repeats its headers, and no chip says so. The signs are
 * duplicates and a hashrate below the expectation, without hardware errors; here they are named.
 */
import type { OutcomeCounts } from "./chip-counters.ts";

export interface FeedAlarmInput {
  readonly chainIndex: number;
  readonly counts: OutcomeCounts;
  /** Recent hashes/s, or null when there is no full window yet. */
  readonly measuredHashesPerS: number | null;
  readonly expectedHashesPerS: number | null;
  /** How long the present work's headers last, and how often work is renewed, in ms. */
  readonly epochMs: number | null;
  readonly feedPeriodMs: number | null;
}

/** Far above chance: a healthy chain has none at all. */
const DUPLICATE_SHARE = 0.02;
const LOW_HASHRATE = 0.9;
const MIN_NONCES = 200;

/** One sentence each for what is wrong with the feeding of a chain; empty when nothing is. */
export function feedAlarms(input: FeedAlarmInput): string[] {
  const { counts, chainIndex } = input;
  const good = counts.share + counts.valid;
  if (good + counts.duplicate < MIN_NONCES) return [];
  const duplicateShare = counts.duplicate / (good + counts.duplicate);
  const { measuredHashesPerS, expectedHashesPerS } = input;
  const isLow =
    measuredHashesPerS !== null &&
    expectedHashesPerS !== null &&
    measuredHashesPerS < LOW_HASHRATE * expectedHashesPerS;
  if (duplicateShare <= DUPLICATE_SHARE) return [];
  const epoch = input.epochMs === null ? "" : `; a job lasts ${input.epochMs.toFixed(0)} ms`;
  const loss = isLow
    ? ` and ${(100 * (1 - (measuredHashesPerS ?? 0) / (expectedHashesPerS ?? 1))).toFixed(0)} % of the hashrate is lost`
    : "";
  return [
    `chain ${chainIndex}: ${(100 * duplicateShare).toFixed(0)} % of the nonces are repeats${loss}: the chips run out of headers because work comes too late${epoch}`,
  ];
}
