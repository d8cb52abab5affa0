/**
 * Which pool group the next work is for: each gets its share of the hashing time, weighed by what the chain hashes. A group
 * without a job lends its share to the others and is owed nothing for it afterwards.
 */
export class Quota {
  readonly #weights: readonly number[];
  /** Hashes given to each group so far, in the same scale as the weights of the others. */
  readonly #served: Float64Array;
  readonly #isActive: boolean[];

  /** @param weights one a group, above 0; only their ratios count. */
  constructor(weights: readonly number[]) {
    this.#weights = weights;
    this.#served = new Float64Array(weights.length);
    this.#isActive = weights.map(() => false);
  }

  get groupCount(): number {
    return this.#weights.length;
  }

  /** A group has a job from now on, or none. */
  setActive(group: number, isActive: boolean): void {
    if (this.#isActive[group] === isActive) return;
    this.#isActive[group] = isActive;
    if (!isActive) return;
    // What it missed is not made up for: it joins where the others stand.
    const level = this.#lowestLevel(group);
    if (level !== null) this.#served[group] = level * this.#weight(group);
  }

  /** The group that is furthest behind its share, or -1 when none has a job. */
  next(): number {
    let best = -1;
    for (let group = 0; group < this.#weights.length; group++) {
      if (this.#isActive[group] !== true) continue;
      if (best < 0 || this.#level(group) < this.#level(best)) best = group;
    }
    return best;
  }

  /** So many hashes went into a work of this group. */
  charge(group: number, hashes: number): void {
    if (group >= 0 && group < this.#served.length) this.#served[group] = this.#served[group]! + hashes;
  }

  #weight(group: number): number {
    return this.#weights[group] ?? 1;
  }

  #level(group: number): number {
    return this.#served[group]! / this.#weight(group);
  }

  #lowestLevel(except: number): number | null {
    let lowest: number | null = null;
    for (let group = 0; group < this.#weights.length; group++) {
      if (group === except || this.#isActive[group] !== true) continue;
      lowest = lowest === null ? this.#level(group) : Math.min(lowest, this.#level(group));
    }
    return lowest;
  }
}
