import { expect, test } from "vitest";
import { DsPic } from "#drivers/voltage/dspic.ts";
import {
  DSPIC_COMMANDS,
  type DspicCommand,
  dspicFrame,
  dspicReplyLength,
  parseDspicReply,
} from "#drivers/voltage/dspic-frame.ts";
import { DspicModel } from "#hal/emulator/devices/dspic-model.ts";
import { SensorModel } from "#hal/emulator/sensor-model.ts";
import { KumpelError } from "#hal/errors.ts";
import { boardVectors, DeviceBus, fromHex, LIVE, toHex } from "../../hal/emulator/devices/device-bus.ts";

function bench() {
  const model = new DspicModel(0x21, [new SensorModel(0x48, 41.5), new SensorModel(0x4b, -3.25)]);
  const bus = new DeviceBus(model);
  return { model, bus, pic: new DsPic({ clock: bus.clock, bus, address: 0x21 }) };
}

const DOCUMENTED: Readonly<Record<string, readonly [DspicCommand, readonly number[]]>> = {
  reset: [DSPIC_COMMANDS.reset, []],
  jump: [DSPIC_COMMANDS.jumpToApplication, []],
  version: [DSPIC_COMMANDS.version, []],
  heartbeat: [DSPIC_COMMANDS.heartbeat, []],
  enable: [DSPIC_COMMANDS.setOutput, [1]],
  disable: [DSPIC_COMMANDS.setOutput, [0]],
  adc3: [DSPIC_COMMANDS.threeAdcValues, []],
  adc1: [DSPIC_COMMANDS.oneAdcValue, []],
  vin: [DSPIC_COMMANDS.inputVoltage, []],
  i2c_write_48_reg0: [DSPIC_COMMANDS.writeSensor, [0x48, 0]],
  i2c_read_48_2: [DSPIC_COMMANDS.readSensor, [0x48, 2]],
};

test("every documented frame comes out byte for byte", () => {
  const vectors = boardVectors.frames.filter((frame) => frame.proto === "pic2");
  expect(vectors.map((v) => v.name).sort()).toEqual(Object.keys(DOCUMENTED).sort());
  for (const { name, hex } of vectors) expect(toHex(dspicFrame(...DOCUMENTED[name]!)), name).toBe(hex);
});

test("reply lengths are the documented ones", () => {
  const length = (name: keyof typeof DSPIC_COMMANDS, count?: number) => dspicReplyLength(DSPIC_COMMANDS[name], count);
  expect([length("reset"), length("version"), length("heartbeat"), length("threeAdcValues")]).toEqual([2, 5, 6, 11]);
  expect([length("oneAdcValue"), length("inputVoltage"), length("readSensor", 2)]).toEqual([7, 9, 7]);
});

test.each([
  ["06 17 89 00 a5", /wrong length/],
  ["05 16 89 00 a4", /another command/],
  ["05 17 89 00 a6", /wrong checksum/],
  ["ff ff ff ff ff", /all ones, as of a part that is not there/],
])("a version reply of %s is wrong", (hex, reason) => {
  expect(parseDspicReply(DSPIC_COMMANDS.version, fromHex(hex))).toEqual({
    kind: "wrong",
    reason: expect.stringMatching(reason),
  });
});

test("a version reply carries its number, a refusal is wrong", () => {
  expect(parseDspicReply(DSPIC_COMMANDS.version, fromHex("051789 00a5"))).toEqual({
    kind: "ok",
    data: Uint8Array.of(0x89),
  });
  expect(parseDspicReply(DSPIC_COMMANDS.reset, fromHex("0700"))).toMatchObject({ kind: "wrong" });
  expect(parseDspicReply(DSPIC_COMMANDS.heartbeat, fromHex("06160000001c"))).toMatchObject({ kind: "wrong" });
});

test("start resets, jumps and reads the version; a refused jump is tried again after another reset", async () => {
  const { model, bus, pic } = bench();
  expect(await bus.run(pic.start(LIVE))).toEqual({ firmware: 0x89 });
  expect(model.state).toBe("application");
  expect(bus.log.every((entry) => entry.length === 2)).toBe(true);
  model.refusedJumps = 3;
  const before = bus.clock.nowMs();
  expect(await bus.run(pic.start(LIVE))).toEqual({ firmware: 0x89 });
  expect(bus.clock.nowMs() - before).toBeGreaterThanOrEqual(500 + 2000 + 2000);
  model.refusedJumps = 6;
  await expect(bus.run(pic.start(LIVE))).rejects.toMatchObject({ code: "VOLTAGE_CONTROLLER_FAILED" });
});

test("waits are kept: 300 ms for reset, jump, version and output, 500 ms after a reset, 10 ms for the rest", async () => {
  const { bus, pic } = bench();
  const timed = async (task: Promise<unknown>): Promise<number> => {
    const before = bus.clock.nowMs();
    await bus.run(task);
    return bus.clock.nowMs() - before;
  };
  expect(await timed(pic.start(LIVE))).toBeGreaterThanOrEqual(3 * 300 + 500);
  expect(await timed(pic.setOutput(true, LIVE))).toBeGreaterThanOrEqual(300);
  expect(await timed(pic.heartbeat(LIVE))).toBeGreaterThanOrEqual(10);
  expect(await timed(pic.readSensor(0x48, LIVE))).toBeGreaterThanOrEqual(20);
});

test("the output follows, and falls when the heartbeat stays away", async () => {
  const { model, bus, pic } = bench();
  await bus.run(pic.start(LIVE));
  await bus.run(pic.setOutput(true, LIVE));
  expect(model.isOutputOn).toBe(true);
  for (let i = 0; i < 10; i++) {
    await bus.advance(pic.heartbeatPeriodMs);
    await bus.run(pic.heartbeat(LIVE));
  }
  expect(model.isOutputOn).toBe(true);
  await bus.advance(10_000);
  expect(model.isOutputOn).toBe(false);
  await bus.run(pic.setOutput(true, LIVE));
  await bus.run(pic.setOutput(false, LIVE));
  expect([model.isOutputOn, model.unknownCommands]).toEqual([false, 0]);
});

test("sensors behind the controller are read as temperatures, a missing one as a failure", async () => {
  const { model, bus, pic } = bench();
  await bus.run(pic.start(LIVE));
  expect(await bus.run(pic.readSensor(0x48, LIVE))).toEqual({ kind: "ok", temperatureC: 41.5 });
  expect(await bus.run(pic.readSensor(0x4b, LIVE))).toEqual({ kind: "ok", temperatureC: -3.25 });
  expect(await bus.run(pic.readSensor(0x4a, LIVE))).toEqual({
    kind: "failed",
    reason: expect.stringMatching(/0x4a behind dsPIC 0x21 on test-bus: .*command 0x3b with.*refusal/),
  });
  model.isDead = true;
  expect(await bus.run(pic.readSensor(0x48, LIVE))).toMatchObject({ kind: "failed" });
});

test("input voltage and raw converter values", async () => {
  const { model, bus, pic } = bench();
  await bus.run(pic.start(LIVE));
  model.inputMv = 15_260;
  model.adcRaw = [1, 0x0203, 4095];
  expect(Math.abs((await bus.run(pic.readInputVoltageMv(LIVE))) - 15_260)).toBeLessThan(4);
  expect(await bus.run(pic.readAdcRaw(LIVE))).toEqual([1, 0x0203, 4095]);
});

test("three garbled replies are an error that names bus, part and command; one is forgiven", async () => {
  const { bus, pic } = bench();
  await bus.run(pic.start(LIVE));
  let left = 1;
  bus.garble = (bytes) => (left-- > 0 ? bytes.map((b) => b ^ 0x10) : bytes);
  await bus.run(pic.heartbeat(LIVE));
  bus.garble = (bytes) => bytes.map(() => 0xff);
  await expect(bus.run(pic.heartbeat(LIVE))).rejects.toMatchObject({
    code: "VOLTAGE_CONTROLLER_FAILED",
    message: expect.stringMatching(/^dsPIC 0x21 on test-bus failed command 0x16 3 times/),
  });
});

test("an input voltage beyond the converter's range is nonsense", async () => {
  const { bus, pic } = bench();
  await bus.run(pic.start(LIVE));
  const reply = [0x09, 0x29, 0x01, 0xff, 0xff, 0, 0, 0x02, 0x31];
  bus.garble = () => Uint8Array.of(reply.shift()!);
  await expect(bus.run(pic.readInputVoltageMv(LIVE))).rejects.toMatchObject({ code: "VOLTAGE_CONTROLLER_FAILED" });
});

test("an abort ends a wait at once", async () => {
  const { bus, pic } = bench();
  const stop = new AbortController();
  const start = pic.start(stop.signal);
  start.catch(() => undefined);
  await bus.advance(100);
  stop.abort();
  await expect(bus.run(start)).rejects.toMatchObject({ code: "ABORTED" });
  expect(bus.clock.nowMs()).toBeLessThan(300);
});

test("a frame that broke off half-way does not keep the next one from switching off", async () => {
  for (let sent = 1; sent < 7; sent++) {
    const { model, bus, pic } = bench();
    await bus.run(pic.start(LIVE));
    await bus.run(pic.setOutput(true, LIVE));
    const stop = new AbortController();
    const first = bus.log.length;
    bus.fault = (_write, index) => {
      if (index === first + sent) {
        stop.abort();
        throw new KumpelError("I2C_FAILED", "cut");
      }
    };
    await expect(bus.run(pic.setOutput(true, stop.signal))).rejects.toMatchObject({ code: "ABORTED" });
    bus.fault = null;
    const before = bus.clock.nowMs();
    await bus.run(pic.setOutput(false, LIVE));
    expect(bus.clock.nowMs() - before, "at the first try").toBeLessThan(500);
    expect(model.isOutputOn, `after ${sent} bytes`).toBe(false);
  }
});

test("input voltage is raw x 3.3 / 4096 x 7.6, and a checksum may need its upper byte", async () => {
  const { model, bus, pic } = bench();
  await bus.run(pic.start(LIVE));
  for (const [raw, mv] of [
    [1000, 6123],
    [2492, 15_259],
    [4095, 25_074],
  ] as const) {
    const body = [0x09, 0x29, 0x01, raw >> 8, raw & 0xff, 0, 0];
    const sum = body.reduce((a, b) => a + b, 0);
    const reply = [...body, sum >> 8, sum & 0xff];
    bus.garble = () => Uint8Array.of(reply.shift() ?? 0xff);
    expect(await bus.run(pic.readInputVoltageMv(LIVE)), `raw ${raw}`).toBe(mv);
    bus.garble = null;
  }
  // The emulated one measures by the same formula.
  model.inputMv = 15_260;
  expect(Math.round((15_260 / 3300 / 7.6) * 4096)).toBe(2492);
  expect(await bus.run(pic.readInputVoltageMv(LIVE))).toBe(15_259);
});
