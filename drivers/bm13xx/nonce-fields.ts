/**
 * What a nonce report says about its origin. Everything is numbers in, number out: this runs once a nonce. Positions were
 * found by statistics over captures of 110, 77 (BM1366) and 108 (BM1368) chips whose nonces hash right; BM1362 and BM1370
 * follow their siblings.
 *
 * `nonceWord` is the big-endian view of the four nonce bytes:
 *
 *   BM1362, BM1366   31:25 core | 24:17 chip address | 16:0 and the low address bit: counter
 *   BM1368, BM1370   31:25 core | 24:0 counter from the chip's offset (register 0x0C, bits 24:9)
 *   BM1397           31:24 core | 23:22 engine | 21:14 chip address | 13:0 counter (two drivers agree; BM1398 likewise)
 *   BM1387           31:24 chip address and low counter bits | 6:0 core (public S9 drivers)
 */
import { swapBytes } from "#hal/sha256.ts";
import type { ChipRow } from "./chips.ts";

/** Value for the block header, to be submitted as 8 hex digits: the four bytes read little-endian, unsigned. */
export function headerNonce(nonceWord: number): number {
  return swapBytes(nonceWord) >>> 0;
}

/** Rolled version bits at their place in the header version, 28:13. */
export function versionBitsOf(rolled: number): number {
  return rolled << 13;
}

export function coreOf(nonceWord: number): number {
  return nonceWord >>> 25;
}

/** Core of a chip that takes midstates. */
export function coreOfMidstateChip(row: ChipRow, nonceWord: number): number {
  return row.nonceSplit === "addressFirst" ? nonceWord & 0x7f : nonceWord >>> 24;
}

/** Address field of a chip that takes midstates; on BM1387 the lowest bits count, as many as the interval has. */
export function addressOfMidstateChip(row: ChipRow, nonceWord: number): number {
  return row.nonceSplit === "addressFirst" ? nonceWord >>> 24 : (nonceWord >>> 14) & 0xff;
}

/** Slot whose work the report belongs to: 0 .. wireIdCount - 1. */
export function wireIdOf(row: ChipRow, idByte: number): number {
  return idByte >> row.wireIdShift;
}

/**
 * Engine of the core. It mostly equals the low bits of the roll counter, but 0.4 to 8 % of good reports differ: never
 * reject one on it.
 */
export function engineOf(row: ChipRow, idByte: number): number {
  return idByte & row.engineMask;
}

/** Whole bits of difficulty above the ticket as the chip tells it; only statistics on BM1362. */
export function excessBitsOf(row: ChipRow, excessByte: number): number {
  return excessByte >> row.excessShift;
}

/** Address bits 7:1 of an address-split chip; stock's interval is 2, so the lowest bit carries nothing. */
export function chipAddressOf(nonceWord: number): number {
  return ((nonceWord >>> 18) & 0x7f) << 1;
}

/** Bits 24:0, the place in the common window of offset-split chips. */
export function counterOf(nonceWord: number): number {
  return nonceWord & 0x1ffffff;
}

/** Start of chip `chipIndex` among `chipCount` in units of 2^9 nonces (captured on S21, documented for S21 Pro). */
export function nonceOffset(chipIndex: number, chipCount: number): number {
  return Math.floor((65536 * chipIndex) / chipCount) + (chipIndex > 0 ? 1 : 0);
}

/** 0-based position on the chain of a chip that takes midstates, or -1 where the report names no chip of it. */
export function midstateChipIndexOf(
  row: ChipRow,
  nonceWord: number,
  chipCount: number,
  addressInterval: number,
): number {
  if (chipCount === 1) return 0;
  const index = (addressOfMidstateChip(row, nonceWord) / addressInterval) | 0;
  return index < chipCount ? index : -1;
}

/** 0-based position on the chain, or -1 where the report names no chip of it. */
export function chipIndexOf(row: ChipRow, nonceWord: number, chipCount: number, addressInterval: number): number {
  if (chipCount === 1) return 0;
  const index =
    row.nonceSplit === "offset"
      ? Math.imul((nonceWord >>> 9) & 0xffff, chipCount) >>> 16
      : (chipAddressOf(nonceWord) / addressInterval) | 0;
  return index < chipCount ? index : -1;
}
