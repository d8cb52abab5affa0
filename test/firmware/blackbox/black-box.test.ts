import { expect, test } from "vitest";
import { BlackBox } from "#firmware/blackbox/black-box.ts";
import { DecisionRing } from "#firmware/blackbox/decision-ring.ts";
import { replayRecording } from "#firmware/blackbox/replay.ts";
import { UartRing } from "#firmware/blackbox/uart-ring.ts";
import { createLog } from "#firmware/log.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test("the ring of a serial line keeps the newest bytes whole, in order, whatever falls out", () => {
  const ring = new UartRing(64);
  for (let i = 0; i < 100; i++) ring.push(i % 2 === 0 ? "in" : "out", bytes(i, i + 1, i + 2), i * 10);
  const seen: [string, string, number][] = [];
  ring.visit((direction, hex, atMs) => seen.push([direction, hex, atMs]));
  expect(seen).toEqual([
    ["in", "606162", 960],
    ["out", "616263", 970],
    ["in", "626364", 980],
    ["out", "636465", 990],
  ]);
});

const decision = (n: number) => ({
  machine: "chain 0",
  before: { n },
  input: { kind: "tick" },
  after: { n: n + 1 },
  actions: [],
  reason: `step ${n}`,
});

test("a state stands at the head of each segment and wherever it was changed from outside, nowhere else", () => {
  const ring = new DecisionRing(1_000_000);
  const first = decision(0);
  ring.add(first, 0);
  ring.add({ ...decision(1), before: first.after }, 1_000);
  ring.add(decision(7), 2_000);
  ring.add(decision(8), 61_000);
  const kinds = ring.lines.map((line) => (JSON.parse(line) as { k: string }).k);
  expect(kinds).toEqual(["state", "step", "step", "state", "step", "state", "step"]);
});

test("the ring stays within its limit, also in a storm", () => {
  const ring = new DecisionRing(10_000);
  for (let i = 0; i < 5_000; i++) ring.add(decision(i), i);
  for (let i = 0; i < 500; i++) ring.add(decision(i), 100_000 + i * 1_000);
  expect(ring.lines.join("").length).toBeLessThanOrEqual(10_000);
  expect(ring.lines.at(-1)).toContain("step 499");
});

function box(store: MemoryStore, clock: VirtualClock): BlackBox {
  return new BlackBox({ log: createLog("silent"), clock, store, program: "kumpel/test", machine: "s21", chains: 3 });
}

test("an incident writes a file, a flood of them does not wear out the flash, and old files go", async () => {
  const store = new MemoryStore();
  const clock = new VirtualClock();
  const blackBox = box(store, clock);
  const incident = { run: 1, atWallMs: 0, uptimeMs: 0, chainIndex: null, text: "board at 75.0 C" };
  for (let i = 0; i < 20; i++) {
    for (let k = 0; k < 50; k++) blackBox.incident({ ...incident, kind: "shutdown" });
    blackBox.incident({ ...incident, kind: "pause" });
    await clock.advance(60_000);
  }
  await blackBox.close();
  expect(store.writes).toBe(20);
  expect([...store.files.keys()].sort()).toEqual(
    [15, 16, 17, 18, 19, 20].map((n) => `blackbox-${String(n).padStart(6, "0")}.jsonl`),
  );
});

test("pool lines are cut, and a recording says what it is", () => {
  const blackBox = box(new MemoryStore(), new VirtualClock());
  blackBox.poolLine(0, "in", "x".repeat(5_000));
  const [head, line] = blackBox.text("a test").split("\n");
  expect(JSON.parse(head ?? "")).toMatchObject({ k: "kumpel black box", machine: "s21", cause: "a test" });
  expect((JSON.parse(line ?? "") as { line: string }).line).toHaveLength(1_000);
});

test("a recording that was damaged is read as far as it goes", () => {
  const text = [
    '{"k":"kumpel black box","version":1,"program":"p","machine":"s21","cause":"c","nowMs":1,"wallMs":1}',
    '{"k":"step","t":1,"m":"thermal","in":{},"actions":[],"reason":""}',
    '{"k":"step","t":1,"m":"no such machine","in":{},"actions":[],"reason":""}',
    '{"k":"state","t":1,"m":"thermal","state":null}',
    '{"k":"step","t":2,"m":"thermal","in":{},"actions":[],"reason":"r"}',
    '{"k":"uart","t":1,',
    '{"k":"what"}',
  ].join("\n");
  const result = replayRecording(text);
  expect(result).toMatchObject({ skipped: 2, decisions: 1 });
  expect(result.unreadable).toEqual([
    { line: 6, text: "no JSON" },
    { line: 7, text: "no record of a black box" },
  ]);
  expect(result.differences[0]?.today.reason).toMatch(/^this program cannot take that state or input: /);
  expect(replayRecording("")).toMatchObject({ header: null, decisions: 0 });
});
