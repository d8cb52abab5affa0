/** Words of the open FPGA core against the examples of its own description and of its test bench. */
import { expect, test } from "vitest";
import {
  ALL_CHIPS,
  COMMAND_FORMATS,
  putChainInactive,
  putSetAddress,
  putWriteRegister,
} from "#drivers/bm13xx/commands.ts";
import { worksAhead } from "#drivers/fpga/queue-feeder.ts";
import { s9ioBaudRegister, s9ioControl, s9ioWorkTime, s9ioWorkWords } from "#drivers/fpga/s9io-registers.ts";
import {
  putS9ioCommands,
  putS9ioWork,
  s9ioNonceWord,
  s9ioSlot,
  s9ioWireId,
  s9ioWorkId,
} from "#drivers/fpga/s9io-words.ts";
import { WorksOutstanding } from "#drivers/fpga/works-outstanding.ts";
import { fromHex, loadVectors } from "../bm13xx/vector-file.ts";

const BM1387 = COMMAND_FORMATS.bm1387;

test("commands are packed first byte low, without their check", () => {
  const frames = new Uint8Array(64);
  let end = putSetAddress(frames, 0, 0xfc, BM1387);
  end = putWriteRegister(frames, end, 0, 0x0c, 0x00680221, BM1387);
  end = putChainInactive(frames, end, BM1387);
  const words = new Uint32Array(16);
  const count = putS9ioCommands(words, frames.subarray(0, end), 0);
  expect([...words.subarray(0, count)]).toEqual([0x00fc0541, 0x0c000948, 0x21026800, 0x00000555]);
});

test("a preamble stays outside, since the core adds it", () => {
  const frames = new Uint8Array(16);
  const end = putWriteRegister(frames, 0, ALL_CHIPS, 0x14, 0xff);
  const words = new Uint32Array(4);
  expect(putS9ioCommands(words, frames.subarray(0, end), 2)).toBe(2);
  expect([...words.subarray(0, 2)]).toEqual([0x14000951, 0xff000000]);
});

test("a work of two midstates is the one of the test bench", () => {
  const frame = loadVectors("BM1387").find(({ hex }) => hex.startsWith("2156000200000000"));
  const bytes = fromHex(frame?.hex ?? "");
  const view = new DataView(bytes.buffer);
  const header = new Uint8Array(80);
  header.set(bytes.subarray(8, 12), 72);
  header.set(bytes.subarray(12, 16), 68);
  header.set(bytes.subarray(16, 20), 64);
  const midstates = new Int32Array(32);
  for (let i = 0; i < 16; i++) midstates[(i & 8) + 7 - (i & 7)] = view.getInt32(20 + 4 * i);
  const words = new Uint32Array(36);
  expect(putS9ioWork(words, 0, 0, { header, midstateCount: 2, midstates })).toBe(s9ioWorkWords(2));
  expect([...words.subarray(0, 12)]).toEqual([
    ...[0x00000000, 0x1725fd03, 0x5d0b7d52, 0xde474074, 0x41e79803, 0x634a932b],
    ...[0xd79ae784, 0xfe7179a6, 0x1ff0ccd2, 0x07d0c195, 0xc34829b3, 0x8a307647],
  ]);
});

test("a nonce is read as its description shows it", () => {
  expect(s9ioNonceWord(0x83ea0372) >>> 0).toBe(0x7203ea83);
  expect([s9ioWireId(0x98000300), s9ioSlot(0x98000300)]).toEqual([0, 3]);
  const id = s9ioWorkId(511) + 2;
  expect([s9ioWireId(id << 8), s9ioSlot(id << 8)]).toEqual([511, 2]);
});

test("registers for an S9", () => {
  expect(s9ioBaudRegister(115_200)).toBe(53);
  expect(s9ioBaudRegister(1_562_500)).toBe(3);
  expect(s9ioControl(4, false)).toBe(0b01100);
  expect(s9ioControl(1, true)).toBe(0b11000);
  expect(s9ioWorkTime((0.9 * 4 * 2 ** 19) / 650_000)).toBe(145_187);
  expect(s9ioWorkTime(0)).toBe(1);
});

test("so many works lie ahead that 60 ms pass, but no more than the queue holds", () => {
  expect(worksAhead(2.9, 55)).toBe(21);
  expect(worksAhead(0.45, 55)).toBe(55);
  expect(worksAhead(1000, 55)).toBe(2);
});

test("works that are out are counted down a little too fast, and finds correct that", () => {
  const out = new WorksOutstanding();
  out.add(100, 0, 1);
  expect(out.count(50, 1)).toBeCloseTo(49.95, 6);
  expect(out.count(1000, 1)).toBe(0);
  out.raise(20, 1000, 1);
  expect(out.count(1000, 1)).toBe(20);
  out.raise(10, 1000, 1);
  expect(out.count(1000, 1)).toBe(20);
  out.clear(1000);
  expect(out.count(1000, 1)).toBe(0);
});
