/**
 * The extranonce2 space of one session, split into disjoint ranges so that no two chains ever work on the same
 * coinbase. A counter is never set back while its session lives: repeated or refreshed jobs go on where it stands.
 */

/** At most this many bytes are counted; a longer extranonce2 keeps its other bytes zero. */
const COUNTED_BYTES = 6;

/** Takes values chain, chain + chains, chain + 2 x chains ... of the space, so ranges stay disjoint at any size. */
export class Extranonce2Counter {
  readonly #size: number;
  readonly #chains: number;
  readonly #first: number;
  readonly #limit: number;
  #next: number;

  /** @param size bytes, 0..16. @param chainPosition 0..chains-1. */
  constructor(size: number, chainPosition: number, chains: number) {
    this.#size = size;
    this.#chains = chains;
    this.#first = chainPosition;
    this.#limit = 2 ** (8 * Math.min(size, COUNTED_BYTES));
    this.#next = chainPosition;
  }

  /**
   * Writes the next value, little-endian, and moves on. Returns false when the range had to start over (the caller
   * must then change another header field), and also when the space holds no value for this chain at all.
   */
  take(out: Uint8Array): boolean {
    const isFresh = this.#next < this.#limit;
    if (!isFresh) this.#next = this.#first % this.#limit;
    let rest = this.#next;
    for (let i = 0; i < this.#size; i++) {
      out[i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    this.#next += this.#chains;
    return isFresh;
  }
}
