/**
 * Ticket difficulty and its register value. A chip reports a nonce when the top 32 bits of the hash and log2(D) bits below
 * them are zero: hash < 2^224 / D, exact in bits (the smallest difficulty among 31,766 captured nonces at 256 is 255.998).
 * The register holds D - 1 with the bits of each byte reversed.
 */
import { KumpelError } from "#hal/errors.ts";

/** Register 0x14 has 32 bits. */
export const TICKET_DIFFICULTY_MAX = 2 ** 32;

function reverseBitsOfBytes(word: number): number {
  let bits = word;
  bits = ((bits >>> 1) & 0x55555555) | ((bits & 0x55555555) << 1);
  bits = ((bits >>> 2) & 0x33333333) | ((bits & 0x33333333) << 2);
  bits = ((bits >>> 4) & 0x0f0f0f0f) | ((bits & 0x0f0f0f0f) << 4);
  return bits >>> 0;
}

/**
 * Register value for a power of two.
 * @throws KumpelError `TICKET_INVALID`.
 */
export function ticketMaskValue(difficulty: number): number {
  const bitCount = Math.log2(difficulty);
  if (!Number.isInteger(bitCount) || bitCount < 0 || difficulty > TICKET_DIFFICULTY_MAX) {
    throw new KumpelError("TICKET_INVALID", `ticket difficulty ${difficulty} is no power of two from 1 to 2^32`, {
      details: { difficulty },
    });
  }
  return reverseBitsOfBytes(difficulty - 1);
}

/** Difficulty that a register value stands for, or null where it is no ticket of ours. */
export function ticketDifficultyOf(value: number): number | null {
  const difficulty = reverseBitsOfBytes(value) + 1;
  return Number.isInteger(Math.log2(difficulty)) ? difficulty : null;
}

/** Largest ticket that hides nothing of `difficulty`: the power of two at or below it, at least 1. */
export function ticketAtMost(difficulty: number): number {
  if (!(difficulty > 1)) return 1;
  let ticket = 1;
  while (ticket * 2 <= difficulty && ticket < TICKET_DIFFICULTY_MAX) ticket *= 2;
  return ticket;
}
