/**
 * The two checks of the BM13xx wire. CRC5: x^5 + x^2 + 1, start 0x1F, most significant bit first, for commands and for
 * everything that chips send. CRC16: CCITT-FALSE, for jobs. Parameters recomputed from captured frames.
 */
const CRC5_POLYNOMIAL = 0x05;
const CRC5_START = 0x1f;
const CRC16_POLYNOMIAL = 0x1021;
const CRC16_START = 0xffff;

/** Register and next byte are added left-aligned in 8 bits, hence the shift by 3 (8 - 5). */
const CRC5_TABLE = Uint8Array.from({ length: 256 }, (_, index) => {
  let register = index;
  for (let bit = 0; bit < 8; bit++)
    register = (register & 0x80 ? (register << 1) ^ (CRC5_POLYNOMIAL << 3) : register << 1) & 0xff;
  return register >> 3;
});

const CRC16_TABLE = Uint16Array.from({ length: 256 }, (_, index) => {
  let register = index << 8;
  for (let bit = 0; bit < 8; bit++)
    register = (register & 0x8000 ? (register << 1) ^ CRC16_POLYNOMIAL : register << 1) & 0xffff;
  return register;
});

/** CRC5 over bytes `from` .. `to` - 1. */
export function crc5(bytes: Uint8Array, from: number, to: number): number {
  let crc = CRC5_START;
  for (let i = from; i < to; i++) crc = CRC5_TABLE[(crc << 3) ^ bytes[i]!]!;
  return crc;
}

/**
 * The last byte of a chip's frame: three type bits, which the CRC covers, then the CRC itself.
 * @param from first byte behind the preamble, @param to place of the last byte.
 */
export function typedCrc5(bytes: Uint8Array, from: number, to: number, type: number): number {
  let crc = crc5(bytes, from, to);
  for (let bit = 2; bit >= 0; bit--) {
    const feedback = (crc >> 4) ^ ((type >> bit) & 1);
    crc = ((crc << 1) & 0x1f) ^ (feedback ? CRC5_POLYNOMIAL : 0);
  }
  return (type << 5) | crc;
}

/** CRC16 over bytes `from` .. `to` - 1. */
export function crc16(bytes: Uint8Array, from: number, to: number): number {
  let crc = CRC16_START;
  for (let i = from; i < to; i++) crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[(crc >> 8) ^ bytes[i]!]!;
  return crc;
}
