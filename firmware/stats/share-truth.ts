/**
 * Five readings of the same work side by side: what frequency and chips promise, what the chips report, what hashes right,
 * what was submitted, what pools accepted. All in hashes, in the chips' own scale, so that a gap shows where work is lost.
 */

export const TRUTH_WINDOWS = { "1m": 60_000, "10m": 600_000, "1h": 3_600_000, "24h": 86_400_000 } as const;
export type TruthWindow = keyof typeof TRUTH_WINDOWS;
export const TRUTH_KINDS = ["expected", "reported", "verified", "submitted", "accepted"] as const;
export type TruthKind = (typeof TRUTH_KINDS)[number];

/** A nonce that came before is neither wrong nor work: only alarms ask for it. */
const KINDS = [...TRUTH_KINDS, "repeated"] as const;

export type TruthRow = Readonly<Record<TruthKind, number>>;

const FINE_MS = 10_000;
const FINE_COUNT = TRUTH_WINDOWS["1h"] / FINE_MS;
const COARSE_MS = 300_000;
const COARSE_COUNT = TRUTH_WINDOWS["24h"] / COARSE_MS;

/** Sums in buckets of one length, the oldest forgotten. */
class BucketRing {
  readonly #bucketMs: number;
  readonly #count: number;
  readonly #sums: readonly Float64Array[];
  #bucket = -1;

  constructor(bucketMs: number, count: number) {
    this.#bucketMs = bucketMs;
    this.#count = count;
    this.#sums = KINDS.map(() => new Float64Array(count));
  }

  add(nowMs: number, kind: number, hashes: number): void {
    this.#moveTo(nowMs);
    const sums = this.#sums[kind]!;
    const slot = this.#bucket % this.#count;
    sums[slot] = sums[slot]! + hashes;
  }

  /** Sum over the present bucket and those before it that begin within `windowMs`. */
  sum(nowMs: number, kind: number, windowMs: number): number {
    this.#moveTo(nowMs);
    const buckets = Math.min(this.#count, Math.ceil(windowMs / this.#bucketMs));
    let total = 0;
    for (let i = 0; i < buckets && this.#bucket - i >= 0; i++) {
      total += this.#sums[kind]![(this.#bucket - i) % this.#count]!;
    }
    return total;
  }

  #moveTo(nowMs: number): void {
    const bucket = Math.floor(nowMs / this.#bucketMs);
    if (this.#bucket < 0) this.#bucket = bucket;
    const steps = Math.min(bucket - this.#bucket, this.#count);
    for (let i = 1; i <= steps; i++) {
      for (const sums of this.#sums) sums[(this.#bucket + i) % this.#count] = 0;
    }
    if (steps === this.#count) for (const sums of this.#sums) sums.fill(0);
    if (bucket > this.#bucket) this.#bucket = bucket;
  }
}

export class ShareTruth {
  readonly #fine = new BucketRing(FINE_MS, FINE_COUNT);
  readonly #coarse = new BucketRing(COARSE_MS, COARSE_COUNT);

  /** @param nowMs monotonic. */
  add(nowMs: number, kind: (typeof KINDS)[number], hashes: number): void {
    const index = KINDS.indexOf(kind);
    this.#fine.add(nowMs, index, hashes);
    this.#coarse.add(nowMs, index, hashes);
  }

  /** Part of what was reported. */
  repeated(nowMs: number, window: TruthWindow): number {
    return this.#ring(window).sum(nowMs, KINDS.indexOf("repeated"), TRUTH_WINDOWS[window]);
  }

  read(nowMs: number, window: TruthWindow): TruthRow {
    const ring = this.#ring(window);
    const row = TRUTH_KINDS.map((_, kind) => ring.sum(nowMs, kind, TRUTH_WINDOWS[window]));
    const [expected = 0, reported = 0, verified = 0, submitted = 0, accepted = 0] = row;
    return { expected, reported, verified, submitted, accepted };
  }

  #ring(window: TruthWindow): BucketRing {
    return TRUTH_WINDOWS[window] <= TRUTH_WINDOWS["1h"] ? this.#fine : this.#coarse;
  }
}
