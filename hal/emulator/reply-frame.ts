/**
 * What chips send: AA 55 first, a byte with type (7:5) and CRC5 (4:0) last.
 *
 *     register   AA 55 v3 v2 v1 v0 chip reg [00 00] crc      type 0
 *     nonce      AA 55 n0 n1 n2 n3 excess result [r1 r0] crc type 4
 *
 * The bytes in brackets are there once register 0xA4 has version rolling enabled.
 */
import type { ChipFacts } from "./chip-facts.ts";
import { typedCrc5 } from "./crc.ts";

export const LONG_REPLY_BYTES = 11;
export const SHORT_REPLY_BYTES = 9;
const TYPE_REGISTER = 0;
const TYPE_NONCE = 4;

/** Writes a register reply into `out` and returns its length. */
export function buildRegisterReply(
  out: Uint8Array,
  isLong: boolean,
  value: number,
  chipAddress: number,
  register: number,
): number {
  writeHead(out, value);
  out[6] = chipAddress;
  out[7] = register;
  return finish(out, isLong, 0, TYPE_REGISTER);
}

/**
 * Writes a nonce frame into `out` and returns its length.
 * @param nonceBits the four nonce bytes in wire order, read as a big-endian word.
 */
export function buildNonceReply(
  out: Uint8Array,
  isLong: boolean,
  nonceBits: number,
  excessByte: number,
  resultByte: number,
  roll: number,
): number {
  writeHead(out, nonceBits);
  out[6] = excessByte;
  out[7] = resultByte;
  return finish(out, isLong, roll, TYPE_NONCE);
}

/**
 * What a chip sends that is fed with midstates: a value with chip and register, or a nonce with solution and id.
 *
 *     BM1397   AA 55 w3 w2 w1 w0 a b crc          BM1387   w3 w2 w1 w0 a b crc, with a = b = 0 behind a register
 */
export function buildMidstateReply(
  out: Uint8Array,
  hasPreamble: boolean,
  isNonce: boolean,
  word: number,
  a: number,
  b: number,
): number {
  const at = hasPreamble ? 2 : 0;
  if (hasPreamble) {
    out[0] = 0xaa;
    out[1] = 0x55;
  }
  out[at] = word >>> 24;
  out[at + 1] = word >>> 16;
  out[at + 2] = word >>> 8;
  out[at + 3] = word;
  const isNamed = hasPreamble || isNonce;
  out[at + 4] = isNamed ? a : 0;
  out[at + 5] = isNamed ? b : 0;
  out[at + 6] = typedCrc5(out, at, at + 6, isNonce ? TYPE_NONCE : TYPE_REGISTER);
  return at + 7;
}

/**
 * Byte 7 of a nonce frame: job id and engine. BM1368 and BM1370 give back only bits 6:3 of the job byte, in bits 7:4
 * (matched against captured jobs); their engine number needs the fourth bit.
 */
export function resultByte(facts: ChipFacts, jobByte: number, engine: number): number {
  return facts.jobIdBits === 4 ? ((jobByte & 0x78) << 1) | (engine & 0x0f) : (jobByte & 0xf8) | (engine & 0x07);
}

/**
 * Byte 6 of a nonce frame: by how many bits the find is better than the ticket asks. The half bit of BM1368 and BM1370
 * is only a hint on real chips; here it is the rounded-down one.
 */
export function excessByte(facts: ChipFacts, excessBits: number): number {
  return facts.hasHalfExcessBits ? Math.floor(2 * excessBits) & 0xff : Math.floor(excessBits) & 0xff;
}

/** Nonce bits as all four chips lay them out: core in 31:25, the place in the chip's 25-bit window below. */
export function nonceBits(core: number, windowStart: number, counter: number): number {
  return ((core << 25) | ((windowStart + counter) & 0x1ffffff)) >>> 0;
}

function writeHead(out: Uint8Array, word: number): void {
  out[0] = 0xaa;
  out[1] = 0x55;
  out[2] = word >>> 24;
  out[3] = word >>> 16;
  out[4] = word >>> 8;
  out[5] = word;
}

function finish(out: Uint8Array, isLong: boolean, tail: number, type: number): number {
  const length = isLong ? LONG_REPLY_BYTES : SHORT_REPLY_BYTES;
  if (isLong) {
    out[8] = tail >>> 8;
    out[9] = tail;
  }
  out[length - 1] = typedCrc5(out, 2, length - 1, type);
  return length;
}
