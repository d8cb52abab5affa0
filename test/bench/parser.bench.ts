/** Good nonce frames per second through the reply parser, cut as a serial port cuts them: anywhere, at any length. */
import { crc5Bits } from "#drivers/bm13xx/crc.ts";
import { ResponseParser } from "#drivers/bm13xx/response-parser.ts";
import { median, report, timed } from "./bench.ts";

const FRAME_BYTES = 11;
const FRAMES = 100_000;
const PASSES = 20;
const ROUNDS = 15;
/** From one piece of a frame to what a pseudo-terminal hands over at most. */
const CHUNK_BYTES = [11, 7, 15, 22, 33, 64, 121, 1024, 4095];

function frames(): Uint8Array {
  const stream = new Uint8Array(FRAMES * FRAME_BYTES);
  for (let i = 0; i < FRAMES; i++) {
    const at = i * FRAME_BYTES;
    const nonce = Math.imul(i + 1, 0x9e3779b1);
    const body = [nonce >>> 24, nonce >>> 16, nonce >>> 8, nonce, i % 7, (i * 8) & 0xff, i >>> 8, i, 4 << 5];
    stream.set([0xaa, 0x55, ...body], at);
    stream[at + 10] = (4 << 5) | crc5Bits(stream, at + 2, 8 * 8 + 3);
  }
  return stream;
}

function cut(stream: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let from = 0, i = 0; from < stream.length; i++) {
    const length = CHUNK_BYTES[i % CHUNK_BYTES.length] ?? 1;
    chunks.push(stream.subarray(from, from + length));
    from += length;
  }
  return chunks;
}

let seen = 0;
let sum = 0;
const parser = new ResponseParser({
  onRegister: () => {},
  onNonce: (nonceWord, excess, idByte, rolled) => {
    seen++;
    sum = (sum + nonceWord + excess + idByte + rolled) | 0;
  },
});
const chunks = cut(frames());

function run(): number {
  sum = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    for (let i = 0; i < chunks.length; i++) parser.push(chunks[i] as Uint8Array);
  }
  return sum;
}

const first = timed(run).sum;
const rates: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const { seconds, sum: again } = timed(run);
  if (again !== first) throw new Error(`the parser gave other nonces in round ${round}`);
  rates.push((PASSES * FRAMES) / seconds);
}
if (seen !== (ROUNDS + 1) * PASSES * FRAMES || parser.crcErrors + parser.resyncBytes !== 0) {
  throw new Error(`the parser lost frames: ${seen} seen, ${parser.crcErrors} CRC errors`);
}
report({
  name: "reply parser, 11-byte nonce frames",
  unit: "1/s of CPU",
  value: median(rates),
  budget: { of: "value", atLeast: 10e6 },
  note: `chunks of ${Math.min(...CHUNK_BYTES)} to ${Math.max(...CHUNK_BYTES)} bytes`,
});
