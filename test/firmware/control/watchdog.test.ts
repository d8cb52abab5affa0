import { expect, test } from "vitest";
import { decideWatchdog, Heartbeats } from "#firmware/control/heartbeats.ts";
import { WatchdogLoop } from "#firmware/control/watchdog-loop.ts";
import { createLog } from "#firmware/log.ts";
import { WatchdogModel } from "#hal/emulator/devices/watchdog-model.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

const log = createLog("silent");

test("it is fed only while every loop is fresh and the program did not stand still", () => {
  const beats = [
    { name: "thermal", maxAgeMs: 13_000, atMs: 1_000 },
    { name: "statistics", maxAgeMs: 10_000, atMs: 9_000 },
  ];
  expect(decideWatchdog(beats, 14_000, 14_000)).toEqual({ kind: "feed", reason: "every loop is alive" });
  expect(decideWatchdog(beats, 14_001, 14_001)).toEqual({
    kind: "starve",
    reason: "the thermal loop has not finished a turn for 13.0 s",
  });
  expect(decideWatchdog([], 1_000, 7_000)).toEqual({ kind: "starve", reason: "the program stood still for 6.0 s" });
});

function start(device: WatchdogModel | null, clock: VirtualClock) {
  const heartbeats = new Heartbeats();
  const starved: string[] = [];
  const loop = new WatchdogLoop({ log, clock, device, heartbeats, onStarved: (reason) => starved.push(reason) });
  const stop = new AbortController();
  const run = loop.run(stop.signal);
  return { heartbeats, starved, loop, stop, run };
}

test("a loop that hangs starves it, and it resets the board fifteen seconds after the last beat counted", async () => {
  const clock = new VirtualClock();
  const bites: number[] = [];
  const device = new WatchdogModel(clock, () => bites.push(clock.nowMs()));
  const { heartbeats, starved } = start(device, clock);
  const beat = heartbeats.add("thermal", 13_000, 0);
  for (let second = 1; second <= 100; second++) {
    await clock.advance(1_000);
    if (second <= 50) beat(clock.nowMs());
  }
  expect(starved).toEqual(["the thermal loop has not finished a turn for 14.0 s"]);
  expect(bites).toHaveLength(1);
  expect(bites[0]).toBeGreaterThan(63_000);
  expect(bites[0]).toBeLessThanOrEqual(79_000);
});

test("a stopped program's watchdog bites, unless it was let go in order", async () => {
  const clock = new VirtualClock();
  let bites = 0;
  const device = new WatchdogModel(clock, () => bites++);
  const first = start(device, clock);
  await clock.advance(5_000);
  first.stop.abort();
  await first.run;
  await first.loop.disarm();
  await clock.advance(60_000);
  expect(bites).toBe(0);
  const second = start(device, clock);
  await clock.advance(5_000);
  second.stop.abort();
  await clock.advance(60_000);
  expect(bites).toBe(1);
});

test("without a watchdog, or with one that cannot be set, mining goes on", async () => {
  const clock = new VirtualClock();
  const none = start(null, clock);
  await none.run;
  expect(none.loop.timeoutS).toBeNull();
  await none.loop.disarm();
});
