/**
 * The 80-byte block header.
 *
 *   offset  0  4   4..35      36..67       68     72     76
 *           version prevHash  merkleRoot   nTime  nBits  nonce      (numbers little-endian)
 */

export const HEADER_BYTES = 80;
export const HEADER_OFFSET = { version: 0, prevHash: 4, merkleRoot: 36, nTime: 68, nBits: 72, nonce: 76 } as const;

/** Writes an unsigned 32-bit number in the header's byte order. */
export function writeU32Le(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}

/** 8 hex digits, big-endian, as Stratum writes nonce, nTime and version bits. */
export function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}

/** A hash of a header as explorers show it: its bytes from last to first. */
export function shownHash(hash: Uint8Array): string {
  return Buffer.from(hash).reverse().toString("hex");
}
