/** What the machine does when a part of the board lies, sticks or is gone: it degrades or stops, and energises nothing unknown. */
import { expect, test } from "vitest";
import { PsuPower } from "#hal/emulator/power/machine-power.ts";
import { CALM, type Rig, startRig } from "../support/rig.ts";

async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
}

function psuOf(rig: Rig): PsuPower["psu"] {
  const { power } = rig.world;
  if (!(power instanceof PsuPower)) throw new Error("this machine has no supply with a bus");
  return power.psu;
}

const reasons = (rig: Rig): string[] => rig.snapshot().chains.map(({ reason }) => reason);

test("a supply that does not answer: its output is never switched on, and the reason names bus, address and cable", async () => {
  const rig = await startRig(CALM);
  psuOf(rig).isDead = true;
  await rig.advance(60_000);
  expect(rig.world.powerTransitions).toEqual([]);
  for (const reason of reasons(rig))
    expect(reason).toMatch(/power supply 0x10 on emulated supply bus does not answer: check the cable/);
  // It comes back, and so does the machine, by itself.
  psuOf(rig).isDead = false;
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 120_000);
  await rig.stop();
});

test("a supply that keeps another set point than it was told is never switched on", async () => {
  const rig = await startRig(CALM);
  psuOf(rig).ignoredSets = 1_000;
  await rig.advance(60_000);
  expect(rig.world.powerTransitions).toEqual([]);
  for (const reason of reasons(rig)) expect(reason).toMatch(/holds \d+ instead of \d+ for \d+ mV: switch it off/);
  await rig.stop();
});

test("a supply that stops listening half-way up is switched off again before the next try", async () => {
  const rig = await startRig(CALM);
  await rig.until("the supply is on", () => rig.world.powerIsOn, 20_000);
  psuOf(rig).ignoredSets = 3;
  await rig.until("it was switched off again", () => !rig.world.powerIsOn, 20_000);
  expect(rig.world.chains.map(({ model }) => model.isRunning)).toEqual([false, false, false]);
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 120_000);
  await rig.stop();
});

test("a supply that does not take the working voltage costs the power: nobody knows what it gives", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  psuOf(rig).ignoredSets = 1_000;
  await rig.until("power is cut", () => !rig.world.powerIsOn, 30_000);
  expect(rig.snapshot().alarms[0]).toMatch(
    /^power is cut: the supply does not take the working voltage: .*switch it off/,
  );
  await rig.stop();
});

test("a hashboard bus that is stuck from the start: no temperature, so no power", async () => {
  const rig = await startRig(CALM);
  rig.world.i2c.stuck.hashboards = true;
  await rig.advance(60_000);
  expect(rig.world.powerTransitions).toEqual([]);
  expect(rig.snapshot().thermal).toMatchObject({ phase: "warmUp", fanDutyPct: 100 });
  rig.world.i2c.stuck.hashboards = false;
  await hashing(rig);
  await rig.stop();
});

test("a hashboard bus that gets stuck while hashing ends the power within the sensors' age", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  rig.world.i2c.stuck.hashboards = true;
  await rig.advance(13_000);
  expect(rig.world.powerIsOn).toBe(false);
  expect(rig.snapshot().thermal.reason).toMatch(/^no temperature sensor of chain 0 answers/);
  await rig.stop();
});

test("a stuck supply bus while hashing changes nothing, and power still goes off at the end", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  await rig.advance(15_000);
  rig.world.i2c.stuck.supply = true;
  await rig.advance(60_000);
  expect(rig.snapshot().chains.map(({ state }) => state)).toEqual(["hashing", "hashing", "hashing"]);
  await rig.stop();
  expect(rig.world.powerIsOn).toBe(false);
});

test("an output that fails under load: the chains fall silent one restart after the other, and are given up with a reason", async () => {
  const rig = await startRig(CALM);
  await hashing(rig);
  rig.world.faults.psuFailed = true;
  await rig.until(
    "given up",
    () => rig.snapshot().chains.every((c) => c.state === "disabled" || c.state === "off"),
    1_200_000,
  );
  await rig.advance(2_000);
  expect(rig.world.powerIsOn).toBe(false);
  expect(rig.snapshot().alarms[0]).toBe("power is cut: no chain is left that could run");
  await rig.stop();
});
