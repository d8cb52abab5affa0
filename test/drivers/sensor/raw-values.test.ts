/** Raw register values of the notes, read by the drivers from parts that are nothing but a table of bytes. */
import { expect, test } from "vitest";
import { Emc2101 } from "#drivers/fan/emc2101.ts";
import { Nct218 } from "#drivers/sensor/nct218.ts";
import { identifySensor } from "#drivers/sensor/sensor-id.ts";
import { readTmp42x } from "#drivers/sensor/tmp42x.ts";
import { Tmp451 } from "#drivers/sensor/tmp451.ts";
import { Emc2101Model } from "#hal/emulator/devices/emc2101-model.ts";
import type { I2cDevice } from "#hal/emulator/devices/i2c-device.ts";
import { Tmp42xModel } from "#hal/emulator/devices/tmp42x-model.ts";
import { Tmp451Model } from "#hal/emulator/devices/tmp451-model.ts";
import { DeviceBus, LIVE } from "../../hal/emulator/devices/device-bus.ts";

const ADDRESS = 0x4c;

/** Answers each register with its byte, written ones included. */
function table(bytes: Readonly<Record<number, number>>): DeviceBus {
  const registers = new Map(Object.entries(bytes).map(([register, byte]) => [Number(register), byte]));
  return new DeviceBus({
    address: ADDRESS,
    transfer: ([register = 0, value], readLength) => {
      if (value !== undefined) registers.set(register === 0x09 ? 0x03 : register, value);
      return new Uint8Array(readLength).fill(registers.get(register) ?? 0);
    },
  });
}

function read(part: I2cDevice, register: number): number {
  return part.transfer(Uint8Array.of(register), 1)[0] ?? -1;
}

test.each([
  [0x7f, 0x00, { kind: "failed", reason: expect.stringMatching(/open diode/) }],
  [0x7f, 0xe0, { kind: "failed", reason: expect.stringMatching(/shorted/) }],
  [0x3c, 0x80, { kind: "ok", temperatureC: 60.5 }],
  [0xff, 0xe0, { kind: "ok", temperatureC: -0.125 }],
])("EMC2101: 01 = %i and 10 = %i", async (high, low, reading) => {
  expect(await new Emc2101({ bus: table({ 1: high, 16: low }) }).readExternal()).toEqual(reading);
});

test("EMC2101: a count of 900 is 6000 RPM, and both product numbers are taken", async () => {
  expect(await new Emc2101({ bus: table({ 70: 0x84, 71: 0x03 }) }).readRpm()).toEqual([6_000]);
  for (const product of [0x16, 0x28]) {
    await new Emc2101({ bus: table({ 254: 0x5d, 253: product }) }).start();
  }
  await expect(new Emc2101({ bus: table({ 254: 0x5d, 253: 0x17 }) }).start()).rejects.toMatchObject({
    code: "FAN_CONTROLLER_FAILED",
  });
});

test("EMC2101, the twin: the same raw values the other way round", () => {
  const twin = new Emc2101Model();
  expect([read(twin, 0xfe), read(twin, 0xfd)]).toEqual([0x5d, 0x16]);
  twin.externalC = 60.5;
  expect([read(twin, 0x01), read(twin, 0x10)]).toEqual([0x3c, 0x80]);
  twin.diode = "open";
  expect([read(twin, 0x01), read(twin, 0x10)]).toEqual([0x7f, 0x00]);
  twin.diode = "short";
  expect([read(twin, 0x01), read(twin, 0x10)]).toEqual([0x7f, 0xe0]);
  twin.transfer(Uint8Array.of(0x03, 0x04), 0);
  twin.rpm = 6_000;
  expect([read(twin, 0x46), read(twin, 0x47)]).toEqual([0x84, 0x03]);
});

test("TMP451: raw - 64 and sixteenths in extended range; status bit 2 is an open diode, remote raw 0 a short", async () => {
  const remote = (bytes: Readonly<Record<number, number>>) => {
    const bus = table({ 3: 0x04, ...bytes });
    return bus.run(new Tmp451({ clock: bus.clock, bus, address: ADDRESS }).readRemote(LIVE));
  };
  expect(await remote({ 1: 0x93, 16: 0x80 })).toEqual({ kind: "ok", temperatureC: 83.5 });
  expect(await remote({ 1: 0x93, 2: 0x04 })).toMatchObject({ reason: expect.stringMatching(/open diode/) });
  expect(await remote({ 1: 0, 16: 0 })).toMatchObject({ reason: expect.stringMatching(/shorted/) });
  const bus = table({ 3: 0, 0: 0x59, 21: 0x40 });
  expect(await bus.run(new Tmp451({ clock: bus.clock, bus, address: ADDRESS }).readLocal(LIVE))).toEqual({
    kind: "ok",
    temperatureC: 25.25,
  });
  // Range by 09 = 04, then the remote offset 11 = 0.
  expect(bus.log.filter((entry) => !entry.endsWith("r1"))).toEqual(["0904", "1100"]);
});

test("NCT218: raw - 64 in whole degrees", async () => {
  const bus = table({ 3: 0x04, 0: 0x87 });
  const sensor = new Nct218({ clock: bus.clock, bus, address: ADDRESS });
  expect(await bus.run(sensor.readLocal(LIVE))).toEqual({ kind: "ok", temperatureC: 71 });
});

test("TMP42x: sixteenths in 7:4, bit 1 invalid, bit 0 open; channels at 00/10 and 01/11", async () => {
  expect(await readTmp42x(table({ 0: 0x19, 16: 0x80 }), ADDRESS, 0)).toEqual({ kind: "ok", temperatureC: 25.5 });
  expect(await readTmp42x(table({ 9: 0x04, 3: 0x04, 1: 0x7d, 17: 0x40 }), ADDRESS, 1)).toEqual({
    kind: "ok",
    temperatureC: 61.25,
  });
  expect(await readTmp42x(table({ 1: 0x19, 17: 0x02 }), ADDRESS, 1)).toMatchObject({ kind: "failed" });
  expect(await readTmp42x(table({ 1: 0x19, 17: 0x01 }), ADDRESS, 1)).toMatchObject({
    reason: expect.stringMatching(/open diode/),
  });
});

test.each([
  [0x55, 0x00, "TMP451 class", () => new Tmp451Model()],
  [0x41, 0x51, "ADT7461 class", () => new Tmp451Model(ADDRESS, "ADT7461")],
  [0x1a, 0x00, "NCT218 class", () => new Tmp451Model(ADDRESS, "NCT218")],
  [0x55, 0x21, "TMP421", () => new Tmp42xModel(ADDRESS, "TMP421")],
  [0x55, 0x22, "TMP422", () => new Tmp42xModel(ADDRESS, "TMP422")],
  [0x55, 0x23, "TMP423", () => new Tmp42xModel(ADDRESS, "TMP423")],
] as const)("maker %i, part %i is a %s, and its twin says so", async (maker, part, name, twin) => {
  expect(await identifySensor(table({ 254: maker, 255: part }), ADDRESS)).toBe(name);
  expect(read(twin(), 0xfe)).toBe(maker);
  if (maker === 0x55 && part !== 0) expect(read(twin(), 0xff)).toBe(part);
});
