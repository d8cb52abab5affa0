/** Capture: what is written, when it is full, when it turns, and that taking something up leaves no garbage. */
import { expect, test } from "vitest";
import { ENTRY, TraceRing } from "#firmware/trace/capture/trace-ring.ts";
import { TRACE_MIN_BYTES, type TraceLimits, TraceWriter } from "#firmware/trace/capture/trace-writer.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { KumpelError } from "#hal/errors.ts";
import { leastGrowthBytes } from "../../support/heap.ts";
import { decode } from "./decode-support.ts";

const HEADER = {
  program: "kumpel/0",
  machine: "s21",
  chip: "BM1368",
  chips: 108,
  "address-interval": 2,
  "chip-scale": 1,
};
const READ_ALL = Uint8Array.from(Buffer.from("55aa520500000a", "hex"));
const CHIP_ID = Uint8Array.from(Buffer.from("aa5513680000000000000f", "hex"));

function bench() {
  const clock = new VirtualClock();
  /** Newest last; every opening is a new one. */
  const files: { path: string; text: string; isOpen: boolean }[] = [];
  const warnings: string[] = [];
  let failNext: Error | null = null;
  const writer = new TraceWriter({
    clock,
    header: HEADER,
    warn: (text) => warnings.push(text),
    openFile: (path) => {
      const file = { path, text: "", isOpen: true };
      files.push(file);
      return Promise.resolve({
        append: (text) => {
          if (failNext !== null) return Promise.reject(failNext);
          file.text += text;
          return Promise.resolve();
        },
        close: () => {
          file.isOpen = false;
          return Promise.resolve();
        },
      });
    },
  });
  const fail = (error: Error): void => {
    failNext = error;
  };
  return { clock, files, warnings, writer, fail };
}

test("both directions, pool lines and rates come out as they went in, with their times", async () => {
  const { clock, files, writer } = bench();
  const chain = writer.chain(0);
  chain.baud(115_740);
  chain.push("out", CHIP_ID, clock.nowMs());
  await writer.start("t.trace");
  await clock.advance(10);
  chain.push("out", READ_ALL, clock.nowMs());
  await clock.advance(1.5);
  chain.push("in", CHIP_ID, clock.nowMs());
  writer.chain(2).baud(3_125_000);
  writer.poolLine(1, "in", '{"id":1,\n"result":"ü"}');
  await writer.stop("asked for");
  expect(files.map(({ isOpen }) => isOpen)).toEqual([false]);
  expect(files[0]?.text.replace(/started .*/, "started WHEN")).toMatchInlineSnapshot(`
    "# kumpel trace 1
    # program kumpel/0
    # machine s21
    # chip BM1368
    # chips 108
    # address-interval 2
    # chip-scale 1
    # started WHEN
    0.000 0 ! baud 115740
    10.000 0 > 55aa520500000a
    11.500 0 < aa5513680000000000000f
    11.500 2 ! baud 3125000
    11.500 p1 < {"id":1, "result":"ü"}
    11.500 - ! end: asked for
    "
  `);
  const found = decode(Buffer.from(files[0]?.text ?? "", "utf8"));
  expect(found.chip).toBe("BM1368");
  expect(found.frames.map(({ frame, tMs }) => [frame.kind, tMs])).toEqual([
    ["read", 10],
    ["register", 11.5],
  ]);
  expect(found.pool).toEqual(['{"id":1, "result":"ü"}']);
  expect(found.notes).toEqual(["baud 115740", "baud 3125000", "end: asked for"]);
  expect(writer.status).toMatchObject({ isOn: false, isFull: false, lostEvents: 0, failure: null });
});

async function flood(limits: TraceLimits) {
  const parts = bench();
  const { clock, writer } = parts;
  await writer.start("t.trace", limits);
  for (let i = 0; i < 40_000; i++) {
    CHIP_ID[4] = i;
    writer.chain(0).push("in", CHIP_ID, clock.nowMs());
    if (i % 1000 === 0) await clock.advance(400);
  }
  await clock.advance(400);
  return parts;
}

test("a full trace keeps its beginning, says so and ends", async () => {
  const maxBytes = TRACE_MIN_BYTES;
  const { files, writer, warnings } = await flood({ maxBytes, keep: "oldest" });
  expect(files).toHaveLength(1);
  const [file] = files;
  expect(file?.isOpen).toBe(false);
  expect(file?.text.length).toBeGreaterThan(maxBytes * 0.9);
  expect(file?.text.length).toBeLessThanOrEqual(maxBytes);
  expect(file?.text).toMatch(/ - ! full: the limit of 262144 bytes is reached\n$/);
  expect(writer.status).toMatchObject({ isOn: false, isFull: true });
  expect(warnings).toEqual(['the trace "t.trace" is full (262144 bytes) and ended']);
  await writer.start("t2.trace");
  expect(writer.status.isFull).toBe(false);
});

test("or it keeps the newest, in two files by turns, each with its own head", async () => {
  const maxBytes = TRACE_MIN_BYTES;
  const { files, writer } = await flood({ maxBytes, keep: "newest" });
  await writer.stop("end");
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    expect(file.text.length).toBeLessThanOrEqual(maxBytes / 2);
    expect(file.text).toMatch(/^# kumpel trace 1\n/);
    expect(file.isOpen).toBe(false);
  }
  for (const file of files.slice(1)) expect(file.text).toContain("! continues t.trace.1\n");
  expect(files.at(-1)?.text).toMatch(/ - ! end: end\n$/);
});

test("a disk that refuses ends the trace, not the program", async () => {
  const { clock, writer, warnings, fail } = bench();
  await writer.start("t.trace");
  fail(new Error("no space left"));
  writer.chain(0).push("in", CHIP_ID, 0);
  await clock.advance(400);
  expect(writer.status).toMatchObject({ isOn: false, failure: "no space left" });
  expect(warnings).toEqual(['the trace "t.trace" ended: no space left']);
  await writer.stop("nothing runs");
});

test("what comes faster than it is written is counted and told", async () => {
  const { clock, files, writer } = bench();
  await writer.start("t.trace");
  const long = new Uint8Array(12_000).fill(0x5a);
  for (let i = 0; i < 400; i++) writer.chain(1).push("out", long, clock.nowMs());
  await writer.stop("end");
  expect(writer.status.lostEvents).toBeGreaterThan(100);
  expect(files[0]?.text).toMatch(/ - ! lost \d+ events, \d+ bytes: they came faster than they are written\n/);
});

test("one trace at a time, and none that is too short", async () => {
  const { writer } = bench();
  await writer.start("t.trace");
  await expect(writer.start("u.trace")).rejects.toThrow(KumpelError);
  await writer.stop("end");
  await expect(writer.start("u.trace", { maxBytes: 1000, keep: "oldest" })).rejects.toThrow(/too short/);
});

test("a chunk longer than an entry stays whole, in pieces", async () => {
  const { files, writer } = bench();
  await writer.start("t.trace");
  const long = Uint8Array.from({ length: 40_000 }, (_, i) => i);
  writer.chain(0).push("in", long, 0);
  await writer.stop("end");
  const hex = (files[0]?.text ?? "").split("\n").flatMap((line) => / < ([0-9a-f]+)$/.exec(line)?.[1] ?? []);
  expect(hex.join("")).toBe(Buffer.from(long).toString("hex"));
});

test("taking up a nonce leaves no garbage", () => {
  const ring = new TraceRing(1 << 20, 1024);
  const growth = leastGrowthBytes(20_000, () => {
    ring.clear();
    for (let i = 0; i < 20_000; i++) ring.push(ENTRY.uartIn, 0, CHIP_ID, i);
  });
  expect(growth).toBeLessThan(20_000);
});
