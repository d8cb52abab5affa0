/** The FPGA models register by register, against the examples of the open core's description and its test bench. */
import { expect, test } from "vitest";
import { ChainModel } from "../../../../hal/emulator/chain-model.ts";
import { CHIP_FACTS, type ChipName } from "../../../../hal/emulator/chip-facts.ts";
import { noChainFaults } from "../../../../hal/emulator/faults.ts";
import { S9ioModel } from "../../../../hal/emulator/fpga/s9io-model.ts";
import { VendorFpgaModel } from "../../../../hal/emulator/fpga/vendor-fpga-model.ts";
import type { MidstateFacts } from "../../../../hal/emulator/midstate-facts.ts";
import { SeededRandom } from "../../../../hal/emulator/prng.ts";
import { SerialLine } from "../../../../hal/emulator/serial-line.ts";
import { VirtualClock } from "../../../../hal/emulator/virtual-clock.ts";
import { bytes, hex } from "../support.ts";

const NO_WORK = { tx: 0x3004, ticks: 0x0014, last: 0x3014 };

async function wired(name: ChipName, chipCount: number) {
  const clock = new VirtualClock();
  const faults = { ...noChainFaults(), noiseBurstBytes: 0 };
  const sent: string[] = [];
  const line = new SerialLine({
    clock,
    random: new SeededRandom(1),
    minTimerMs: 0,
    faults,
    toChips: (chunk, baud) => {
      sent.push(hex(chunk));
      chain.receive(chunk, baud);
    },
  });
  const facts = CHIP_FACTS[name];
  const chain: ChainModel = new ChainModel({
    facts,
    chipCount,
    clock,
    random: new SeededRandom(2),
    scale: 2 ** 26,
    isStrict: true,
    faults,
    send: (data, length, baud) => line.sendFromChips(data, length, baud),
  });
  chain.setPower(true);
  chain.setReset(false);
  await clock.advance(100);
  return { clock, line, chain, sent, wire: facts.midstate as MidstateFacts };
}

async function s9(chipCount = 1) {
  const parts = await wired("BM1387", chipCount);
  const model = new S9ioModel({ name: "chain6", ...parts });
  model.writeRegister(0x0010, 53);
  model.writeRegister(0x0008, 0b01000);
  return { ...parts, model };
}

test("words become the command frames of the description, with the core's own check", async () => {
  const { model, sent, clock } = await s9();
  model.writeRegister(0x1004, 0x00fc0541);
  model.writeRegister(0x1004, 0x0c000948);
  model.writeRegister(0x1004, 0x21026800);
  expect(model.readRegister(0x100c) & 4).toBe(0);
  await clock.advance(5);
  expect(sent).toEqual(["4105fc000b", "4809000c0068022102"]);
  expect(model.readRegister(0x100c)).toBe(0b0101);
});

test("replies come as two words, first byte low and the last byte on top", async () => {
  const { model, clock, line } = await s9();
  // Four midstates: an id of 3 is the last one of work 0.
  model.writeRegister(0x0008, 0b01100);
  line.sendFromChips(bytes("138790f400001c"), 7, 25e6 / (8 * 27));
  line.sendFromChips(bytes("7203ea83000398"), 7, 25e6 / (8 * 27));
  await clock.advance(5);
  expect([model.readRegister(0x1000), model.readRegister(0x1000)]).toEqual([0xf4908713, 0x1c000000]);
  expect(model.readRegister(0x200c) & 1).toBe(0);
  expect([model.readRegister(0x2000), model.readRegister(0x2000)]).toEqual([0x83ea0372, 0x98000300]);
  expect(model.readRegister(0x200c) & 1).toBe(1);
  expect(model.readRegister(0x0018)).toBe(0);
});

test("a frame that fails its check is dropped and counted; another rate makes nothing but such", async () => {
  const { model, clock, line } = await s9();
  line.sendFromChips(bytes("138790f400001d"), 7, 25e6 / (8 * 27));
  await clock.advance(5);
  expect(model.readRegister(0x0018)).toBe(1);
  expect(model.readRegister(0x100c) & 1).toBe(1);
  model.writeRegister(0x0008, 0b01001);
  expect(model.readRegister(0x0018)).toBe(0);
  // One garbled frame in 32 passes a check of five bits, but it is not what was sent.
  line.sendFromChips(bytes("138790f400001c"), 7, 1_562_500);
  await clock.advance(5);
  expect(model.readRegister(0x1000)).not.toBe(0xf4908713);
  expect(line.hostNoiseBytes).toBe(7);
});

/** A work of one midstate; the content does not matter. */
function pushWork(model: S9ioModel, id: number): void {
  for (let i = 0; i < 12; i++) model.writeRegister(NO_WORK.tx, i === 0 ? id : 0x1000 + i);
}

test("works leave one by one, a work time apart, and the last id tells which", async () => {
  const { model, clock, chain } = await s9();
  model.writeRegister(NO_WORK.ticks, 500_000);
  for (let id = 0; id < 5; id++) pushWork(model, 4 * id);
  expect(model.readRegister(NO_WORK.last)).toBe(0);
  await clock.advance(25);
  expect(model.readRegister(NO_WORK.last)).toBe(8);
  expect(chain.counts.jobs).toBe(3);
  model.writeRegister(0x3008, 2);
  await clock.advance(100);
  expect(model.readRegister(0x300c) & 4).toBe(4);
  expect(chain.counts.jobs).toBe(3);
});

test("the work FIFO holds 2,048 words and says when it is full", async () => {
  const { model } = await s9();
  model.writeRegister(NO_WORK.ticks, 0xffffff);
  for (let id = 0; id < 171; id++) pushWork(model, 4 * id);
  expect(model.readRegister(0x300c) & 8).toBe(0);
  pushWork(model, 800);
  expect(model.readRegister(0x300c) & 8).toBe(8);
  expect(model.queue.words.lostWords).toBe(12 * 172 - 2048 - 12);
});

test("switched off, the core forgets everything and takes nothing", async () => {
  const { model } = await s9();
  model.writeRegister(NO_WORK.ticks, 0xffffff);
  pushWork(model, 0);
  pushWork(model, 4);
  model.writeRegister(0x0008, 0);
  pushWork(model, 8);
  expect(model.readRegister(0x300c) & 4).toBe(4);
});

test("cores of a BM1387 stay dark until works open them, one each; time without work is counted", async () => {
  const { model, clock, chain } = await s9(2);
  const pll = (word: number): void => model.writeRegister(0x1004, word);
  pll(0x0c000958);
  pll(0x21026800);
  await clock.advance(5);
  expect(chain.chips[0]?.frequencyMhz).toBe(650);
  const midstates = chain.midstates;
  if (midstates === null) throw new Error("no midstate chips");
  pushWork(model, 4);
  await clock.advance(10);
  expect(midstates.expectedPerSecond()).toBe(0);
  for (let core = 0; core < 57; core++) {
    for (let i = 0; i < 12; i++) model.writeRegister(NO_WORK.tx, i === 0 ? core : i < 4 ? 0xffffffff : 0);
  }
  await clock.advance(1000);
  expect(midstates.expectedPerSecond()).toBeGreaterThan(0);
  const half = midstates.expectedPerSecond();
  for (let core = 57; core < 114; core++) {
    for (let i = 0; i < 12; i++) model.writeRegister(NO_WORK.tx, i === 0 ? core : i < 4 ? 0xffffffff : 0);
  }
  await clock.advance(1000);
  expect(midstates.expectedPerSecond()).toBeCloseTo(2 * half, 6);
  // The one real work lasted 25.8 ms on a chain of two slots.
  expect(chain.counts.idleSweepMs).toBeCloseTo(clock.nowMs() - 105 - 2 ** 25 / 1.3e6, 0);
});

async function s17() {
  const parts = await wired("BM1397", 4);
  const other = await wired("BM1397", 4);
  const seen: string[] = [];
  const model = new VendorFpgaModel({
    name: "fpga",
    clock: parts.clock,
    chains: [parts, other],
    board: {
      readRegister: (offset) => (offset === 0 ? 0x4000b031 : undefined),
      writeRegister: (offset, value) => {
        seen.push(`${offset.toString(16)}=${value.toString(16)}`);
        return true;
      },
    },
  });
  return { ...parts, model, seen };
}

test("the vendor's block sends a command with the preamble in front and is busy until it has left", async () => {
  const { model, sent, clock } = await s17();
  model.writeRegister(0xc4, 0x52050000);
  model.writeRegister(0xc8, 0x0a000000);
  model.writeRegister(0xc0, 0x80800000);
  expect(model.readRegister(0xc0) >>> 31).toBe(1);
  await clock.advance(10);
  expect(model.readRegister(0xc0) >>> 31).toBe(0);
  expect(sent).toEqual(["55aa520500000a"]);
  expect(model.readRegister(0x18)).toBe(8);
  expect([model.readRegister(0x10), model.readRegister(0x10)]).toEqual([0x00000000, 0x13971800]);
  model.writeRegister(0x1c, 1 << 16);
  expect(model.readRegister(0x18)).toBe(0);
});

test("registers that are none of the chains' go to the board", async () => {
  const { model, seen } = await s17();
  expect(model.readRegister(0)).toBe(0x4000b031);
  model.writeRegister(0x84, 0x640000);
  expect(seen).toEqual(["84=640000"]);
});

test("a work FIFO takes 55 works, says so chain by chain, and a new block empties them all", async () => {
  const { model } = await s17();
  model.writeRegister(0x88, 0x8001ffff);
  const push = (chain: number): void => {
    for (let i = 0; i < 37; i++) model.writeRegister(0x40, i === 0 ? 0x01800000 | (chain << 16) : 0);
  };
  // The first one leaves at once.
  for (let work = 0; work < 55; work++) push(1);
  expect(model.readRegister(0x0c)).toBe(0b11);
  push(1);
  expect(model.readRegister(0x0c)).toBe(0b01);
  push(1);
  expect(model.lostWorks).toBe(1);
  model.writeRegister(0x100, 0x4c0);
  expect(model.readRegister(0x0c)).toBe(0b11);
  expect(model.readRegister(0x100)).toBe(0x440);
});
