/** How many inputs the fuzz tests try, and what the slowest of them took. `npm run fuzz` is the long run. */
import { expect } from "vitest";
import { heldBytes } from "./heap.ts";

const WANTED = process.env["FUZZ_RUNS"];
/** An input that takes longer is a hang. Asserted in the long run only, of the quickest of a few tries. */
const HANG_MS = 100;
const TRIES = 4;
export const WAITED = "waited on purpose";
const KEPT_MAX_BYTES = 8 * 2 ** 20;
/** The first inputs fill what is made once, the tables of the generators above all. */
const WARM_INPUTS = 500;

/** @param ordinarily without FUZZ_RUNS in the environment. */
export function fuzzRuns(ordinarily: number): number {
  return WANTED === undefined ? ordinarily : Number(WANTED);
}

/** A long run may take as long as it takes. */
export function fuzzTimeoutMs(runs: number): number {
  return 60_000 + runs * 20;
}

/** What is finalised frees more in the next round. */
function leastHeldBytes(): number {
  return Math.min(heldBytes(), heldBytes(), heldBytes());
}

/** Watches what is done with each input of one property. */
export class Fuzzed {
  readonly #name: string;
  #beforeBytes = 0;
  #inputs = 0;
  #slowestMs = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** `act` takes an input and may be repeated with the same. */
  watch<Input extends unknown[]>(act: (...input: Input) => void): (...input: Input) => void {
    return (...input) => {
      for (const _ of this.#tries()) act(...input);
    };
  }

  /** As `watch`, of what answers later; how long it takes does not count where it says that it waited on purpose. */
  watchAsync<Input extends unknown[]>(act: (...input: Input) => Promise<unknown>): (...input: Input) => Promise<void> {
    return async (...input) => {
      for (const _ of this.#tries()) if ((await act(...input)) === WAITED) return;
    };
  }

  /** Counts and times one input: goes round once, or a few times while it looks like a hang. Left early, no time counts. */
  *#tries(): Generator<void> {
    this.#count();
    let leastMs = Number.POSITIVE_INFINITY;
    for (let tries = 0; tries < TRIES && leastMs > HANG_MS; tries++) {
      const beganAtMs = performance.now();
      yield;
      leastMs = Math.min(leastMs, performance.now() - beganAtMs);
    }
    this.#slowestMs = Math.max(this.#slowestMs, leastMs);
  }

  #count(): void {
    this.#inputs++;
    if (WANTED !== undefined && this.#inputs === WARM_INPUTS) this.#beforeBytes = leastHeldBytes();
  }

  /** At the end of the property: in a long run, judged and told. */
  tell(): void {
    expect(this.#inputs).toBeGreaterThan(0);
    if (WANTED === undefined) return;
    const keptBytes = leastHeldBytes() - this.#beforeBytes;
    console.log(
      `fuzz ${this.#name}: ${this.#inputs} inputs, slowest ${this.#slowestMs.toFixed(1)} ms, ${(keptBytes / 2 ** 20).toFixed(1)} MiB kept`,
    );
    expect(this.#slowestMs).toBeLessThan(HANG_MS);
    expect(this.#inputs, "too few inputs to tell what is kept").toBeGreaterThan(WARM_INPUTS);
    expect(keptBytes).toBeLessThan(KEPT_MAX_BYTES);
  }
}
