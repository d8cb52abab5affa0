import { expect, test } from "vitest";
import { PowerSupply } from "#drivers/psu/power-supply.ts";
import { PsuModelI2c, type PsuModelOptions } from "#hal/emulator/devices/psu-model-i2c.ts";
import { KumpelError } from "#hal/errors.ts";
import { DeviceBus, LIVE } from "../../hal/emulator/devices/device-bus.ts";

function bench(options: PsuModelOptions, limitsMv?: readonly [number, number]) {
  const model = new PsuModelI2c(options);
  const bus = new DeviceBus(model);
  const parts = { clock: bus.clock, bus };
  const psu = new PowerSupply(limitsMv === undefined ? parts : { clock: bus.clock, bus, limitsMv });
  return { model, bus, psu };
}

test("an APW12 is identified, in the documented byte form", async () => {
  const { bus, psu } = bench({ protocol: "v1", type: 0x71, firmware: 2 });
  expect(await bus.run(psu.identify(LIVE))).toEqual({
    protocol: "v1",
    type: 0x71,
    firmware: 2,
    label: "APW121215a (type 0x71)",
    rangeMv: [12_000, 15_010],
  });
  expect(bus.log.slice(0, 17).join(" ")).toBe("00r1 00r1 00r1 1155 11aa 1104 1102 1106 1100 r1 r1 r1 r1 r1 r1 r1 r1");
  expect(bus.clock.nowMs()).toBeGreaterThanOrEqual(2 * 500);
});

test.each([0x22, 0x41, 0x42, 0x43, 0x61, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0xc1, 0xc2])(
  "driver and twin agree on volts of type %i over its whole range",
  async (type) => {
    for (const firmware of type >= 0xc0 ? [3, 4] : [3]) {
      const { model, bus, psu } = bench({ protocol: "v1", type, firmware });
      const { rangeMv } = await bus.run(psu.identify(LIVE));
      const [minMv, maxMv] = rangeMv;
      for (let step = 0; step <= 10; step++) {
        const wishMv = Math.round(minMv + ((maxMv - minMv) * step) / 10);
        const madeMv = await bus.run(psu.setVoltageMv(wishMv, LIVE));
        expect(Math.abs(model.targetMv - madeMv)).toBeLessThan(1);
        expect(madeMv - wishMv).toBeGreaterThanOrEqual(-2);
        expect(madeMv - wishMv).toBeLessThan(30);
      }
      expect(model.badFrames).toBe(0);
    }
  },
);

test("output follows enable line and set point", async () => {
  const { model, bus, psu } = bench({ protocol: "v1", type: 0x71 });
  expect(model.targetMv).toBeGreaterThan(15_100);
  await bus.run(psu.setVoltageMv(12_600, LIVE));
  expect(model.voltageMv).toBe(0);
  model.setEnabled(true);
  await bus.advance(2000);
  expect(model.voltageMv).toBeCloseTo(12_609.9, 0);
  model.setEnabled(false);
  await bus.advance(1000);
  expect(model.voltageMv).toBe(0);
});

test.each([11_999, 15_011, 0, -12_600, Number.NaN, 1e9])(
  "%d mV is refused by type 71 and nothing is set",
  async (mv) => {
    const { model, bus, psu } = bench({ protocol: "v1", type: 0x71, setPoint: 100 });
    await expect(bus.run(psu.setVoltageMv(mv, LIVE))).rejects.toMatchObject({ code: "VOLTAGE_OUT_OF_RANGE" });
    expect(model.setPoint).toBe(100);
    expect(bus.log).not.toContain("1183");
  },
);

test("the board's own limits hold besides the supply's", async () => {
  const { bus, psu } = bench({ protocol: "v1", type: 0x41 }, [14_500, 15_000]);
  await expect(bus.run(psu.setVoltageMv(15_001, LIVE))).rejects.toMatchObject({ code: "VOLTAGE_OUT_OF_RANGE" });
  expect(bus.log).toEqual([]);
  expect(await bus.run(psu.setVoltageMv(15_000, LIVE))).toBe(15_025);
});

test("set point 0 is legal for exactly 15.00 V on a C1 with old firmware, and for nothing else", async () => {
  const old = bench({ protocol: "v1", type: 0xc1, firmware: 3, setPoint: 50 });
  expect(await old.bus.run(old.psu.setVoltageMv(15_000, LIVE))).toBe(15_000);
  expect(old.model.setPoint).toBe(0);
  await expect(old.bus.run(old.psu.setVoltageMv(14_995, LIVE))).rejects.toMatchObject({ code: "VOLTAGE_OUT_OF_RANGE" });
  const young = bench({ protocol: "v1", type: 0xc1, firmware: 4 });
  await expect(young.bus.run(young.psu.setVoltageMv(15_300, LIVE))).rejects.toMatchObject({
    code: "VOLTAGE_OUT_OF_RANGE",
  });
});

test("a supply that keeps its old set point twice is told again; one that never takes it is an error", async () => {
  const { model, bus, psu } = bench({ protocol: "v1", type: 0x71, setPoint: 200 });
  model.ignoredSets = 2;
  expect(await bus.run(psu.setVoltageMv(13_900, LIVE))).toBe(13_905);
  model.ignoredSets = 3;
  await expect(bus.run(psu.setVoltageMv(12_600, LIVE))).rejects.toMatchObject({
    code: "PSU_SETPOINT_MISMATCH",
    message: expect.stringMatching(/0x10 on test-bus holds 96 instead of 198 for 12600 mV/),
  });
});

test("watchdog: runs after power-up, drops the output when nobody feeds it, and can be switched off", async () => {
  const { model, bus, psu } = bench({ protocol: "v1", type: 0x71 });
  model.setEnabled(true);
  await bus.advance(59_000);
  await bus.run(psu.setVoltageMv(13_900, LIVE));
  await bus.advance(59_000);
  expect(model.voltageMv).toBeGreaterThan(13_800);
  await bus.advance(1500);
  expect([model.isTripped, model.isOutputOn]).toEqual([true, false]);
  model.setEnabled(false);
  model.setEnabled(true);
  await bus.run(psu.setWatchdog(false, LIVE));
  await bus.advance(200_000);
  expect(model.voltageMv).toBeGreaterThan(13_800);
  await bus.run(psu.setWatchdog(true, LIVE));
  expect(model.isWatchdogOn).toBe(true);
});

test("an APW11 speaks the second protocol in volts", async () => {
  const { model, bus, psu } = bench({ protocol: "v2", type: 0x62 });
  expect(await bus.run(psu.identify(LIVE))).toMatchObject({ protocol: "v2", type: 0x62, rangeMv: [16_500, 22_100] });
  expect(await bus.run(psu.setVoltageMv(20_000, LIVE))).toBe(20_000);
  expect(bus.log.join("")).toContain("115511aa1108118311001100" + "11a0114111a811c4");
  await expect(bus.run(psu.setVoltageMv(22_101, LIVE))).rejects.toMatchObject({ code: "VOLTAGE_OUT_OF_RANGE" });
  model.ignoredSets = 3;
  await expect(bus.run(psu.setVoltageMv(21_000, LIVE))).rejects.toMatchObject({ code: "PSU_SETPOINT_MISMATCH" });
  await bus.run(psu.setWatchdog(false, LIVE));
  expect(model.isWatchdogOn).toBe(false);
  model.setEnabled(true);
  await bus.advance(3000);
  expect(await bus.run(psu.readOutputMv(LIVE))).toBeCloseTo(20_030, 0);
  expect(await bus.run(psu.readStatus(LIVE))).toBeNull();
});

test("a legacy supply gets its set point in register 2 and has no watchdog command", async () => {
  const { model, bus, psu } = bench({ protocol: "legacy" });
  expect(await bus.run(psu.identify(LIVE))).toMatchObject({ protocol: "legacy", type: null });
  expect(await bus.run(psu.setVoltageMv(18_000, LIVE))).toBe(18_003);
  expect(model.targetMv).toBeCloseTo(18_003, 0);
  await bus.run(psu.setWatchdog(false, LIVE));
  expect(bus.log.at(-1)).toBe("02b3");
  expect(await bus.run(psu.readMeasurementRaw(LIVE))).toBeNull();
});

test("status, state and raw measurement; v1 measures in an unknown unit, so no volts", async () => {
  const c1 = bench({ protocol: "v1", type: 0xc1 });
  c1.model.status = 0x1234;
  expect(await c1.bus.run(c1.psu.readStatus(LIVE))).toBe(0x1234);
  const apw12 = bench({ protocol: "v1", type: 0x71 });
  apw12.model.setEnabled(true);
  expect(await apw12.bus.run(apw12.psu.readStatus(LIVE))).toBe(1);
  expect(await apw12.bus.run(apw12.psu.readOutputMv(LIVE))).toBeNull();
  expect(await apw12.bus.run(apw12.psu.readMeasurementRaw(LIVE))).toHaveLength(2);
});

test("a reply that is not ready yet is waited for, one that never comes is an error", async () => {
  const { model, bus, psu } = bench({ protocol: "v1", type: 0x71 });
  await bus.run(psu.identify(LIVE));
  model.notReadyReads = 10;
  const before = bus.clock.nowMs();
  expect(await bus.run(psu.setVoltageMv(13_900, LIVE))).toBe(13_905);
  expect(bus.clock.nowMs() - before).toBeGreaterThanOrEqual(2 * (400 + 10 * 50 + 100));
  model.notReadyReads = 25;
  await expect(bus.run(psu.setWatchdog(false, LIVE))).rejects.toMatchObject({
    code: "PSU_FAILED",
    message: expect.stringMatching(/never got ready/),
  });
});

test("set point 245 is not taken for `not ready` in the middle of a reply", async () => {
  const { bus, psu } = bench({ protocol: "v1", type: 0x71 });
  const wishMv = Math.ceil(((1190.935338 - 245.5) / 78.742588) * 1000);
  expect(await bus.run(psu.setVoltageMv(wishMv, LIVE))).toBe(12_013);
});

test("an unknown type is told apart from a dead supply and a stuck bus", async () => {
  const unknown = bench({ protocol: "v1", type: 0x60 });
  await expect(unknown.bus.run(unknown.psu.setVoltageMv(13_000, LIVE))).rejects.toMatchObject({
    code: "PSU_UNKNOWN_TYPE",
    message: expect.stringMatching(/0x10 on test-bus is of type 0x60/),
  });
  const dead = bench({ protocol: "v1" });
  dead.model.isDead = true;
  await expect(dead.bus.run(dead.psu.identify(LIVE))).rejects.toMatchObject({ code: "PSU_FAILED" });
  for (const [level, text] of [
    [0x00, /gives nonsense for its protocol \(0x0\): check the bus/],
    [0xff, /does not answer \(the bus reads 0xff\): check the cable/],
  ] as const) {
    const stuck = bench({ protocol: "v1" });
    stuck.bus.garble = (bytes) => bytes.map(() => level);
    await expect(stuck.bus.run(stuck.psu.identify(LIVE))).rejects.toMatchObject({
      code: "PSU_FAILED",
      message: expect.stringMatching(text),
    });
  }
  const changing = bench({ protocol: "legacy" });
  changing.bus.garble = (_bytes, index) => Uint8Array.of(index + 1);
  await expect(changing.bus.run(changing.psu.identify(LIVE))).rejects.toMatchObject({ code: "PSU_FAILED" });
  const garbled = bench({ protocol: "v1" });
  garbled.bus.garble = (bytes, index) => (index < 3 ? bytes : bytes.map((b) => b ^ 1));
  await expect(garbled.bus.run(garbled.psu.identify(LIVE))).rejects.toMatchObject({ code: "PSU_FAILED" });
});

test("lost bytes on the way to the supply never make a voltage that was not asked for", async () => {
  for (let lost = 0; lost < 8; lost++) {
    const { model, bus, psu } = bench({ protocol: "v1", type: 0x71, setPoint: 150 });
    await bus.run(psu.identify(LIVE));
    const start = bus.log.length;
    const seen = new Set<number>();
    bus.fault = (_write, index) => {
      seen.add(model.setPoint);
      if (index === start + lost) throw new KumpelError("I2C_FAILED", "lost");
    };
    expect(await bus.run(psu.setVoltageMv(12_600, LIVE))).toBe(12_610);
    expect([...seen].every((code) => code === 150 || code === 198)).toBe(true);
  }
});

test("replies without a payload are no numbers", async () => {
  const { bus, psu } = bench({ protocol: "v1", type: 0x71 });
  await bus.run(psu.identify(LIVE));
  const empty = (code: number) => [0x55, 0xaa, 0x04, code, 0x04 + code, 0x00];
  let queue: number[] = [];
  bus.garble = () => Uint8Array.of(queue.shift() ?? 0xf5);
  queue = empty(0x05);
  expect(await bus.run(psu.readStatus(LIVE))).toBeNull();
  const other = new PowerSupply({ clock: bus.clock, bus });
  queue = [0xf5, 0xf5, 0xf5, ...empty(0x02)];
  await expect(bus.run(other.identify(LIVE))).rejects.toMatchObject({
    code: "PSU_FAILED",
    message: expect.stringMatching(/type without a number/),
  });
});

test("a bug in the bus is no failure of the supply, an abort ends a wait", async () => {
  const { bus, psu } = bench({ protocol: "v1" });
  const stop = new AbortController();
  const task = psu.identify(stop.signal);
  task.catch(() => undefined);
  await bus.advance(300);
  stop.abort();
  await expect(bus.run(task)).rejects.toMatchObject({ code: "ABORTED" });
  bus.fault = () => {
    throw new TypeError("oops");
  };
  await expect(bus.run(psu.identify(LIVE))).rejects.toThrow("oops");
});
