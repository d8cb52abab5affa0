import { expect, test } from "vitest";
import { Ina260 } from "#drivers/power-meter/ina260.ts";
import { Ina260Model } from "#hal/emulator/devices/ina260-model.ts";
import { DeviceBus, fromHex } from "../../hal/emulator/devices/device-bus.ts";

test("driver and twin agree, current with its sign", async () => {
  const model = new Ina260Model();
  const meter = new Ina260({ bus: new DeviceBus(model) });
  await meter.start();
  model.currentMa = 3125;
  model.voltageMv = 5050;
  expect(await meter.read()).toEqual({ currentMa: 3125, voltageMv: 5050, powerMw: 15_780 });
  model.currentMa = -12.5;
  expect((await meter.read()).currentMa).toBe(-12.5);
});

test("the datasheet's steps: 1.25 mA, 1.25 mV, 10 mW", async () => {
  const answers: Record<number, string> = { 1: "2710", 2: "2570", 3: "2ecc" };
  const bus = new DeviceBus({ address: 0x40, transfer: (write) => fromHex(answers[write[0]!]!) });
  expect(await new Ina260({ bus }).read()).toEqual({ currentMa: 12_500, voltageMv: 11_980, powerMw: 119_800 });
});

test("another part and silence are typed errors", async () => {
  const bus = new DeviceBus({ address: 0x40, transfer: () => fromHex("ffff") });
  await expect(new Ina260({ bus }).start()).rejects.toMatchObject({
    code: "POWER_METER_FAILED",
    message: expect.stringMatching(/^INA260 0x40 on test-bus says maker 0xffff/),
  });
  await expect(new Ina260({ bus, address: 0x41 }).read()).rejects.toMatchObject({ code: "POWER_METER_FAILED" });
});
