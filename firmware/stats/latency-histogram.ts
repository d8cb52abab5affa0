/** Latencies in fixed buckets, 4 % wide each: recording allocates nothing, percentiles come out at any time. */

const LOWEST_MS = 0.001;
const GROWTH = 1.04;
const BUCKETS = 480;

export class LatencyHistogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;

  get count(): number {
    return this.#total;
  }

  record(latencyMs: number): void {
    const bucket = latencyMs <= LOWEST_MS ? 0 : Math.ceil(Math.log(latencyMs / LOWEST_MS) / Math.log(GROWTH));
    const index = Math.min(BUCKETS - 1, Math.max(0, bucket));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total++;
  }

  /** Upper edge in ms of the bucket that holds this share (0..1) of the recorded values; null when there are none. */
  percentile(share: number): number | null {
    if (this.#total === 0) return null;
    let rest = Math.max(1, Math.ceil(share * this.#total));
    for (let i = 0; i < BUCKETS; i++) {
      rest -= this.#counts[i] ?? 0;
      if (rest <= 0) return Number((LOWEST_MS * GROWTH ** i).toPrecision(3));
    }
    return null;
  }

  /** The pair that reports show. */
  summary(): { p50: number | null; p99: number | null } {
    return { p50: this.percentile(0.5), p99: this.percentile(0.99) };
  }
}
