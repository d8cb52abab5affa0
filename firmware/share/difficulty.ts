/**
 * Difficulties as 256-bit targets. Every comparison in the project is between targets, never between difficulty
 * numbers, since the chip side and the pool side may have different scales.
 *
 * A difficulty-1 nonce costs 2^32 hashes. Where chips are emulated, a scale factor F makes every target F times easier
 * (F = 1 is Bitcoin). F is handed over beside the difficulty, never multiplied into a difficulty-1 target: F x T1 may
 * exceed 2^256.
 */

import { swapBytes } from "#hal/sha256.ts";

/** 256-bit number as 8 unsigned words, most significant first. */
export type Target = Readonly<Uint32Array>;

/** Difficulty 1 of pools: what the compact form 0x1d00ffff means. All servers and miners compute with it. */
const T1 = 0xffffn << 208n;
const MAX_256 = (1n << 256n) - 1n;

/** A finite positive double as an exact fraction. */
function fractionOf(value: number): { numerator: bigint; denominator: bigint } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const rawExponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = rawExponent === 0 ? fraction : fraction | (1n << 52n);
  const exponent = (rawExponent === 0 ? 1 : rawExponent) - 1075;
  return exponent >= 0
    ? { numerator: mantissa << BigInt(exponent), denominator: 1n }
    : { numerator: mantissa, denominator: 1n << BigInt(-exponent) };
}

function assertPositive(value: number, name: string): void {
  if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be a positive number, got ${value}`);
}

/** base x scale / difficulty as an exact fraction. */
function scaledFraction(base: bigint, difficulty: number, scale: number): { numerator: bigint; denominator: bigint } {
  assertPositive(difficulty, "difficulty");
  assertPositive(scale, "scale");
  const d = fractionOf(difficulty);
  const f = fractionOf(scale);
  return { numerator: base * f.numerator * d.denominator, denominator: f.denominator * d.numerator };
}

export function targetFromBigInt(value: bigint): Target {
  const clamped = value > MAX_256 ? MAX_256 : value;
  const words = new Uint32Array(8);
  for (let i = 0; i < 8; i++) words[i] = Number((clamped >> BigInt(32 * (7 - i))) & 0xffffffffn);
  return words;
}

export function targetToBigInt(target: Target): bigint {
  return target.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n);
}

/** Difficulty that a header's compact form stands for: that of the network, for a block. Null: it stands for no target. */
export function difficultyOfBits(nBits: number): number | null {
  const mantissa = nBits & 0xff_ffff;
  // The sign's bit: no target is negative.
  if (mantissa === 0 || mantissa > 0x7f_ffff) return null;
  return (0xffff / mantissa) * 256 ** (0x1d - (nBits >>> 24));
}

/** Share target of a pool: min(2^256 - 1, floor(F x T1 / difficulty)); a hash meets it when hash <= target. */
export function poolTarget(difficulty: number, scale: number): Target {
  const { numerator, denominator } = scaledFraction(T1, difficulty, scale);
  return targetFromBigInt(numerator / denominator);
}

/**
 * Ticket target of chips. They compare zero bits: hash < F x 2^224 / difficulty, which lets 1.5e-5 more through than
 * T1 does (a nonce of 255.998 was captured at ticket 256). Returned so that the test is hash <= target here, too.
 */
export function ticketTarget(difficulty: number, scale: number): Target {
  const { numerator, denominator } = scaledFraction(1n << 224n, difficulty, scale);
  return targetFromBigInt((numerator + denominator - 1n) / denominator - 1n);
}

/** Target of the compact form in a block header; null where it is negative or zero. */
export function targetFromNBits(nBits: number): Target | null {
  const exponent = nBits >>> 24;
  const mantissa = BigInt(nBits & 0x7fffff);
  if ((nBits & 0x800000) !== 0 || mantissa === 0n) return null;
  return targetFromBigInt(
    exponent >= 3 ? mantissa << BigInt(8 * (exponent - 3)) : mantissa >> BigInt(8 * (3 - exponent)),
  );
}

/** True when the easier of two targets is `a`, or both are equal. */
export function isEasierOrEqual(a: Target, b: Target): boolean {
  for (let i = 0; i < 8; i++) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    if (x !== y) return x > y;
  }
  return true;
}

/**
 * True when the hash (8 words as SHA-256 gives them) is at or below the target. Bitcoin reads the hash as a
 * little-endian number, so its top word is the last one with its bytes swapped.
 */
export function hashMeetsTarget(hash: Readonly<Int32Array>, target: Target): boolean {
  for (let i = 0; i < 8; i++) {
    const word = swapBytes(hash[7 - i] ?? 0) >>> 0;
    const limit = target[i] ?? 0;
    if (word !== limit) return word < limit;
  }
  return true;
}

/** Difficulty of a hash for display (best share): F x T1 / hash. Never used to accept or refuse. */
export function hashDifficulty(hash: Readonly<Int32Array>, scale: number): number {
  let value = 0;
  for (let i = 0; i < 8; i++) value = value * 2 ** 32 + (swapBytes(hash[7 - i] ?? 0) >>> 0);
  return value === 0 ? Number.POSITIVE_INFINITY : (scale * Number(T1)) / value;
}

/** Hashes that one nonce at this ticket difficulty stands for, in the chips' own (unscaled) units. */
export function hashesPerTicket(difficulty: number): number {
  return difficulty * 2 ** 32;
}
