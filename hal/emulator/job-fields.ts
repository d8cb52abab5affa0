/**
 * From a job frame to the 80-byte block header. Places inside the 82 data bytes, which start behind the length byte:
 *
 *     0 job byte (id in bits 7:3) | 1 midstate count | 2 starting nonce | 6 nBits LE | 10 nTime LE
 *     14 merkle root, 46 previous hash: the header's bytes with the eight 4-byte words in reverse order | 78 version LE
 */
const DATA = 4;
const JOB_BYTE = DATA;
const NBITS = DATA + 6;
const NTIME = DATA + 10;
const MERKLE_ROOT = DATA + 14;
const PREVIOUS_HASH = DATA + 46;
const VERSION = DATA + 78;

export const HEADER_BYTES = 80;

/** Byte that names the job; part of it comes back with each nonce. */
export function jobByteOf(frame: Uint8Array): number {
  return frame[JOB_BYTE]!;
}

export function baseVersionOf(frame: Uint8Array): number {
  return readLe32(frame, VERSION);
}

/** Fills `header` with the job's fields, version without rolled bits, nonce 0. */
export function headerFromJob(header: Uint8Array, frame: Uint8Array): void {
  copyBytes(header, 0, frame, VERSION, 4);
  for (let word = 0; word < 8; word++) {
    copyBytes(header, 4 + 4 * word, frame, PREVIOUS_HASH + 28 - 4 * word, 4);
    copyBytes(header, 36 + 4 * word, frame, MERKLE_ROOT + 28 - 4 * word, 4);
  }
  copyBytes(header, 68, frame, NTIME, 4);
  copyBytes(header, 72, frame, NBITS, 4);
  header.fill(0, 76, HEADER_BYTES);
}

/** Puts `version` into the header's first four bytes. */
export function setHeaderVersion(header: Uint8Array, version: number): void {
  header[0] = version;
  header[1] = version >>> 8;
  header[2] = version >>> 16;
  header[3] = version >>> 24;
}

/**
 * The version that a roll counter stands for: its bits under the mask go to header version bits 28:13.
 * @param rollMask low half of register 0xA4.
 */
export function rolledVersion(baseVersion: number, roll: number, rollMask: number): number {
  return (baseVersion | ((roll & rollMask) << 13)) >>> 0;
}

function readLe32(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0;
}

function copyBytes(to: Uint8Array, toOffset: number, from: Uint8Array, fromOffset: number, count: number): void {
  for (let i = 0; i < count; i++) to[toOffset + i] = from[fromOffset + i]!;
}
