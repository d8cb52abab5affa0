import { expect, test } from "vitest";
import { Emc2101 } from "#drivers/fan/emc2101.ts";
import { Emc2101Model } from "#hal/emulator/devices/emc2101-model.ts";
import { DeviceBus } from "../../hal/emulator/devices/device-bus.ts";

function bench(productId: 0x16 | 0x28 = 0x16) {
  const model = new Emc2101Model(0x4c, productId);
  const bus = new DeviceBus(model);
  return { model, bus, fan: new Emc2101({ bus }) };
}

test.each([0x16, 0x28] as const)(
  "start checks the part (product %i) and runs the fan at full duty",
  async (productId) => {
    const { model, bus, fan } = bench(productId);
    await fan.start();
    expect(model.duty).toBe(63);
    expect(bus.log).toEqual(["fer1", "fdr1", "03r1", "0304", "03r1", "4a23", "4ar1", "4c3f", "4cr1"]);
  },
);

test("duty in steps and in per cent, rounded to the cool side", async () => {
  const { model, fan } = bench();
  await fan.start();
  await fan.setDuty(20);
  expect(model.duty).toBe(20);
  for (const [pct, duty] of [
    [0, 0],
    [1, 1],
    [50, 32],
    [100, 63],
  ] as const) {
    await fan.setDutyPct(pct);
    expect(model.duty).toBe(duty);
  }
  for (const wrong of [-1, 64, 1.5, Number.NaN]) {
    await expect(fan.setDuty(wrong)).rejects.toMatchObject({ code: "FAN_CONTROLLER_FAILED" });
  }
});

test("RPM = 5,400,000 / count; a fan that stands gives 0, a count of 0 nothing", async () => {
  const { model, bus, fan } = bench();
  model.rpm = 6000;
  expect(await fan.readRpm()).toEqual([0]);
  await fan.start();
  expect(await fan.readRpm()).toEqual([6000]);
  model.rpm = 1234;
  expect(Math.abs((await fan.readRpm())[0]! - 1234)).toBeLessThan(2);
  model.rpm = 0;
  expect(await fan.readRpm()).toEqual([0]);
  bus.garble = (bytes) => bytes.map(() => 0);
  expect(await fan.readRpm()).toEqual([null]);
});

test.each([-40, -0.125, 0, 25.125, 60.5, 125])(
  "driver and twin agree on %d C of the chip's diode",
  async (temperatureC) => {
    const { model, fan } = bench();
    model.externalC = temperatureC;
    expect(await fan.readExternal()).toEqual({ kind: "ok", temperatureC });
  },
);

test("open and shorted diode, a stuck bus and silence are failures, not temperatures", async () => {
  const { model, bus, fan } = bench();
  model.diode = "open";
  expect(await fan.readExternal()).toMatchObject({ kind: "failed", reason: expect.stringMatching(/open diode/) });
  model.diode = "short";
  expect(await fan.readExternal()).toMatchObject({ kind: "failed", reason: expect.stringMatching(/shorted/) });
  model.internalC = 41;
  expect(await fan.readInternal()).toEqual({ kind: "ok", temperatureC: 41 });
  bus.garble = (bytes) => bytes.map(() => 0xff);
  expect(await fan.readExternal()).toMatchObject({ reason: expect.stringMatching(/stuck/) });
  expect(await fan.readInternal()).toMatchObject({ reason: expect.stringMatching(/stuck/) });
  bus.garble = null;
  model.isDead = true;
  expect(await fan.readExternal()).toMatchObject({ reason: expect.stringMatching(/does not answer/) });
  expect(await fan.readInternal()).toMatchObject({ kind: "failed" });
});

test("another part at the address, a register that is not kept and silence are typed errors", async () => {
  const { model, bus, fan } = bench();
  bus.garble = (bytes) => bytes.map(() => 0x55);
  await expect(fan.start()).rejects.toMatchObject({
    code: "FAN_CONTROLLER_FAILED",
    message: expect.stringMatching(/^EMC2101 0x4c on test-bus says maker 0x55, product 0x55/),
  });
  bus.garble = (bytes, index) => (index % 2 === 0 ? bytes : bytes.map((b) => b ^ 8));
  await expect(fan.start()).rejects.toMatchObject({ code: "FAN_CONTROLLER_FAILED" });
  model.isDead = true;
  await expect(fan.readRpm()).rejects.toMatchObject({ code: "FAN_CONTROLLER_FAILED" });
});
