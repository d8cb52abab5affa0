import { expect, test } from "vitest";
import { Nct218 } from "#drivers/sensor/nct218.ts";
import type { Reading } from "#drivers/sensor/reading.ts";
import { identifySensor } from "#drivers/sensor/sensor-id.ts";
import { readTmp42x } from "#drivers/sensor/tmp42x.ts";
import { readTmp75 } from "#drivers/sensor/tmp75.ts";
import { Tmp451 } from "#drivers/sensor/tmp451.ts";
import type { I2cDevice } from "#hal/emulator/devices/i2c-device.ts";
import { Tmp42xModel } from "#hal/emulator/devices/tmp42x-model.ts";
import { Tmp451Model } from "#hal/emulator/devices/tmp451-model.ts";
import { SensorModel } from "#hal/emulator/sensor-model.ts";
import { KumpelError } from "#hal/errors.ts";
import { DeviceBus, fromHex, LIVE } from "../../hal/emulator/devices/device-bus.ts";

const ok = (temperatureC: number): Reading => ({ kind: "ok", temperatureC });
const failure = (reason: RegExp) => ({ kind: "failed", reason: expect.stringMatching(reason) });

function tmp451(part: "TMP451" | "ADT7461" | "NCT218" = "TMP451") {
  const model = new Tmp451Model(0x4c, part);
  const bus = new DeviceBus(model);
  return { model, bus, sensor: new Tmp451({ clock: bus.clock, bus, address: 0x4c }) };
}

function fixed(hex: string): DeviceBus {
  const device: I2cDevice = { address: 0x49, transfer: (_write, n) => fromHex(hex).slice(0, n) };
  return new DeviceBus(device);
}

test.each([
  ["1900", 25],
  ["1910", 25.0625],
  ["fff0", -0.0625],
  ["e700", -25],
  ["7ff0", 127.9375],
  ["c900", -55],
])("a TMP75 answer of %s is %d C", async (hex, temperatureC) => {
  expect(await readTmp75(fixed(hex), 0x49)).toEqual(ok(temperatureC));
});

test("a TMP75 that is silent, stuck, short or impossible is a failure", async () => {
  expect(await readTmp75(fixed("ffff"), 0x49)).toEqual(failure(/0x49 on test-bus reads all ones/));
  expect(await readTmp75(fixed("8000"), 0x49)).toEqual(failure(/-128 C/));
  expect(await readTmp75(fixed("19"), 0x49)).toEqual(failure(/1 of 2 bytes/));
  expect(await readTmp75(fixed("1900"), 0x4a)).toEqual(failure(/does not answer/));
  expect(await readTmp75(new DeviceBus(new SensorModel(0x4a, 61.125)), 0x4a)).toEqual(ok(61.125));
});

test.each([-54.5, 0, 25.0625, 63.75, 127.5, 149])("TMP451 driver and twin agree on %d C, far and near", async (t) => {
  const { model, bus, sensor } = tmp451();
  model.remoteC = t;
  model.localC = t / 2;
  expect(await bus.run(sensor.readRemote(LIVE))).toEqual(ok(t));
  expect(await bus.run(sensor.readLocal(LIVE))).toEqual(ok(Math.round((t / 2) * 16) / 16));
  expect(model.isExtended).toBe(true);
});

test("the first value after the change of range is dropped, also after the sensor lost its supply", async () => {
  const { model, bus, sensor } = tmp451("ADT7461");
  model.remoteC = 80.25;
  for (let i = 0; i < 3; i++) {
    expect(await bus.run(sensor.readRemote(LIVE))).toEqual(ok(80.25));
    model.powerCycle();
  }
});

test("open and shorted diode, silence, a stuck bus and a range that is not kept are failures", async () => {
  const { model, bus, sensor } = tmp451();
  model.diode = "open";
  expect(await bus.run(sensor.readRemote(LIVE))).toEqual(failure(/0x4c on test-bus has an open diode/));
  model.diode = "short";
  expect(await bus.run(sensor.readRemote(LIVE))).toEqual(failure(/shorted/));
  expect(await bus.run(sensor.readLocal(LIVE))).toEqual(ok(25));
  model.diode = "ok";
  model.remoteC = 160;
  expect(await bus.run(sensor.readRemote(LIVE))).toEqual(failure(/160 C, which it can't measure/));
  bus.garble = (bytes) => bytes.map(() => 0xff);
  expect(await bus.run(sensor.readRemote(LIVE))).toEqual(failure(/stuck/));
  bus.garble = (bytes) => bytes.map(() => 0);
  expect(await bus.run(sensor.readRemote(LIVE))).toEqual(failure(/does not keep its extended range/));
  bus.garble = null;
  model.isDead = true;
  expect(await bus.run(sensor.readRemote(LIVE))).toEqual(failure(/does not answer/));
  bus.fault = () => {
    throw new KumpelError("I2C_FAILED", "arbitration lost");
  };
  expect(await bus.run(sensor.readLocal(LIVE))).toEqual(failure(/arbitration lost/));
});

test("a correction of the remote value is added to it only", async () => {
  const { model, bus } = tmp451();
  const sensor = new Tmp451({ clock: bus.clock, bus, address: 0x4c, remoteOffsetC: -7 });
  model.remoteC = 60;
  expect(await bus.run(sensor.readRemote(LIVE))).toEqual(ok(53));
  expect(await bus.run(sensor.readLocal(LIVE))).toEqual(ok(25));
});

test("an NCT218 gives whole degrees", async () => {
  const model = new Tmp451Model(0x4c, "NCT218");
  const bus = new DeviceBus(model);
  const sensor = new Nct218({ clock: bus.clock, bus, address: 0x4c });
  model.localC = 71;
  expect(await bus.run(sensor.readLocal(LIVE))).toEqual(ok(71));
  bus.garble = (bytes) => bytes.map(() => 0xff);
  expect(await bus.run(sensor.readLocal(LIVE))).toEqual(failure(/stuck/));
  bus.garble = null;
  model.isDead = true;
  expect(await bus.run(sensor.readLocal(LIVE))).toEqual(failure(/does not answer/));
});

test.each([
  ["short range", 0],
  ["extended range", 4],
])("TMP423 driver and twin agree in %s on all channels", async (_name, config) => {
  const model = new Tmp42xModel(0x4c, "TMP423");
  const bus = new DeviceBus(model);
  await bus.transfer(0x4c, Uint8Array.of(0x09, config), 0);
  model.temperatureC.splice(0, 4, 25.5, -12.0625, 61.25, 99.9375);
  for (const channel of [0, 1, 2, 3] as const) {
    expect(await readTmp42x(bus, 0x4c, channel)).toEqual(ok(model.temperatureC[channel]!));
  }
});

test("TMP42x: open, invalid, stuck and silent are failures", async () => {
  const model = new Tmp42xModel();
  const bus = new DeviceBus(model);
  model.isOpen[1] = true;
  expect(await readTmp42x(bus, 0x4c, 1)).toEqual(failure(/open diode on channel 1/));
  expect(await readTmp42x(bus, 0x4c, 0)).toEqual(ok(25));
  model.isInvalid = true;
  expect(await readTmp42x(bus, 0x4c, 0)).toEqual(failure(/no valid value/));
  bus.garble = (bytes) => bytes.map(() => 0xff);
  expect(await readTmp42x(bus, 0x4c, 0)).toEqual(failure(/stuck/));
  model.isDead = true;
  expect(await readTmp42x(bus, 0x4c, 0)).toEqual(failure(/does not answer/));
});

test("sensors say who they are", async () => {
  const who = (device: I2cDevice) => identifySensor(new DeviceBus(device), device.address);
  expect(await who(new Tmp451Model())).toBe("TMP451 class");
  expect(await who(new Tmp451Model(0x4c, "ADT7461"))).toBe("ADT7461 class");
  expect(await who(new Tmp451Model(0x4c, "NCT218"))).toBe("NCT218 class");
  for (const part of ["TMP421", "TMP422", "TMP423"] as const) expect(await who(new Tmp42xModel(0x4d, part))).toBe(part);
  expect(await who({ address: 0x48, transfer: (_w, n) => new Uint8Array(n) })).toBeNull();
  expect(await identifySensor(new DeviceBus(), 0x48)).toBeNull();
});
