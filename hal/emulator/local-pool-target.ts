/**
 * Share target of the local pool, exact: min(2^256 - 1, floor(F x T1 / D)) with T1 = 0xFFFF << 208. A double is a whole
 * number times a power of two, so BigInt can divide without rounding.
 */

const TARGET_MAX = (1n << 256n) - 1n;
const TARGET_DIFFICULTY_1 = 0xffffn << 208n;

interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

function exactFraction(value: number): Fraction {
  let whole = value;
  let doublings = 0n;
  while (!Number.isInteger(whole)) {
    whole *= 2;
    doublings++;
  }
  return { numerator: BigInt(whole), denominator: 1n << doublings };
}

/** @param difficulty above 0. @param scale F, above 0; 1 is Bitcoin. */
export function shareTarget(difficulty: number, scale: number): bigint {
  const d = exactFraction(difficulty);
  const f = exactFraction(scale);
  const target = (f.numerator * TARGET_DIFFICULTY_1 * d.denominator) / (f.denominator * d.numerator);
  return target > TARGET_MAX ? TARGET_MAX : target;
}
