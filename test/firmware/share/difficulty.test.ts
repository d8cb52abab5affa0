import { expect, test } from "vitest";
import {
  difficultyOfBits,
  hashDifficulty,
  hashMeetsTarget,
  isEasierOrEqual,
  poolTarget,
  targetFromBigInt,
  targetFromNBits,
  targetToBigInt,
  ticketTarget,
} from "#firmware/share/difficulty.ts";
import { stratumVectors } from "../../support/vectors.ts";

const asHex = (value: bigint): string => value.toString(16).padStart(64, "0");

/** A hash as SHA-256 words from a number as explorers show it. */
function hashOf(value: bigint): Int32Array {
  const shown = Buffer.from(asHex(value), "hex").reverse();
  return Int32Array.from({ length: 8 }, (_, i) => shown.readInt32BE(4 * i));
}

test("pool targets equal the exact quotient for every vector", () => {
  expect(stratumVectors.difficulty_to_target.length).toBe(27);
  for (const { difficulty, target } of stratumVectors.difficulty_to_target) {
    expect(asHex(targetToBigInt(poolTarget(difficulty, 1))), `difficulty ${difficulty}`).toBe(target);
  }
});

test("compact targets equal every vector, negative and zero ones are none", () => {
  expect(stratumVectors.nbits_to_target.length).toBe(12);
  for (const { nbits, target } of stratumVectors.nbits_to_target) {
    const value = targetFromNBits(Number.parseInt(nbits, 16));
    expect(value === null ? "0".repeat(64) : asHex(targetToBigInt(value)), nbits).toBe(target);
  }
  expect(targetFromNBits(0x1d800000)).toBeNull();
});

test("a hash at the target meets it, one above does not, in every word", () => {
  for (let shift = 0n; shift < 256n; shift += 8n) {
    const limit = (1n << 255n) | (1n << shift);
    const target = targetFromBigInt(limit);
    expect(hashMeetsTarget(hashOf(limit), target)).toBe(true);
    expect(hashMeetsTarget(hashOf(limit + 1n), target)).toBe(false);
    expect(hashMeetsTarget(hashOf(limit - 1n), target)).toBe(true);
  }
});

test("a ticket lets 1.5e-5 more through than the pool's difficulty of the same number", () => {
  expect(targetToBigInt(ticketTarget(256, 1))).toBe((1n << 216n) - 1n);
  expect(isEasierOrEqual(ticketTarget(256, 1), poolTarget(256, 1))).toBe(true);
  expect(isEasierOrEqual(poolTarget(256, 1), ticketTarget(256, 1))).toBe(false);
  // 255.998 was captured at ticket 256.
  expect(hashMeetsTarget(hashOf((1n << 216n) - 1n), ticketTarget(256, 1))).toBe(true);
});

test("the scale makes both sides easier alike, and clamps at 2^256 - 1", () => {
  expect(targetToBigInt(poolTarget(1024, 4))).toBe(targetToBigInt(poolTarget(256, 1)));
  expect(targetToBigInt(ticketTarget(1024, 2 ** 30))).toBe((1n << 244n) - 1n);
  expect(targetToBigInt(poolTarget(1e-9, 2 ** 40))).toBe((1n << 256n) - 1n);
  expect(targetToBigInt(ticketTarget(4096, 4096 / 2 ** -17))).toBe(targetToBigInt(ticketTarget(2 ** -17, 1)));
});

test("difficulties that are no positive number are refused by name", () => {
  for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => poolTarget(bad, 1)).toThrow(/difficulty must be a positive number/);
    expect(() => ticketTarget(1, bad)).toThrow(/scale must be a positive number/);
  }
});

test("the difficulty shown for a hash is that of the vectors", () => {
  for (const vector of stratumVectors.vectors.filter((v) => v.expect["hash"] !== undefined)) {
    const value = BigInt(`0x${vector.expect["hash"]}`);
    expect(hashDifficulty(hashOf(value), 1) / vector.expect.difficulty, vector.name).toBeCloseTo(1, 6);
  }
});

test.each([
  // Of the blocks 0, 32,256 and 100,000, as explorers show them.
  [0x1d00ffff, 1],
  [0x1d00d86a, 1.182899534312841],
  [0x1b04864c, 14_484.162361225399],
  [0x00000000, null],
  [0x1d800001, null],
])("the compact form %d is difficulty %s", (nBits, difficulty) => {
  if (difficulty === null) expect(difficultyOfBits(nBits)).toBeNull();
  else expect(difficultyOfBits(nBits)).toBeCloseTo(difficulty, 6);
});
