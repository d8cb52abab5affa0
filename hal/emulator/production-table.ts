/**
 * Who finds how much: the rate of each chip (engines x frequency / (2^32 x D)), their sum for the chain's exponential
 * law, and which chips sweep the same counters, so that one find comes out of several of them: all chips before the hash
 * counting number is written, neighbours when it is too large for their slices.
 */
import type { Random } from "#hal/random.ts";
import { type ChipModel, REGISTER, WINDOW_SIZE } from "./chip-model.ts";
import { type TicketTarget, ticketTarget } from "./ticket-target.ts";

const HASHES_PER_DIFFICULTY = 2 ** 32;

export class ProductionTable {
  /** Expected finds a millisecond of all chips together. */
  totalPerMs = 0;
  /** True when the sweeps of at least two productive chips meet. */
  hasOverlaps = false;
  readonly #scale: number;
  readonly #cumulative: Float64Array;
  readonly #starts: Int32Array;
  /** Counters in a chip's sweep; 0 for a chip that finds nothing. */
  readonly #sizes: Int32Array;
  /** First chip that starts at the same place. */
  readonly #leaders: Int32Array;
  readonly #targets = new Map<number, TicketTarget>();
  #count = 0;

  constructor(chipCount: number, scale: number) {
    this.#scale = scale;
    this.#cumulative = new Float64Array(chipCount);
    this.#starts = new Int32Array(chipCount);
    this.#sizes = new Int32Array(chipCount);
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
    this.#count = liveCount;
    for (let k = 0; k < liveCount; k++) {
      const chip = chips[k]!;
      const rate = this.#ratePerMs(chip, isStrict);
      const start = chip.windowStart();
      this.totalPerMs += rate;
      this.#cumulative[k] = this.totalPerMs;
      this.#starts[k] = start;
      this.#sizes[k] = rate === 0 ? 0 : chip.sweepNonces();
      if (rate > 0 && !firstAtStart.has(start)) firstAtStart.set(start, k);
      this.#leaders[k] = firstAtStart.get(start) ?? k;
    }
    this.hasOverlaps = this.#findOverlaps();
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

  /** First chip that begins its sweep where chip `index` does: only its draws need a search. */
  leaderOf(index: number): number {
    return this.#leaders[index]!;
  }

  /** Whether chip `index` tries the counter at `position` of each core's window. */
  covers(index: number, position: number): boolean {
    return index < this.#count && ((position - this.#starts[index]!) & (WINDOW_SIZE - 1)) < this.#sizes[index]!;
  }

  /** Lowest chip that tries `position`; -1 = none. */
  firstCovering(position: number): number {
    for (let k = 0; k < this.#count; k++) if (this.covers(k, position)) return k;
    return -1;
  }

  #findOverlaps(): boolean {
    const active = Array.from({ length: this.#count }, (_, k) => k).filter((k) => this.#sizes[k]! > 0);
    active.sort((a, b) => this.#starts[a]! - this.#starts[b]!);
    if (active.length < 2) return false;
    return active.some((k, i) => {
      const next = active[(i + 1) % active.length]!;
      const gap = (this.#starts[next]! - this.#starts[k]!) & (WINDOW_SIZE - 1);
      return gap < this.#sizes[k]!;
    });
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
