/** A Bitaxe Gamma whose regulator or fan controller fails: one chip, one switch, so it stops or never starts. */
import { expect, test } from "vitest";
import { KumpelError } from "#hal/errors.ts";
import { allHash, chainReasons, chainStates, regulatorOf, timesOn } from "../support/board-parts.ts";
import { type Rig, type RigOptions, startRig } from "../support/rig.ts";

const TPS546 = 0x24;
const EMC2101 = 0x4c;
const start = (more: RigOptions = {}) => startRig({ machine: "bitaxe-gamma", hashesPerNonce: 16, ...more });

/** What one part's reads become from now on. */
function disturb(rig: Rig, part: number, change: (answer: Uint8Array, write: Uint8Array) => Uint8Array): void {
  rig.world.i2c.disturb = (answer, _role, address, write) => (address === part ? change(answer, write) : answer);
}

test("a regulator that does not acknowledge: nothing is switched on, and the reason names part, address and bus", async () => {
  const rig = await start();
  regulatorOf(rig).isDead = true;
  await rig.advance(60_000);
  expect(timesOn(rig, "regulatorVoltage")).toBe(0);
  expect(regulatorOf(rig).isOutputOn).toBe(false);
  expect(chainReasons(rig)[0]).toMatch(/TPS546 0x24 on .*: check/);
  regulatorOf(rig).isDead = false;
  await allHash(rig, 400_000);
  await rig.stop();
  expect(regulatorOf(rig).isOutputOn).toBe(false);
});

test("a regulator that does not keep its limits or its set point is never switched on", async () => {
  for (const command of [0x46, 0x21]) {
    const rig = await start();
    disturb(rig, TPS546, (answer, write) => (write[0] === command ? Uint8Array.of(1, 0) : answer));
    await rig.advance(60_000);
    expect(timesOn(rig, "regulatorVoltage"), `command ${command}`).toBe(0);
    expect(chainReasons(rig)[0]).toMatch(/^TPS546 0x24 on .*:/);
    await rig.stop();
  }
});

test("a regulator that falls silent while hashing cannot be switched off: the end says so, with the chip in reset", async () => {
  const rig = await start();
  await allHash(rig);
  regulatorOf(rig).isDead = true;
  await rig.advance(20_000);
  expect(chainStates(rig)).toEqual(["hashing"]);
  await expect(rig.stop()).rejects.toMatchObject({
    code: "PSU_FAILED",
    message: expect.stringMatching(
      /^Power is not confirmed to be off \(TPS546 0x24 on .* failed at register 0x01 \(.*\): check the bus\): switch the machine off at its plug\.$/,
    ),
  });
  expect(rig.world.chains[0]?.model.isRunning).toBe(false);
});

test("a regulator that switches itself off by heat: the chain falls silent and is started anew, or given up", async () => {
  const rig = await start();
  await allHash(rig);
  regulatorOf(rig).temperatureC = 150;
  await rig.until("the chain is not hashing", () => chainStates(rig)[0] !== "hashing", 60_000);
  expect(chainReasons(rig)[0]).toMatch(/no nonce for|chip/);
  await rig.stop();
});

test.each([
  ["all ones", Uint8Array.of(0xff)],
  ["-128 C", Uint8Array.of(0x80)],
])("a fan controller that answers %s for the chip's temperature: no temperature, no power", async (_name, byte) => {
  const rig = await start();
  disturb(rig, EMC2101, (answer, write) => (write[0] === 0x01 || write[0] === 0x10 ? byte : answer));
  await rig.advance(30_000);
  expect(timesOn(rig, "regulatorVoltage")).toBe(0);
  expect(rig.snapshot().thermal).toMatchObject({ phase: "warmUp", fanDutyPct: 100 });
  expect(rig.snapshot().thermal.reason).toMatch(/^no temperature of chain 0 yet \(.*0x4c on .*\): check that board/);
  rig.world.i2c.disturb = null;
  await allHash(rig);
  await rig.stop();
});

test("a fan controller that answers nonsense or nothing while hashing: power off, with part and bus", async () => {
  for (const change of [
    () => Uint8Array.of(0xff),
    () => {
      throw new KumpelError("I2C_NACK", "no device answers");
    },
  ]) {
    const rig = await start();
    await allHash(rig);
    disturb(rig, EMC2101, change);
    await rig.until("power is off", () => !regulatorOf(rig).isOutputOn, 40_000);
    expect(rig.snapshot().alarms[0]).toMatch(/^power is cut: .*(EMC2101|sensor) 0x4c on .*check|^power is cut: fan 1/);
    await rig.stop();
  }
});
