/** Builds reply frames as chips send them, for the tests of this folder; CRC bit by bit, not by the driver's tables. */

function crc5OfBits(bytes: Uint8Array, from: number, bitCount: number): number {
  let crc = 0x1f;
  for (let i = 0; i < bitCount; i++) {
    const bit = (bytes[from + (i >> 3)]! >> (7 - (i & 7))) & 1;
    const feedback = (crc >> 4) ^ bit;
    crc = ((crc << 1) & 0x1f) ^ (feedback === 1 ? 0x05 : 0);
  }
  return crc;
}

/** @param body everything between preamble and last byte. @param type 0 register, 4 nonce. */
export function replyFrame(body: readonly number[], type: number): Uint8Array {
  const frame = Uint8Array.from([0xaa, 0x55, ...body, type << 5]);
  frame[frame.length - 1] = (type << 5) | crc5OfBits(frame, 2, 8 * (body.length + 1) - 5);
  return frame;
}

const bytesOf = (word: number): number[] => [word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff];

export function registerReply(value: number, chipAddress: number, registerNumber: number): Uint8Array {
  return replyFrame([...bytesOf(value), chipAddress, registerNumber, 0, 0], 0);
}

export function shortRegisterReply(value: number, chipAddress: number, registerNumber: number): Uint8Array {
  return replyFrame([...bytesOf(value), chipAddress, registerNumber], 0);
}

export function nonceReply(nonceWord: number, excess: number, idByte: number, rolled: number): Uint8Array {
  return replyFrame([...bytesOf(nonceWord), excess, idByte, rolled >> 8, rolled & 0xff], 4);
}

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
