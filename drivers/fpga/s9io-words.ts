/** What goes through the FIFOs of the open FPGA core, as words. */
import { swapBytes } from "#hal/sha256.ts";
import { IDS_PER_WORK } from "../bm13xx/midstate-frame.ts";
import type { ChainWork } from "../hash-chain.ts";
import { s9ioWorkWords } from "./s9io-registers.ts";

function readU32Le(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Writes a work and returns the place behind it. @param id 16 bits. */
export function putS9ioWork(
  out: Uint32Array,
  at: number,
  id: number,
  work: Pick<ChainWork, "header" | "midstateCount" | "midstates">,
): number {
  const { header, midstateCount, midstates } = work;
  out[at] = id;
  out[at + 1] = readU32Le(header, 72);
  out[at + 2] = readU32Le(header, 68);
  out[at + 3] = readU32Le(header, 64);
  let to = at + 4;
  for (let slot = 0; slot < midstateCount; slot++) {
    for (let i = 7; i >= 0; i--) out[to++] = midstates[8 * slot + i]!;
  }
  return at + s9ioWorkWords(midstateCount);
}

/** Id of the work in ring slot `wireId`. */
export function s9ioWorkId(wireId: number): number {
  return wireId * IDS_PER_WORK;
}

/**
 * Words of command frames without preamble: 1 for the short ones, 2 for a register write, each without its CRC.
 * @returns number of words.
 */
export function putS9ioCommands(out: Uint32Array, frames: Uint8Array, preambleBytes: number): number {
  let to = 0;
  for (let at = 0; at < frames.length; ) {
    const start = at + preambleBytes;
    const length = frames[start + 1]!;
    for (let i = 0; i < length - 1; i += 4) out[to++] = readU32Le(frames, start + i);
    at = start + length;
  }
  return to;
}

/** Nonce bytes as a big-endian word, from the first word of a record. */
export function s9ioNonceWord(first: number): number {
  return swapBytes(first);
}

/** Ring slot and number of the midstate, from the second word of a record. */
export function s9ioWireId(second: number): number {
  return ((second >>> 8) & 0xffff) >>> 2;
}

export function s9ioSlot(second: number): number {
  return (second >>> 8) & (IDS_PER_WORK - 1);
}
