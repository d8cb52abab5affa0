/**
 * The chips' own filter. Real chips ask for 32 zero bits and log2(D) more: hash < 2^224 / D, exact in zero bits (31,766
 * captured nonces). The scale F makes that easier, hash < F x 2^224 / D, so that a nonce costs h = 2^32 x D / F hashes.
 */
import { swapBytes } from "#hal/sha256.ts";

export interface TicketTarget {
  readonly difficulty: number;
  /** Expected hashes for one find. */
  readonly expectedHashes: number;
  /** The bound as eight words, most significant first. */
  readonly words: Uint32Array;
  /** The bound as a number, for ratios. */
  readonly bound: number;
}

const MAX_TARGET = 2n ** 256n - 1n;
/** Fixed-point places for a fractional scale. */
const SCALE_FRACTION_BITS = 20;

/** Difficulty that a ticket register asks for: one more zero bit for each bit set. */
export function ticketDifficulty(registerValue: number): number {
  let bits = 0;
  for (let rest = registerValue >>> 0; rest !== 0; rest >>>= 1) bits += rest & 1;
  return 2 ** bits;
}

/** @param scale F: 1 is Bitcoin. */
export function ticketTarget(registerValue: number, scale: number): TicketTarget {
  const difficulty = ticketDifficulty(registerValue);
  const scaleFixed = BigInt(Math.round(scale * 2 ** SCALE_FRACTION_BITS));
  const exact = (scaleFixed * 2n ** 224n) / (BigInt(difficulty) << BigInt(SCALE_FRACTION_BITS));
  const bound = exact > MAX_TARGET ? MAX_TARGET : exact;
  const words = Uint32Array.from({ length: 8 }, (_, i) => Number((bound >> BigInt(224 - 32 * i)) & 0xffffffffn));
  return { difficulty, expectedHashes: 2 ** 256 / Number(bound), words, bound: Number(bound) };
}

/** @param hash eight big-endian words, first word first; Bitcoin's number has the last one, byte-swapped, on top. */
export function meetsTarget(hash: Int32Array, target: TicketTarget): boolean {
  for (let i = 0; i < 8; i++) {
    const word = swapBytes(hash[7 - i]!) >>> 0;
    const limit = target.words[i]!;
    if (word !== limit) return word < limit;
  }
  return false;
}

/** log2 of how much better than the target the hash is: 0 .. about 10, fractional. */
export function excessBits(hash: Int32Array, target: TicketTarget): number {
  let value = 0;
  for (let i = 7; i >= 0; i--) value = value * 2 ** 32 + (swapBytes(hash[i]!) >>> 0);
  return Math.log2(target.bound) - Math.log2(value);
}
