/**
 * Register 0x10, the length of a sweep. It counts ticks of 12.5 MHz and every core tries one nonce per hash clock:
 *
 *   sweep = (HCN + overrun) / 12.5 MHz,   nonces of a sweep = (HCN + overrun) x f / 12.5
 *
 * (from time stamps of a captured chip that repeats itself; a public note with half that time is refuted by them). A sweep
 * longer than the chip's slice of the nonce space makes duplicates; a shorter one leaves nonces untried, which costs
 * nothing. So stock's coverage is kept when the frequency changes, and the slice is never passed.
 */
import type { ChipRow } from "./chips.ts";

const TICKS_PER_MS = 12_500;
const TICKS_PER_MHZ_CLOCK = 12.5;
/** Bits of the nonce below the core number. */
const WINDOW_NONCES = 2 ** 25;
/** Guards the exact stock value against rounding down at the stock frequency. */
const ROUNDING_TICKS = 1e-6;

export interface SweepModel {
  readonly stockHcn: number;
  /** Hash clock at which `stockHcn` was captured. */
  readonly stockFrequencyMhz: number;
  readonly addressInterval: number;
}

/** Nonces that belong to one core of one chip. */
export function sliceNonces(row: ChipRow, addressInterval: number, chipCount: number): number {
  if (chipCount === 1) return WINDOW_NONCES;
  return row.nonceSplit === "address" ? 2 ** 17 * addressInterval : Math.floor(WINDOW_NONCES / chipCount);
}

/** Value for register 0x10 at `frequencyMhz`: the frequency that the PLL really makes, not the one asked for. */
export function hashCountingNumber(row: ChipRow, model: SweepModel, chipCount: number, frequencyMhz: number): number {
  const overrun = row.sweepOverrunTicks;
  const stockTicks = ((model.stockHcn + overrun) * model.stockFrequencyMhz) / frequencyMhz;
  const sliceTicks = (sliceNonces(row, model.addressInterval, chipCount) * TICKS_PER_MHZ_CLOCK) / frequencyMhz;
  const ticks = Math.floor(Math.min(stockTicks + ROUNDING_TICKS, sliceTicks));
  return Math.max(1, ticks - overrun);
}

/** 2 to the power of the bits that are set. */
export function versionCountOf(mask: number): number {
  let count = 1;
  for (let bits = mask; bits !== 0; bits = (bits & (bits - 1)) >>> 0) count *= 2;
  return count;
}

/**
 * Bits of the roll counter below the mask's lowest one. The counter goes through them all the same, so each header is tried
 * 2 to this power times before the next one comes.
 */
function idleRollBits(row: ChipRow, versionMask: number): number {
  const rolled = (versionMask & row.versionMask) >>> 0;
  return rolled === 0 ? 0 : lowestBit(rolled) - lowestBit(row.versionMask);
}

function lowestBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** Part of a chip's tries that are not repeats of the try before, under `versionMask`: 1 where the mask has the lowest bit. */
export function rollShare(row: ChipRow, versionMask: number): number {
  return 2 ** -idleRollBits(row, versionMask);
}

/**
 * Milliseconds of hashing after which a job's headers repeat: the lowest run of bits in the mask is through, and what
 * follows would be repeats until the counter reaches the next bit, if there is one. Under a mask of fewer versions than a
 * core has engines these are less than one sweep: several engines then try the same headers side by side.
 */
export function sweepEpochMs(row: ChipRow, hcn: number, versionMask: number): number {
  const rolled = (versionMask & row.versionMask) >>> 0;
  const fromLowest = rolled === 0 ? 0 : rolled >>> lowestBit(rolled);
  const runBits = lowestBit(~fromLowest);
  const sweeps = 2 ** (idleRollBits(row, versionMask) + runBits) / row.enginesPerCore;
  return (sweeps * (hcn + row.sweepOverrunTicks)) / TICKS_PER_MS;
}
