/**
 * Who finds how much: the rate of each chip (engines x frequency / (2^32 x D)), their sum for the chain's exponential
 * law, and which chips sweep the very same window, so that one find comes out of all of them.
 */
import type { Random } from "#hal/random.ts";
import type { ChipModel } from "./chip-model.ts";
import { REGISTER } from "./chip-model.ts";
import { type TicketTarget, ticketTarget } from "./ticket-target.ts";

const HASHES_PER_DIFFICULTY = 2 ** 32;

export class ProductionTable {
  /** Expected finds a millisecond of all chips together. */
  totalPerMs = 0;
  /** True when at least two productive chips start their sweep at the same place. */
  hasSharedWindows = false;
  readonly #scale: number;
  readonly #cumulative: Float64Array;
  readonly #starts: Int32Array;
  readonly #leaders: Int32Array;
  readonly #targets = new Map<number, TicketTarget>();
  #count = 0;

  constructor(chipCount: number, scale: number) {
    this.#scale = scale;
    this.#cumulative = new Float64Array(chipCount);
    this.#starts = new Int32Array(chipCount);
    this.#leaders = new Int32Array(chipCount);
  }

  /** Target of a chip's ticket register, computed once per value. */
  targetOf(chip: ChipModel): TicketTarget {
    const ticket = chip.register(REGISTER.ticketMask);
    let target = this.#targets.get(ticket);
    if (target === undefined) {
      target = ticketTarget(ticket, this.#scale);
      this.#targets.set(ticket, target);
    }
    return target;
  }

  rebuild(chips: readonly ChipModel[], liveCount: number, isStrict: boolean): void {
    const firstAtStart = new Map<number, number>();
    this.totalPerMs = 0;
    this.hasSharedWindows = false;
    this.#count = liveCount;
    for (let k = 0; k < liveCount; k++) {
      const chip = chips[k]!;
      const rate = this.#ratePerMs(chip, isStrict);
      this.totalPerMs += rate;
      this.#cumulative[k] = this.totalPerMs;
      this.#starts[k] = chip.windowStart();
      this.#leaders[k] = k;
      if (rate === 0) {
        this.#leaders[k] = -1;
        continue;
      }
      const leader = firstAtStart.get(this.#starts[k]!);
      if (leader === undefined) firstAtStart.set(this.#starts[k]!, k);
      else {
        this.#leaders[k] = leader;
        this.hasSharedWindows = true;
      }
    }
  }

  /** Index of the finding chip, drawn by rate. Only with a positive total. */
  pick(random: Random): number {
    const mark = random.unit() * this.totalPerMs;
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulative[middle]! > mark) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** First chip that sweeps the same window as chip `index`; -1 for a chip that finds nothing. */
  leaderOf(index: number): number {
    return index < this.#count ? this.#leaders[index]! : -1;
  }

  #ratePerMs(chip: ChipModel, isStrict: boolean): number {
    const quarters = chip.reportQuarters(isStrict);
    if (quarters === 0) return 0;
    let quarterCount = 0;
    for (let rest = quarters; rest !== 0; rest >>= 1) quarterCount += rest & 1;
    const hashesPerMs = chip.facts.engineCount * (quarterCount / 4) * chip.frequencyMhz * 1000;
    return hashesPerMs / (HASHES_PER_DIFFICULTY * this.targetOf(chip).difficulty);
  }
}
