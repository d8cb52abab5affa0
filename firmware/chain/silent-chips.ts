/** Which chips of a hashing chain have fallen silent: by expected nonce gaps, not by seconds, since the ticket varies. */
import type { ChipCounters } from "../stats/chip-counters.ts";
import type { SilentChips } from "./chain-health.ts";

/** A live chip stays silent for so many of its gaps once in e^30 times. */
const SILENT_GAPS = 30;

export class SilentChipWatch {
  readonly #counters: ChipCounters;
  readonly #lastCounts: Float64Array;
  /** Gaps that have passed since a chip was last heard. */
  readonly #gaps: Float64Array;

  constructor(counters: ChipCounters, chips: number) {
    this.#counters = counters;
    this.#lastCounts = new Float64Array(chips);
    this.#gaps = new Float64Array(chips);
  }

  /** The chain begins to hash: everybody has been heard just now. */
  restart(): void {
    this.#gaps.fill(0);
    for (let chip = 0; chip < this.#lastCounts.length; chip++) this.#lastCounts[chip] = this.#counters.heard(chip);
  }

  /**
   * @param chipCount chips that were enumerated: the first so many
   * @param gaps expected nonces of one chip since the last call
   */
  sample(chipCount: number, gaps: number): SilentChips | null {
    let firstChipIndex = -1;
    let count = 0;
    let isAnyHeard = false;
    for (let chip = 0; chip < chipCount; chip++) {
      const heard = this.#counters.heard(chip);
      const silentGaps = heard === this.#lastCounts[chip] ? (this.#gaps[chip] ?? 0) + gaps : 0;
      this.#lastCounts[chip] = heard;
      this.#gaps[chip] = silentGaps;
      if (silentGaps < SILENT_GAPS) {
        isAnyHeard ||= heard > 0;
        continue;
      }
      if (firstChipIndex < 0) firstChipIndex = chip;
      count++;
    }
    // All of them silent is the whole chain's matter; none ever named is a link that does not tell.
    return count === 0 || count === chipCount || !isAnyHeard ? null : { firstChipIndex, count };
  }
}
