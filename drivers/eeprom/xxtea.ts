/**
 * XXTEA (the corrected block TEA, published 1998) as hashboard EEPROMs use it: 32-bit words low byte first, a key of four
 * words, 6 + floor(52 / n) rounds. Only the way back is needed: nothing here ever writes an EEPROM.
 */
const DELTA = 0x9e3779b9;

/**
 * Deciphers a block in place of a copy.
 * @param block at least 8 bytes, a multiple of 4.
 * @param key 16 bytes.
 */
export function xxteaDecrypt(block: Uint8Array, key: Uint8Array): Uint8Array {
  if (block.length < 8 || block.length % 4 !== 0 || key.length !== 16) {
    throw new RangeError(`XXTEA takes whole words and a key of 16 bytes, not ${block.length} and ${key.length} bytes`);
  }
  const v = toWords(block);
  const k = toWords(key);
  const n = v.length;
  const rounds = 6 + Math.floor(52 / n);
  let sum = Math.imul(rounds, DELTA) >>> 0;
  let y = v[0]!;
  for (let round = 0; round < rounds; round++) {
    const e = (sum >>> 2) & 3;
    for (let p = n - 1; p >= 0; p--) {
      const z = v[p === 0 ? n - 1 : p - 1]!;
      const mixed = (((z >>> 5) ^ (y << 2)) + ((y >>> 3) ^ (z << 4))) ^ ((sum ^ y) + (k[(p & 3) ^ e]! ^ z));
      y = (v[p]! - mixed) >>> 0;
      v[p] = y;
    }
    sum = (sum - DELTA) >>> 0;
  }
  return toBytes(v);
}

function toWords(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true));
}

function toBytes(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(i * 4, word, true);
  });
  return bytes;
}
