/**
 * Hashing that earns nothing: a chain that is fed too slowly repeats its headers, and no chip says so. The signs are
 * duplicates and a hashrate below the expectation, without hardware errors; here they are named.
 */
import type { OutcomeCounts } from "./chip-counters.ts";

const WINDOW_S = 60;

/** Nonces of the last minute, from cumulative counts that come in once a second. */
export class RecentNonces {
  readonly #good = new Float64Array(WINDOW_S);
  readonly #duplicate = new Float64Array(WINDOW_S);
  #next = 0;
  #last = { good: 0, duplicate: 0 };

  sample(counts: OutcomeCounts): void {
    this.#last = { good: counts.share + counts.valid, duplicate: counts.duplicate };
    this.#good[this.#next] = this.#last.good;
    this.#duplicate[this.#next] = this.#last.duplicate;
    this.#next = (this.#next + 1) % WINDOW_S;
  }

  /** Since the oldest sample kept. */
  get counts(): { good: number; duplicate: number } {
    return {
      good: this.#last.good - (this.#good[this.#next] ?? 0),
      duplicate: this.#last.duplicate - (this.#duplicate[this.#next] ?? 0),
    };
  }
}

export interface FeedAlarmInput {
  readonly chainIndex: number;
  readonly good: number;
  readonly duplicate: number;
  /** Recent hashes/s; null when the chain did not hash. */
  readonly rates: { readonly foundHashesPerS: number; readonly expectedHashesPerS: number } | null;
  /** How long the headers of one work last, in ms, or null when that is unknown. */
  readonly epochMs: number | null;
}

/** Far above chance: a healthy chain has none at all. */
const DUPLICATE_SHARE = 0.02;
const LOW_HASHRATE = 0.9;
const MIN_NONCES = 200;

/** What is wrong with the feeding of a chain, in one sentence, or null. */
export function feedAlarm({ chainIndex, good, duplicate, rates, epochMs }: FeedAlarmInput): string | null {
  const total = good + duplicate;
  if (total < MIN_NONCES || duplicate <= DUPLICATE_SHARE * total) return null;
  const repeats = `chain ${chainIndex}: ${percent(duplicate / total)} of the nonces are repeats`;
  const part = rates === null || rates.expectedHashesPerS === 0 ? 1 : rates.foundHashesPerS / rates.expectedHashesPerS;
  const loss = part < LOW_HASHRATE ? ` and ${percent(1 - part)} of the hashrate is lost` : "";
  const epoch = epochMs === null ? "" : `; a job lasts ${epochMs.toFixed(0)} ms`;
  return `${repeats}${loss}: the chips run out of headers because work comes too late${epoch}`;
}

function percent(part: number): string {
  return `${(100 * part).toFixed(0)} %`;
}
