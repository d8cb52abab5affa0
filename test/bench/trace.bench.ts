/**
 * A million frames of a capture through `trace decode`, from the bytes of the file to lines of text, beside the hex of the
 * same file turned into bytes by Node's own Buffer and nothing else.
 */
import { crc5Bits } from "#drivers/bm13xx/crc.ts";
import { headerText } from "#firmware/trace/capture-format.ts";
import { TextPrinter } from "#firmware/trace/printers.ts";
import { TraceDecoder } from "#firmware/trace/trace-decoder.ts";
import { median, report, timed } from "./bench.ts";

const FRAMES = 1_000_000;
const ROUNDS = 3;
const CHUNK_BYTES = 1024 * 1024;
const BUDGET_S = 5;

/** Nonce reports of an S21 chain, one a line, as a capture has them. */
function capture(): Buffer {
  const frame = new Uint8Array(11);
  const lines: string[] = [
    headerText({ machine: "s21", chip: "BM1368", chips: 108, "address-interval": 2, "chip-scale": 1 }),
  ];
  for (let i = 0; i < FRAMES; i++) {
    const nonce = Math.imul(i + 1, 0x9e3779b1);
    frame.set([0xaa, 0x55, nonce >>> 24, nonce >>> 16, nonce >>> 8, nonce, i % 7, (i * 8) & 0xff, i >>> 8, i, 4 << 5]);
    frame[10] = (4 << 5) | crc5Bits(frame, 2, 8 * 8 + 3);
    lines.push(`${(i * 0.125).toFixed(3)} ${i % 3} < ${Buffer.from(frame).toString("hex")}\n`);
  }
  return Buffer.from(lines.join(""));
}

const input = capture();
let frames = 0;
let characters = 0;

function run(): number {
  frames = 0;
  characters = 0;
  const printer = new TextPrinter((text) => {
    characters += text.length;
  }, false);
  const decoder = new TraceDecoder(
    { chip: null, chipCount: null, addressInterval: null },
    {
      onFrame: (frame, chain, tMs, wire) => {
        frames++;
        printer.onFrame(frame, chain, tMs, wire);
      },
      onUnknown: () => {
        throw new Error("the decoder lost bytes");
      },
      onPool: () => undefined,
      onNote: () => undefined,
      onText: () => undefined,
    },
  );
  for (let at = 0; at < input.length; at += CHUNK_BYTES) decoder.push(input.subarray(at, at + CHUNK_BYTES));
  decoder.end();
  return characters;
}

/** Lines cut and hex read, no meaning. */
function reference(): number {
  let bytes = 0;
  for (const line of input.toString("latin1").split("\n")) {
    bytes += Buffer.from(line.slice(line.lastIndexOf(" ") + 1), "hex").length;
  }
  return bytes;
}

const first = timed(run).sum;
timed(reference);
const seconds: number[] = [];
const references: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const mine = timed(run);
  if (mine.sum !== first || frames !== FRAMES) throw new Error(`round ${round} gave ${frames} frames`);
  seconds.push(mine.seconds);
  references.push(timed(reference).seconds);
}
const value = median(seconds);
report({
  name: "trace decode, 1,000,000 frames to text",
  unit: "s of CPU",
  value,
  reference: median(references),
  ratio: value / median(references),
  budget: { of: "value", atMost: BUDGET_S },
  note: "reference: the same lines through Buffer.from(hex)",
});
