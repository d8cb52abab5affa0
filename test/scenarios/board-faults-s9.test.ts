/** An S9 whose controllers or sensors fail: its boards have their own switches, so it degrades board by board. */
import { expect, test } from "vitest";
import { KumpelError } from "#hal/errors.ts";
import { allHash, chainReasons, chainStates, picOf, timesOn } from "../support/board-parts.ts";
import { startRig } from "../support/rig.ts";

const start = () => startRig({ machine: "s9", hashesPerNonce: 16 });

test("a controller that is dead from the start: its board stays off, the reason names part and bus, the others hash", async () => {
  const rig = await start();
  picOf(rig, 0).isDead = true;
  await rig.until(
    "the others hash",
    () =>
      chainStates(rig)
        .slice(1)
        .every((s) => s === "hashing"),
    60_000,
  );
  await rig.advance(120_000);
  expect(chainStates(rig).slice(1)).toEqual(["hashing", "hashing"]);
  expect(timesOn(rig, "controllerOutput", 0)).toBe(0);
  expect(rig.world.chains[0]?.model.isRunning).toBe(false);
  expect(chainReasons(rig)[0]).toMatch(
    /^PIC16F1704 0x55 on emulated hashboards bus took no byte in 15 tries \(.*\): check that the board is plugged in; next try in \d+ s$/,
  );
  // It answers again: the board comes up by itself.
  picOf(rig, 0).isDead = false;
  await allHash(rig, 400_000);
  await rig.stop();
  expect(rig.world.powerIsOn).toBe(false);
});

test("a controller that stops taking heartbeats: its board goes off by itself, the others go on", async () => {
  const rig = await start();
  await allHash(rig);
  const diedAtMs = rig.clock.nowMs();
  picOf(rig, 1).isDead = true;
  await rig.until("the chain is faulty", () => chainStates(rig)[1] !== "hashing", 12_000);
  expect(chainReasons(rig)[1]).toMatch(
    /^its controller does not answer: PIC16F1704 0x56 on emulated hashboards bus .*: check that the board is plugged in/,
  );
  await rig.until("its output fell", () => !picOf(rig, 1).isOutputOn, 12_000);
  expect(rig.clock.nowMs() - diedAtMs).toBeLessThanOrEqual(11_000);
  const onBefore = timesOn(rig, "controllerOutput", 1);
  await rig.advance(60_000);
  expect(chainStates(rig)[0]).toBe("hashing");
  expect(chainStates(rig)[2]).toBe("hashing");
  expect(timesOn(rig, "controllerOutput", 1)).toBe(onBefore);
  expect(rig.snapshot().thermal).toMatchObject({ phase: "regulating", fanDutyPct: 100 });
  picOf(rig, 1).isDead = false;
  await allHash(rig, 400_000);
  await rig.stop();
});

test("a controller of another version is never told to switch on", async () => {
  const rig = await start();
  picOf(rig, 2).firmware = 0x56;
  await rig.advance(60_000);
  expect(chainStates(rig).slice(0, 2)).toEqual(["hashing", "hashing"]);
  expect(timesOn(rig, "controllerOutput", 2)).toBe(0);
  expect(chainReasons(rig)[2]).toMatch(
    /^PIC16F1704 0x57 on emulated hashboards bus reports version 86 where 3 is the only known one: leave this board unpowered/,
  );
  await rig.stop();
});

test("a controller that reads back another voltage than it was told is never switched on", async () => {
  const rig = await start();
  rig.world.i2c.disturb = (answer, _role, address) =>
    // Its version is 3; every other answer is a set point.
    address === 0x55 && answer[0] !== 3 ? Uint8Array.of(0) : answer;
  await rig.advance(60_000);
  expect(timesOn(rig, "controllerOutput", 0)).toBe(0);
  expect(chainReasons(rig)[0]).toMatch(
    /^PIC16F1704 0x55 on emulated hashboards bus holds set point 0 instead of 6 for 9400 mV: switch the board off/,
  );
  expect(chainStates(rig).slice(1)).toEqual(["hashing", "hashing"]);
  await rig.stop();
});

test("the sensor behind chip 61 fails while hashing: without a temperature no power, and the alarm says where", async () => {
  const rig = await start();
  await allHash(rig);
  await rig.advance(5_000);
  const faults = rig.world.faults.sensors[1];
  if (faults !== undefined) faults[0] = "failed";
  await rig.until("power is cut", () => !rig.world.powerIsOn, 15_000);
  const [alarm] = rig.snapshot().alarms;
  expect(alarm).toMatch(
    /^power is cut: no temperature sensor of chain 1 answers \(.*0x4c on I2C of chain 1 chip 61.*\): check that board/,
  );
  expect(rig.snapshot().thermal.fanDutyPct).toBe(100);
  await rig.stop();
});

test("the hashboard bus answers one time in three with a NACK: retries bear it", async () => {
  const rig = await start();
  let count = 0;
  rig.world.i2c.disturb = (answer, _role, address) => {
    if (count++ % 3 === 2) throw new KumpelError("I2C_NACK", `no device answers at 0x${address.toString(16)}`);
    return answer;
  };
  await allHash(rig);
  await rig.advance(30_000);
  expect(rig.snapshot().alarms).toEqual([]);
  await rig.stop();
});

test("a stuck hashboard bus while hashing: every controller cuts its board by itself, and no one is switched on again", async () => {
  const rig = await start();
  await allHash(rig);
  rig.world.i2c.stuck.hashboards = true;
  await rig.until("all outputs fell", () => !rig.world.powerIsOn, 12_000);
  const before = timesOn(rig, "controllerOutput");
  await rig.advance(60_000);
  expect(timesOn(rig, "controllerOutput")).toBe(before);
  for (const reason of chainReasons(rig)) {
    expect(reason).toMatch(/PIC16F1704 0x5[567] on emulated hashboards bus .*bus is stuck.*: check/);
  }
  await expect(rig.stop()).rejects.toThrow(/^Power is not confirmed to be off \(.*0x55.*0x56.*0x57.*\): switch/);
});

test("a controller that is silent at the end: the others are off, and the program does not say that all is well", async () => {
  const rig = await start();
  await allHash(rig);
  picOf(rig, 1).isDead = true;
  await rig.advance(500);
  await expect(rig.stop()).rejects.toMatchObject({
    code: "PSU_FAILED",
    message: expect.stringMatching(
      /^Power is not confirmed to be off \(PIC16F1704 0x56 .*\): switch the machine off at its plug\.$/,
    ),
  });
  expect([0, 1, 2].map((chain) => picOf(rig, chain).isOutputOn)).toEqual([false, true, false]);
});
