import { expect, test } from "vitest";
import {
  bridgeMiscControl,
  CHIP_BRIDGES,
  ChipBridgeBus,
  type ChipI2cPort,
  decodeBridgeWord,
  encodeBridgeRead,
  encodeBridgeWrite,
} from "#drivers/sensor/chip-bridge.ts";
import { Tmp451 } from "#drivers/sensor/tmp451.ts";
import { Tmp451Model } from "#hal/emulator/devices/tmp451-model.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { DeviceBus, LIVE } from "../../hal/emulator/devices/device-bus.ts";

test("the captured replies: busy, then done with 5C", () => {
  expect(decodeBridgeWord(0x81980000)).toEqual({
    isBusy: true,
    deviceAddress: 0x4c,
    isWrite: false,
    register: 0,
    data: 0,
  });
  expect(decodeBridgeWord(0x0198005c)).toMatchObject({ isBusy: false, deviceAddress: 0x4c, register: 0, data: 0x5c });
  // A register value may come signed.
  expect(decodeBridgeWord(0x81980000 | 0)).toMatchObject({ isBusy: true, deviceAddress: 0x4c });
});

test("requests: device 4C appears as 98, odd is a write", () => {
  expect(encodeBridgeRead(0x4c, 0)).toBe(0x01980000);
  expect(encodeBridgeRead(0x4e, 0xfe)).toBe(0x019cfe00);
  expect(encodeBridgeWrite(0x4c, 0x09, 0x04)).toBe(0x01990904);
});

test("pins of the I2C master: all other bits of the misc register stay", () => {
  expect([CHIP_BRIDGES.BM1387.i2cRegister, CHIP_BRIDGES.BM1387.miscRegister]).toEqual([0x20, 0x1c]);
  expect([CHIP_BRIDGES.BM1397.i2cRegister, CHIP_BRIDGES.BM1397.miscRegister]).toEqual([0x1c, 0x18]);
  expect(bridgeMiscControl("BM1387", 0x40201a80)).toBe(0x40205ae0);
  expect(bridgeMiscControl("BM1397", 0x00003a01)).toBe(0x00007a31);
  expect(bridgeMiscControl("BM1397", 0xf0000040)).toBe(0xf0004030);
});

/** A chip with a sensor behind it, busy for some reads after each request. */
class FakeChip implements ChipI2cPort {
  readonly requests: number[] = [];
  busyReads = 1;
  echoXor = 0;
  #value = 0;
  #busyLeft = 0;
  readonly #sensor: Tmp451Model;

  constructor(sensor: Tmp451Model) {
    this.#sensor = sensor;
  }

  async writeRegister(value: number): Promise<void> {
    this.requests.push(value);
    const register = (value >>> 8) & 0xff;
    const isWrite = (value & 0x10000) !== 0;
    const write = isWrite ? [register, value & 0xff] : [register];
    const data = this.#sensor.transfer(Uint8Array.from(write), isWrite ? 0 : 1)[0] ?? value & 0xff;
    this.#value = (((value & 0xffffff00) | data) ^ this.echoXor) >>> 0;
    this.#busyLeft = this.busyReads;
  }

  async readRegister(): Promise<number> {
    return this.#busyLeft-- > 0 ? (this.#value | 0x80000000) >>> 0 : this.#value;
  }
}

function bench() {
  const sensor = new Tmp451Model(0x4c);
  const chip = new FakeChip(sensor);
  const time = new DeviceBus();
  const bus = new ChipBridgeBus({ clock: time.clock, port: chip, name: "chip 61 of chain 6", signal: LIVE });
  return { sensor, chip, time, bus };
}

test("a TMP451 behind a chip is read by the same driver as one on a bus", async () => {
  const { sensor, chip, time, bus } = bench();
  sensor.remoteC = 83.5;
  const driver = new Tmp451({ clock: time.clock, bus, address: 0x4c });
  expect(await time.run(driver.readRemote(LIVE))).toEqual({ kind: "ok", temperatureC: 83.5 });
  expect(chip.requests[0]).toBe(0x01980300);
  expect(chip.requests).toContain(0x01990904);
});

test("a chip that is busy for 49 ms is waited for, one that stays busy is a failure after three tries", async () => {
  const { chip, time, bus } = bench();
  chip.busyReads = 49;
  expect(await time.run(bus.transfer(0x4c, Uint8Array.of(0), 1))).toEqual(Uint8Array.of(25));
  chip.busyReads = 1000;
  const before = chip.requests.length;
  await expect(time.run(bus.transfer(0x4c, Uint8Array.of(0), 1))).rejects.toMatchObject({
    code: "I2C_FAILED",
    message: "chip 61 of chain 6 can't reach register 0x0 of device 0x4c: it stays busy after 3 tries",
  });
  expect(chip.requests.length - before).toBe(1);
});

test("an answer for another register or device is not believed", async () => {
  for (const echoXor of [0x100, 0x20000]) {
    const { chip, time, bus } = bench();
    chip.echoXor = echoXor;
    await expect(time.run(bus.transfer(0x4c, Uint8Array.of(1), 1))).rejects.toMatchObject({
      code: "I2C_FAILED",
      message: expect.stringMatching(/another register/),
    });
    expect(chip.requests).toHaveLength(3);
  }
});

test("transfers that are asked for at the same time come one after the other", async () => {
  const { sensor, chip, time, bus } = bench();
  sensor.localC = 30;
  sensor.remoteC = 90;
  chip.busyReads = 5;
  const reads = Promise.all([0x00, 0x01, 0x00].map((register) => bus.transfer(0x4c, Uint8Array.of(register), 1)));
  expect((await time.run(reads)).map((bytes) => bytes[0])).toEqual([30, 90, 30]);
  expect(chip.requests).toHaveLength(3);
});

test("transfers that a chip can't make are refused", async () => {
  const { time, bus } = bench();
  for (const [write, length] of [
    [[0], 2],
    [[], 1],
    [[0, 1, 2], 0],
  ] as const) {
    await expect(time.run(bus.transfer(0x4c, Uint8Array.from(write), length))).rejects.toMatchObject({
      code: "I2C_FAILED",
    });
  }
});

test("an abort ends the polling", async () => {
  const chip = new FakeChip(new Tmp451Model());
  chip.busyReads = 1000;
  const clock = new VirtualClock();
  const stop = new AbortController();
  const bus = new ChipBridgeBus({ clock, port: chip, name: "chip", signal: stop.signal });
  const task = bus.transfer(0x4c, Uint8Array.of(0), 1);
  task.catch(() => undefined);
  await clock.advance(10);
  stop.abort();
  await expect(task).rejects.toMatchObject({ code: "ABORTED" });
});
