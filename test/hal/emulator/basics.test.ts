import { expect, test } from "vitest";
import { crc5, crc16, typedCrc5 } from "../../../hal/emulator/crc.ts";
import { isMachineName, MACHINE_NAMES, machineFacts } from "../../../hal/emulator/machines.ts";
import { SeededRandom } from "../../../hal/emulator/prng.ts";
import { ticketDifficulty, ticketTarget } from "../../../hal/emulator/ticket-target.ts";
import { VirtualClock } from "../../../hal/emulator/virtual-clock.ts";
import { bytes } from "./support.ts";

test("timers fire by time, then in the order in which they were set", async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  clock.setTimer(20, () => fired.push("late"));
  clock.setTimer(10, () => fired.push("first"));
  clock.setTimer(10, () => fired.push("second"));
  clock.setTimer(-5, () => fired.push("now"));
  expect(clock.pendingTimers).toBe(4);
  await clock.advance(10);
  expect(fired).toEqual(["now", "first", "second"]);
  expect(clock.nowMs()).toBe(10);
  await clock.advance(100);
  expect(fired).toHaveLength(4);
  expect(clock.nowMs()).toBe(110);
});

test("promises that became ready run before the next timer", async () => {
  const clock = new VirtualClock();
  const order: string[] = [];
  clock.setTimer(1, () => {
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => order.push("promise"));
  });
  clock.setTimer(1, () => order.push("next timer"));
  await clock.advance(1);
  expect(order).toEqual(["promise", "next timer"]);
});

test("a cancelled timer does not fire and is not counted, even after thousands of them", async () => {
  const clock = new VirtualClock();
  let fired = 0;
  const timers = Array.from({ length: 5000 }, (_, i) => clock.setTimer(i, () => fired++));
  for (const timer of timers.slice(10)) {
    timer.cancel();
    timer.cancel();
  }
  expect(clock.pendingTimers).toBe(10);
  await clock.advance(10_000);
  expect(fired).toBe(10);
  expect(clock.pendingTimers).toBe(0);
});

test("runUntil stops at the event that makes the predicate true, or at its limit", async () => {
  const clock = new VirtualClock();
  let isDone = false;
  clock.setTimer(30, () => {
    isDone = true;
  });
  expect(await clock.runUntil(() => isDone, 1000)).toBe(true);
  expect(clock.nowMs()).toBe(30);
  expect(await clock.runUntil(() => false, 50)).toBe(false);
  expect(clock.nowMs()).toBe(80);
});

test("the wall clock can jump without moving timers", async () => {
  const clock = new VirtualClock({ wallStartMs: 1000 });
  await clock.advance(5);
  clock.jumpWallTime(-500);
  expect(clock.wallTimeMs()).toBe(505);
  expect(clock.nowMs()).toBe(5);
});

test("a seed replays its numbers, a fork depends on its label only", () => {
  const draw = (random: SeededRandom): number[] => Array.from({ length: 8 }, () => random.uint32());
  const first = new SeededRandom(7);
  expect(draw(first)).toEqual(draw(new SeededRandom(7)));
  expect(draw(new SeededRandom(8))).not.toEqual(draw(new SeededRandom(7)));
  expect(draw(first.fork("a"))).toEqual(draw(new SeededRandom(7).fork("a")));
  expect(draw(first.fork("a"))).not.toEqual(draw(first.fork("b")));
  expect(draw(first.fork("a").fork("c"))).not.toEqual(draw(first.fork("b").fork("c")));
});

test("random numbers are uniform", () => {
  const random = new SeededRandom(99);
  const bins = new Array<number>(16).fill(0);
  const draws = 160_000;
  for (let i = 0; i < draws; i++) bins[Math.floor(random.unit() * 16)]!++;
  const expected = draws / 16;
  const chiSquare = bins.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  // 15 degrees of freedom: 37.7 is passed by one seed in a thousand.
  expect(chiSquare).toBeLessThan(37.7);
});

test("the checks agree with the documents' worked examples", () => {
  expect(crc16(new TextEncoder().encode("123456789"), 0, 9)).toBe(0x29b1);
  expect(crc5(bytes("5205 0000"), 0, 4)).toBe(0x0a);
  expect(crc5(bytes("5305 0000"), 0, 4)).toBe(0x03);
  expect(typedCrc5(bytes("c0b90265 4e08 0000"), 0, 8, 0)).toBe(0x12);
});

test.each([
  [0, 1],
  [0x80, 2],
  [0xfc, 64],
  [0xff, 256],
  [0x80ff, 512],
  [0xf8ff, 8192],
  [0xffff, 65536],
])("ticket register %i asks for difficulty %i", (register, difficulty) => {
  expect(ticketDifficulty(register)).toBe(difficulty);
});

test("the scale makes the ticket's target larger and is capped at 2^256 - 1", () => {
  expect([...ticketTarget(0xff, 1).words]).toEqual([0, 0x01000000, 0, 0, 0, 0, 0, 0]);
  expect(ticketTarget(0xff, 2 ** 30).expectedHashes).toBe(1024);
  expect([...ticketTarget(0, 2 ** 40).words]).toEqual(new Array(8).fill(0xffffffff));
});

test("every machine has chips and chains", () => {
  for (const name of MACHINE_NAMES) {
    const machine = machineFacts(name);
    expect(machine.chainCount * machine.chipsPerChain).toBeGreaterThan(0);
  }
  expect(isMachineName("s21")).toBe(true);
  expect(isMachineName("toString")).toBe(false);
});
