/**
 * How long a work of midstates lasts. The nonce's 2^32 values are split into core slots x chip slots, both powers of two,
 * and each core tries one nonce per hash clock:
 *
 *   sweep = 2^32 / (core slots x chip slots x f)   for as many midstates as a core works on side by side
 *
 * BM1387 works on them one after another: 4 x 2^19 / f on a chain of 64 slots, 3.2 ms at 650 MHz. BM1397 has an engine for
 * each: 0.45 ms on a chain of 64 slots at 579 MHz, 37 ms on a single chip at 450 MHz (all three documented).
 */
import type { MidstateRow } from "./chips.ts";
import { versionCountOf } from "./hash-counting.ts";

const NONCES = 2 ** 32;
const ADDRESSES = 256;

/** Midstates of a work under `versionMask`: as many as there are versions, 4 at most. */
export function midstateCountUnder(versionMask: number, midstatesMax: number): number {
  return Math.min(midstatesMax, versionCountOf(versionMask));
}

/** Milliseconds in which the nonce space of a work is tried. */
export function midstateSweepMs(
  row: MidstateRow,
  addressInterval: number,
  frequencyMhz: number,
  midstates: number,
): number {
  const chipSlots = ADDRESSES / addressInterval;
  const noncesPerCore = NONCES / (row.coreSlots * chipSlots);
  return (noncesPerCore * Math.ceil(midstates / row.parallel)) / (frequencyMhz * 1000);
}

/** Part of a core's engines that `midstates` keep busy. That an engine without a midstate rests is inferred. */
export function busyShare(row: MidstateRow, midstates: number): number {
  return Math.min(1, midstates / row.parallel);
}
