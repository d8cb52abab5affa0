/**
 * One job in the full-header form of BM1362, BM1366, BM1368 and BM1370, 88 bytes. Layout verified against 57 captured
 * jobs; the 31,766 nonces that came back for captured jobs were hashed again.
 *
 *   55 AA 21 L | job byte | 01 | start nonce 4 | nBits 4 | nTime 4 | merkle root 32 | previous hash 32 | version 4 | CRC16
 *
 * nBits, nTime and version stand as in the header. Merkle root and previous hash have their eight words in reverse
 * order, the bytes within a word kept.
 */
import { PREAMBLE_HOST_0, PREAMBLE_HOST_1 } from "./commands.ts";
import { crc16 } from "./crc.ts";

export const WORK_FRAME_BYTES = 88;
/** Chips take 88 bytes whatever the length byte says. Stock firmware sends this value ... */
export const LENGTH_BYTE_STOCK = 0x36;
/** ... and the captured BM1370 job of a hobby board the true length. */
export const LENGTH_BYTE_TRUE = 0x56;

const HEADER_JOB = 0x21;
const MIDSTATE_COUNT = 1;

/** The byte that carries `wireId`: on every full-header chip the id starts at bit 3. */
export function jobByteOfWireId(wireId: number): number {
  return wireId << 3;
}

function copyWordsReversed(out: Uint8Array, at: number, header: Uint8Array, from: number): void {
  for (let i = 0; i < 32; i++) out[at + i] = header[from + ((i & ~3) ^ 28) + (i & 3)]!;
}

/**
 * Writes the frame into `out` from `at`.
 * @param header 80-byte block header; its nonce is ignored and its rolled version bits should be 0.
 */
export function putWorkFrame(
  out: Uint8Array,
  at: number,
  jobByte: number,
  header: Uint8Array,
  lengthByte: number = LENGTH_BYTE_STOCK,
): number {
  out[at] = PREAMBLE_HOST_0;
  out[at + 1] = PREAMBLE_HOST_1;
  out[at + 2] = HEADER_JOB;
  out[at + 3] = lengthByte;
  out[at + 4] = jobByte;
  out[at + 5] = MIDSTATE_COUNT;
  for (let i = 0; i < 4; i++) {
    out[at + 6 + i] = 0;
    out[at + 10 + i] = header[72 + i]!;
    out[at + 14 + i] = header[68 + i]!;
    out[at + 82 + i] = header[i]!;
  }
  copyWordsReversed(out, at + 18, header, 36);
  copyWordsReversed(out, at + 50, header, 4);
  const check = crc16(out, at + 2, at + 86);
  out[at + 86] = check >> 8;
  out[at + 87] = check;
  return at + WORK_FRAME_BYTES;
}
