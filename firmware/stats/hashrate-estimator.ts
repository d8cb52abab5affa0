/**
 * Hashrate of one chain from the expected work of its valid nonces, beside what its frequency and chip count promise.
 * Both are integrated over the same hashing time: ramp, stops and restarts count in neither.
 */

/** Seconds of history for the short window that a terminal shows. */
const WINDOW_S = 60;

export class HashrateEstimator {
  #isHashing = false;
  #lastMs = 0;
  #expectedHashesPerS = 0;
  #hashingMs = 0;
  #foundHashes = 0;
  #expectedHashes = 0;
  /** Ring of one-second sums. */
  readonly #foundRing = new Float64Array(WINDOW_S);
  readonly #expectedRing = new Float64Array(WINDOW_S);
  readonly #msRing = new Float64Array(WINDOW_S);
  #second = -1;

  /** The chain hashes (or not) from `nowMs` on, at this expectation. */
  setState(nowMs: number, isHashing: boolean, expectedHashesPerS: number): void {
    this.#integrate(nowMs);
    this.#isHashing = isHashing;
    this.#expectedHashesPerS = expectedHashesPerS;
  }

  /** A valid nonce that stands for `hashes` tries. */
  addFound(nowMs: number, hashes: number): void {
    this.#integrate(nowMs);
    if (!this.#isHashing) return;
    this.#foundHashes += hashes;
    this.#foundRing[this.#slot()] = (this.#foundRing[this.#slot()] ?? 0) + hashes;
  }

  /** Averages over all hashing time so far, in hashes/s; null before there was any. */
  total(nowMs: number): { foundHashesPerS: number; expectedHashesPerS: number; hashingMs: number } | null {
    this.#integrate(nowMs);
    if (this.#hashingMs <= 0) return null;
    return {
      foundHashesPerS: (this.#foundHashes * 1000) / this.#hashingMs,
      expectedHashesPerS: (this.#expectedHashes * 1000) / this.#hashingMs,
      hashingMs: this.#hashingMs,
    };
  }

  /** The same over the last minute of the clock. */
  recent(nowMs: number): { foundHashesPerS: number; expectedHashesPerS: number } | null {
    this.#integrate(nowMs);
    const sum = (ring: Float64Array): number => ring.reduce((a, b) => a + b, 0);
    const ms = sum(this.#msRing);
    if (ms <= 0) return null;
    return {
      foundHashesPerS: (sum(this.#foundRing) * 1000) / ms,
      expectedHashesPerS: (sum(this.#expectedRing) * 1000) / ms,
    };
  }

  #slot(): number {
    return ((this.#second % WINDOW_S) + WINDOW_S) % WINDOW_S;
  }

  #integrate(nowMs: number): void {
    let from = this.#second < 0 ? nowMs : this.#lastMs;
    // Step through the second borders in between, at most once round the ring.
    if (nowMs - from > WINDOW_S * 1000) {
      this.#book(nowMs - from, false);
      from = nowMs;
      this.#clearRings();
    }
    for (;;) {
      const second = Math.floor(from / 1000);
      if (second !== this.#second) this.#enterSecond(second);
      const end = Math.min(nowMs, (second + 1) * 1000);
      this.#book(end - from, true);
      if (end >= nowMs) break;
      from = end;
    }
    this.#lastMs = nowMs;
  }

  #enterSecond(second: number): void {
    this.#second = second;
    const slot = this.#slot();
    this.#foundRing[slot] = 0;
    this.#expectedRing[slot] = 0;
    this.#msRing[slot] = 0;
  }

  #clearRings(): void {
    this.#foundRing.fill(0);
    this.#expectedRing.fill(0);
    this.#msRing.fill(0);
  }

  #book(ms: number, inRing: boolean): void {
    if (!this.#isHashing || ms <= 0) return;
    const expected = (this.#expectedHashesPerS * ms) / 1000;
    this.#hashingMs += ms;
    this.#expectedHashes += expected;
    if (!inRing) return;
    const slot = this.#slot();
    this.#expectedRing[slot] = (this.#expectedRing[slot] ?? 0) + expected;
    this.#msRing[slot] = (this.#msRing[slot] ?? 0) + ms;
  }
}
