import { expect, test } from "vitest";
import { CALM, type Rig, startRig } from "../support/rig.ts";

async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
}

test("power goes on only after every fan turned and a sensor answered", async () => {
  const rig = await startRig(CALM);
  rig.world.faults.fanStopped[3] = true;
  await rig.advance(20_000);
  expect(rig.world.powerTransitions).toEqual([]);
  expect(rig.snapshot().thermal).toMatchObject({ phase: "warmUp", fanDutyPct: 100 });
  rig.world.faults.fanStopped[3] = false;
  await hashing(rig);
  expect(rig.world.powerIsOn).toBe(true);
  await rig.stop();
});

test("a fan that dies in mid-run: full fans, then power off, hashing ends with the cause named", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  await rig.advance(60_000);
  rig.world.faults.fanStopped[1] = true;
  const stoppedAtMs = rig.clock.nowMs();
  await rig.until("power off", () => !rig.world.powerIsOn, 60_000);
  expect(rig.clock.nowMs() - stoppedAtMs).toBeLessThanOrEqual(35_000);
  await rig.advance(5_000);
  const { chains, thermal, alarms } = rig.snapshot();
  expect(chains.map((c) => c.state)).toEqual(["off", "off", "off"]);
  expect(thermal).toMatchObject({ phase: "shutdown", reason: "fan 2 stands still", fanDutyPct: 100 });
  expect(alarms).toEqual(["power is cut: fan 2 stands still"]);
  // Latched: the fan comes back, power does not.
  rig.world.faults.fanStopped[1] = false;
  await rig.advance(120_000);
  expect(rig.world.powerIsOn).toBe(false);
  await rig.stop();
});

test("hot ambient air: the fans rise, and above the limit power goes before a chip passes its own", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  await rig.advance(300_000);
  const coolDuty = rig.snapshot().thermal.fanDutyPct;
  rig.world.ambientC = 40;
  await rig.advance(300_000);
  expect(rig.snapshot().thermal.fanDutyPct).toBeGreaterThan(coolDuty);
  expect(rig.world.powerIsOn).toBe(true);
  let hottestC = 0;
  rig.world.ambientC = 75;
  for (let i = 0; i < 600 && rig.world.powerIsOn; i++) {
    await rig.advance(1_000);
    hottestC = Math.max(hottestC, ...rig.world.chains.map((c) => c.thermal.dieC));
  }
  expect(rig.world.powerIsOn).toBe(false);
  expect(hottestC).toBeLessThan(105);
  expect(rig.snapshot().alarms[0]).toMatch(/^power is cut: (board|chip) at \d+\.\d C, limit \d+ C$/);
  await rig.stop();
});

test("the fans settle at the target without hunting", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  rig.world.ambientC = 35;
  await rig.advance(900_000);
  const duties: number[] = [];
  for (let i = 0; i < 300; i++) {
    await rig.advance(1_000);
    duties.push(rig.snapshot().thermal.fanDutyPct);
  }
  expect(Math.max(...duties) - Math.min(...duties)).toBeLessThanOrEqual(6);
  // Above the least duty: it is the control that holds the temperature, not the limit.
  expect(Math.min(...duties)).toBeGreaterThan(30);
  const boardC = Math.max(...rig.snapshot().chains.map((c) => c.temperatureBoardMaxC ?? 0));
  expect(Math.abs(boardC - 60)).toBeLessThan(3);
  await rig.stop();
});
