/**
 * Seeded randomness: sfc32 (Chris Doty-Humphrey's small fast counter generator, public domain), 128 bits of state.
 * Every part of the emulated world draws from a fork of its own, so that one more draw in one place changes nothing in
 * another and a seed replays a run.
 */
import type { Random } from "#hal/random.ts";

/** Rounds that let a poor seed reach every state bit; the author's reference uses 12 to 20. */
const WARM_UP_ROUNDS = 20;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class SeededRandom implements Random {
  readonly #seedLow: number;
  readonly #seedHigh: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream = 0) {
    this.#seedLow = seed >>> 0;
    this.#seedHigh = (Math.floor(seed / 2 ** 32) ^ stream) >>> 0;
    this.#a = this.#seedLow;
    this.#b = this.#seedHigh;
    this.#c = stream >>> 0;
    for (let i = 0; i < WARM_UP_ROUNDS; i++) this.uint32();
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  unit(): number {
    return this.uint32() / 2 ** 32;
  }

  /** An independent stream. It depends on the seed and `label` only, not on how much was drawn before. */
  fork(label: string): SeededRandom {
    let hash = FNV_OFFSET ^ this.#seedHigh;
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), FNV_PRIME);
    return new SeededRandom(this.#seedLow, hash >>> 0);
  }
}

/** Uniform integer 0 .. `count` - 1. */
export function drawIndex(random: Random, count: number): number {
  return Math.floor(random.unit() * count);
}

/** True with `probability`. Draws nothing at probability 0, so that a fault that is off leaves the stream alone. */
export function drawChance(random: Random, probability: number): boolean {
  return probability > 0 && random.unit() < probability;
}
