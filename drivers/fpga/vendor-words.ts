/**
 * A work for the vendor's FPGA, 148 bytes as 37 words, first byte on top (documented but for the marks):
 *
 *   01 | 80 + chain | 00 00 | work id x 8, four bytes, highest first (inferred) | nBits nTime merkle tail, 4 bytes each, in
 *   the order in which the chips take them (inferred) | four midstates of 32 bytes, last state word first (inferred)
 *
 * Slots behind the last midstate are zero; register 0x100 says how many count.
 */
import type { ChainWork } from "../hash-chain.ts";
import { VENDOR_WORK_WORDS } from "./vendor-registers.ts";

const WORK_TYPE = 0x01;
const CHAIN_VALID = 0x80;
const ID_SHIFT = 3;
const ID_MASK = 0x7fff;
const SLOT_MASK = 7;
const MIDSTATES = 4;

function readU32Be(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

/** Writes a work and returns the place behind it. */
export function putVendorWork(
  out: Uint32Array,
  at: number,
  chainNumber: number,
  work: Pick<ChainWork, "wireId" | "header" | "midstateCount" | "midstates">,
): number {
  const { wireId, header, midstateCount, midstates } = work;
  out[at] = (WORK_TYPE << 24) | ((CHAIN_VALID | chainNumber) << 16);
  out[at + 1] = wireId << ID_SHIFT;
  out[at + 2] = readU32Be(header, 72);
  out[at + 3] = readU32Be(header, 68);
  out[at + 4] = readU32Be(header, 64);
  let to = at + 5;
  for (let slot = 0; slot < MIDSTATES; slot++) {
    for (let i = 7; i >= 0; i--) out[to++] = slot < midstateCount ? midstates[8 * slot + i]! : 0;
  }
  return at + VENDOR_WORK_WORDS;
}

/** The first word of an entry of the nonce FIFO. */
export function isVendorNonce(first: number): boolean {
  return (first & (1 << 7)) !== 0 && first >>> 31 === 1;
}

export function isVendorReply(first: number): boolean {
  return (first & (1 << 7)) === 0 && first >>> 31 === 0;
}

export function vendorChainNumber(first: number): number {
  return first & 0x0f;
}

export function vendorWireId(first: number): number {
  return ((first >>> 16) & ID_MASK) >>> ID_SHIFT;
}

export function vendorSlot(first: number): number {
  return (first >>> 16) & SLOT_MASK;
}
