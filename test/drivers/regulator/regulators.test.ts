import { expect, test } from "vitest";
import { Ds4432u, ds4432uCode, ds4432uVoltageMv } from "#drivers/regulator/ds4432u.ts";
import { fromLinear11, linear16Exponent, toLinear11 } from "#drivers/regulator/linear.ts";
import { TPS546_LIMITS, Tps546 } from "#drivers/regulator/tps546.ts";
import { Ds4432uModel } from "#hal/emulator/devices/ds4432u-model.ts";
import { Tps546Model } from "#hal/emulator/devices/tps546-model.ts";
import { DeviceBus } from "../../hal/emulator/devices/device-bus.ts";

function tps() {
  const model = new Tps546Model();
  const bus = new DeviceBus(model);
  return { model, bus, regulator: new Tps546({ bus }) };
}

test.each([
  [0, 0],
  [0.25, 0.25],
  [-40, -40],
  [650, 650],
  [1023, 1023],
  [2000, 2000],
])("linear11 of %d", (value, back) => {
  expect(fromLinear11(toLinear11(value))).toBe(back);
});

test("linear11 keeps a thousandth, and refuses what does not fit", () => {
  for (let value = 0.01; value < 1000; value *= 1.7) {
    expect(Math.abs(fromLinear11(toLinear11(value)) / value - 1)).toBeLessThan(0.001);
  }
  expect(() => toLinear11(1e9)).toThrow(RangeError);
});

test("the exponent of VOUT_MODE", () => {
  expect([linear16Exponent(0x17), linear16Exponent(0x97), linear16Exponent(0x18), linear16Exponent(0x40)]).toEqual([
    -9,
    -9,
    -8,
    null,
  ]);
});

test("start writes all documented limits, sets 1.15 V and leaves the output off", async () => {
  const { model, regulator } = tps();
  await regulator.start();
  const documented: Record<number, number> = {
    53: 4.8,
    54: 4.5,
    85: 6.5,
    36: 2,
    43: 1,
    41: 0.25,
    51: 650,
    74: 25,
    70: 30,
    81: 105,
    79: 145,
  };
  expect(TPS546_LIMITS.map((l) => l.command).sort()).toEqual(Object.keys(documented).map(Number).sort());
  for (const [command, value] of Object.entries(documented)) {
    expect(Math.abs(model.limit(Number(command)) / value - 1), command).toBeLessThan(0.002);
  }
  expect(model.isOutputOn).toBe(false);
  await regulator.setOutput(true);
  expect(model.outputMv).toBeCloseTo(1150, -0.5);
});

test("driver and twin agree on volts, amperes and degrees", async () => {
  const { model, regulator } = tps();
  await regulator.start();
  await regulator.setOutput(true);
  for (let mv = 1000; mv <= 2000; mv += 50) {
    const madeMv = await regulator.setVoltageMv(mv);
    expect(Math.abs(madeMv - mv)).toBeLessThanOrEqual(1);
    expect(Math.abs(model.outputMv - madeMv)).toBeLessThan(1);
    expect(await regulator.readOutputMv()).toBe(madeMv);
  }
  model.currentMa = 12_500;
  model.temperatureC = 71;
  model.inputMv = 5100;
  expect(await regulator.readCurrentMa()).toBe(12_500);
  expect(await regulator.readTemperatureC()).toBe(71);
  expect(Math.abs((await regulator.readInputMv()) - 5100)).toBeLessThan(10);
  expect(await regulator.readStatus()).toEqual({ word: 0, isOff: false, faults: [] });
});

test.each([999, 2001, 0, Number.NaN])("%d mV is refused before anything is sent", async (mv) => {
  const { bus, regulator } = tps();
  await expect(regulator.setVoltageMv(mv)).rejects.toMatchObject({ code: "VOLTAGE_OUT_OF_RANGE" });
  expect(bus.log).toEqual([]);
});

test("heat, too much current and a low input switch the output off and show in the status", async () => {
  for (const [change, fault] of [
    [(m: Tps546Model) => (m.temperatureC = 150), "temperature"],
    [(m: Tps546Model) => (m.currentMa = 31_000), "output current"],
    [(m: Tps546Model) => (m.inputMv = 4000), "input under-voltage"],
  ] as const) {
    const { model, bus, regulator } = tps();
    await regulator.start();
    await regulator.setOutput(true);
    change(model);
    await bus.advance(100);
    expect(model.isOutputOn).toBe(false);
    const status = await regulator.readStatus();
    expect(status.isOff).toBe(true);
    expect(status.faults).toContain(fault);
  }
});

test("a set point or a limit that is not kept, another VOUT_MODE and silence are errors that name the part", async () => {
  const { model, bus, regulator } = tps();
  await regulator.start();
  bus.garble = (bytes) => bytes.map(() => 1);
  await expect(regulator.setVoltageMv(1200)).rejects.toMatchObject({
    code: "REGULATOR_FAILED",
    message: expect.stringMatching(/^TPS546 0x24 on test-bus holds 502 mV instead of 1200 mV/),
  });
  bus.garble = (bytes) => (bytes.length === 2 ? Uint8Array.of(0, 0) : bytes);
  await expect(regulator.start()).rejects.toMatchObject({
    message: expect.stringMatching(/for its limit "output scale"/),
  });
  bus.garble = (bytes) => bytes.map(() => 0x40);
  await expect(new Tps546({ bus }).setVoltageMv(1200)).rejects.toMatchObject({
    message: expect.stringMatching(/not linear/),
  });
  await expect(regulator.setOutput(true)).rejects.toMatchObject({ code: "REGULATOR_FAILED" });
  bus.garble = (bytes) => bytes.slice(0, 1);
  await expect(regulator.readInputMv()).rejects.toMatchObject({ message: expect.stringMatching(/1 of 2 bytes/) });
  model.isDead = true;
  await expect(regulator.readStatus()).rejects.toMatchObject({ code: "REGULATOR_FAILED" });
  bus.fault = () => {
    throw new TypeError("oops");
  };
  await expect(regulator.readStatus()).rejects.toThrow("oops");
});

test.each([
  [1200, 0xc6],
  [1166, 0xd0],
  [1400, 0x90],
])("DS4432U: %d mV is code %i", (mv, code) => {
  expect(ds4432uCode(mv)).toBe(code);
});

test("DS4432U: driver and twin agree over the whole range, within one step and one byte", async () => {
  for (const channel of [0, 1] as const) {
    const model = new Ds4432uModel();
    const regulator = new Ds4432u({ bus: new DeviceBus(model), channel });
    await regulator.start();
    for (let mv = 990; mv <= 1920; mv += 3) {
      const madeMv = await regulator.setVoltageMv(mv);
      expect(Math.abs(madeMv - mv)).toBeLessThan(5);
      expect(Math.abs(model.outputMv(channel) - madeMv)).toBeLessThan(1);
      expect(ds4432uCode(mv) & 0x7f).toBeGreaterThan(0);
      expect(ds4432uCode(mv)).toBeLessThanOrEqual(0xff);
    }
  }
  expect(ds4432uVoltageMv(0)).toBe(1458);
});

test.each([989, 1921, 46, 2390, Number.NaN])("DS4432U: %d mV is refused", async (mv) => {
  const bus = new DeviceBus(new Ds4432uModel());
  await expect(new Ds4432u({ bus }).setVoltageMv(mv)).rejects.toMatchObject({ code: "VOLTAGE_OUT_OF_RANGE" });
  expect(bus.log).toEqual([]);
});

test("DS4432U: a code that does not read back is an error", async () => {
  const bus = new DeviceBus(new Ds4432uModel());
  bus.garble = (bytes) => bytes.map((b) => b ^ 0x80);
  await expect(new Ds4432u({ bus }).setVoltageMv(1200)).rejects.toMatchObject({
    code: "REGULATOR_FAILED",
    message: expect.stringMatching(/DS4432U 0x48 on test-bus holds 0x46 instead of 0xc6 in 0xf8/),
  });
  await expect(new Ds4432u({ bus, address: 0x49 }).start()).rejects.toMatchObject({ code: "REGULATOR_FAILED" });
});
