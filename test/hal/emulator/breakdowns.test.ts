/** Parts that break in ways of which only the simulator makes use. */
import { expect, test } from "vitest";
import { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import { FanModel } from "#hal/emulator/fan-model.ts";
import { cutMains } from "#hal/emulator/mains.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { PsuPower } from "#hal/emulator/power/machine-power.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

test("with the plug out nothing has power, and the supply forgets its set point", async () => {
  const clock = new VirtualClock();
  const world = new EmulatedWorld({ machine: "s21", clock, random: new SeededRandom(1), chipScale: 1 });
  const { power } = world;
  if (!(power instanceof PsuPower)) throw new Error("the machine has another supply");
  const wokeUpMv = power.psu.targetMv;
  world.setPower(true);
  power.presetMv(13_000);
  world.setFanDutyPct(100);
  await clock.advance(5_000);
  expect(power.voltageV(0)).toBeCloseTo(13, 1);
  cutMains(world);
  expect(world.powerIsOn).toBe(false);
  await clock.advance(10_000);
  expect(world.chains.map((_, chain) => power.voltageV(chain))).toEqual([0, 0, 0]);
  expect(world.fans.trueRpm(0)).toBeLessThan(50);
  expect(power.psu.targetMv).toBe(wokeUpMv);
  world.stop();
});

test("a supply that has tripped stays off until its enable line was", async () => {
  const clock = new VirtualClock();
  const world = new EmulatedWorld({ machine: "s21", clock, random: new SeededRandom(1), chipScale: 1 });
  const { power } = world;
  if (!(power instanceof PsuPower)) throw new Error("the machine has another supply");
  world.setPower(true);
  await clock.advance(3_000);
  power.psu.trip();
  await clock.advance(3_000);
  expect(power.voltageV(0)).toBe(0);
  world.setPower(false);
  world.setPower(true);
  await clock.advance(3_000);
  expect(power.voltageV(0)).toBeGreaterThan(10);
  world.stop();
});

test("a silent tachometer is no stopped fan, and a worn fan is slow", () => {
  const fans = new FanModel(2);
  fans.setDutyPct(100);
  fans.isTachoDead[0] = true;
  fans.speedShare[1] = 0.5;
  fans.step([], 60_000);
  expect([fans.rpm(0), fans.edges(0)]).toEqual([0, 0]);
  expect(fans.trueRpm(0)).toBeCloseTo(5640, 0);
  expect(fans.rpm(1)).toBeCloseTo(2760, 0);
  expect(fans.airflow).toBeCloseTo(0.75, 2);
});

test("a torn write leaves the old file, and nobody hears how it ended", async () => {
  const store = new MemoryStore();
  await store.write("a", "old");
  store.isTearing = true;
  let isHeard = false;
  store.write("a", "new").then(
    () => {
      isHeard = true;
    },
    () => {
      isHeard = true;
    },
  );
  await new VirtualClock().advance(1_000);
  expect(isHeard).toBe(false);
  expect(await store.read("a")).toBe("old");
});
