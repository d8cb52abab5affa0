/** Outcomes of nonces per chip in one flat array; what the chip map and the error rates are read from. */

/** Every nonce that a chip reports ends as exactly one of these. */
export const NONCE_OUTCOMES = ["share", "valid", "duplicate", "stale", "hardwareError", "unknownWork"] as const;
export type NonceOutcome = (typeof NONCE_OUTCOMES)[number];

export type OutcomeCounts = Readonly<Record<NonceOutcome, number>>;

const WIDTH = NONCE_OUTCOMES.length;
const INDEX: Readonly<Record<NonceOutcome, number>> = {
  share: 0,
  valid: 1,
  duplicate: 2,
  stale: 3,
  hardwareError: 4,
  unknownWork: 5,
};

export class ChipCounters {
  /** One row a chip and a last one for nonces that name no chip. */
  readonly #counts: Float64Array;
  /** Over all rows: asked several times a second, by everybody. */
  readonly #totals = new Float64Array(WIDTH);
  readonly #chips: number;

  constructor(chips: number) {
    this.#chips = chips;
    this.#counts = new Float64Array((chips + 1) * WIDTH);
  }

  /** @param chipIndex -1 or out of range counts for the chain alone. */
  record(chipIndex: number, outcome: NonceOutcome): void {
    const row = chipIndex >= 0 && chipIndex < this.#chips ? chipIndex : this.#chips;
    const column = INDEX[outcome];
    const at = row * WIDTH + column;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#totals[column] = (this.#totals[column] ?? 0) + 1;
  }

  /** Nonces of one chip, however they ended: a number that stands still shows a silent chip. */
  heard(chipIndex: number): number {
    let sum = 0;
    for (let at = chipIndex * WIDTH; at < (chipIndex + 1) * WIDTH; at++) sum += this.#counts[at] ?? 0;
    return sum;
  }

  ofChip(chipIndex: number): OutcomeCounts {
    return countsAt(this.#counts, chipIndex * WIDTH);
  }

  ofChain(): OutcomeCounts {
    return countsAt(this.#totals, 0);
  }
}

function countsAt(counts: Float64Array, at: number): OutcomeCounts {
  const of = (outcome: NonceOutcome): number => counts[at + INDEX[outcome]] ?? 0;
  return {
    share: of("share"),
    valid: of("valid"),
    duplicate: of("duplicate"),
    stale: of("stale"),
    hardwareError: of("hardwareError"),
    unknownWork: of("unknownWork"),
  };
}
