/**
 * One job in the midstate form of BM1387, BM1397 and BM1398. Layout checked against 14 jobs with their CRC16; the nonces
 * that are known for two of them were hashed again.
 *
 *   [55 AA] 21 L | id | n | start nonce 4 | nBits 4 | nTime 4 | merkle tail 4 | n x midstate 32 | CRC16     n = 1, 2, 4
 *
 * L counts from 21 to the CRC: 54, 86 or 150. nBits, nTime and the merkle tail stand as in the header (bytes 72, 68, 64).
 * A midstate goes out last state word first, each word big-endian.
 */
import type { ChainWork } from "../hash-chain.ts";
import { PREAMBLE_HOST_0, PREAMBLE_HOST_1 } from "./commands.ts";
import { crc16 } from "./crc.ts";

const HEADER_JOB = 0x21;
const BYTES_BEFORE_MIDSTATES = 20;
const MIDSTATE_BYTES = 32;
const CRC_BYTES = 2;
/** Preamble and four midstates. */
export const MIDSTATE_FRAME_BYTES_MAX = 2 + BYTES_BEFORE_MIDSTATES + 4 * MIDSTATE_BYTES + CRC_BYTES;
/** A work takes so many ids, since the chip adds the number of the midstate. */
export const IDS_PER_WORK = 4;
const CHIP_ID_MASK = 0x7f;

/** Header to CRC, without the preamble. */
export function midstateFrameLength(midstates: number): number {
  return BYTES_BEFORE_MIDSTATES + midstates * MIDSTATE_BYTES + CRC_BYTES;
}

/** The id byte that carries `wireId`; the chip knows seven bits. */
export function idByteOfWireId(wireId: number): number {
  return (wireId * IDS_PER_WORK) & CHIP_ID_MASK;
}

/** Writes the frame into `out` from `at` and returns the place behind it. */
export function putMidstateFrame(
  out: Uint8Array,
  at: number,
  hasPreamble: boolean,
  idByte: number,
  work: Pick<ChainWork, "header" | "midstateCount" | "midstates">,
): number {
  let start = at;
  if (hasPreamble) {
    out[at] = PREAMBLE_HOST_0;
    out[at + 1] = PREAMBLE_HOST_1;
    start = at + 2;
  }
  const { header, midstateCount, midstates } = work;
  out[start] = HEADER_JOB;
  out[start + 1] = midstateFrameLength(midstateCount);
  out[start + 2] = idByte;
  out[start + 3] = midstateCount;
  for (let i = 0; i < 4; i++) {
    out[start + 4 + i] = 0;
    out[start + 8 + i] = header[72 + i]!;
    out[start + 12 + i] = header[68 + i]!;
    out[start + 16 + i] = header[64 + i]!;
  }
  let to = start + BYTES_BEFORE_MIDSTATES;
  for (let slot = 0; slot < midstateCount; slot++) {
    for (let i = 7; i >= 0; i--) {
      const word = midstates[8 * slot + i]!;
      out[to] = word >>> 24;
      out[to + 1] = word >>> 16;
      out[to + 2] = word >>> 8;
      out[to + 3] = word;
      to += 4;
    }
  }
  const check = crc16(out, start, to);
  out[to] = check >> 8;
  out[to + 1] = check;
  return to + CRC_BYTES;
}
