import { expect, test } from "vitest";
import { readLm75 } from "#drivers/sensor/lm75.ts";
import { KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";

function busOf(bytes: number[] | Error): I2cBus {
  return {
    name: "test-bus",
    transfer: (address, write, readLength) => {
      expect([address, [...write], readLength]).toEqual([0x48, [0], 2]);
      return bytes instanceof Error ? Promise.reject(bytes) : Promise.resolve(Uint8Array.from(bytes));
    },
  };
}

test.each([
  [[0x19, 0x00], 25],
  [[0x19, 0x60], 25.375],
  [[0x19, 0x7f], 25.375],
  [[0x00, 0x00], 0],
  [[0xe7, 0x00], -25],
  [[0xff, 0xe0], -0.125],
  [[0x7d, 0x00], 125],
])("%j reads %d C", async (bytes, temperatureC) => {
  expect(await readLm75(busOf(bytes), 0x48)).toEqual({ kind: "ok", temperatureC });
});

test("a silent sensor, a stuck bus, a short or impossible answer are failures with a reason", async () => {
  const cases: [number[] | Error, RegExp][] = [
    [new KumpelError("I2C_NACK", "no"), /0x48 on test-bus does not answer/],
    [new KumpelError("I2C_FAILED", "arbitration lost"), /arbitration lost/],
    [[0xff, 0xff], /stuck/],
    [[0x19], /1 of 2 bytes/],
    [[0x80, 0x00], /-128 C/],
  ];
  for (const [bytes, reason] of cases) {
    expect(await readLm75(busOf(bytes), 0x48)).toEqual({ kind: "failed", reason: expect.stringMatching(reason) });
  }
});

test("a bug in the bus is no sensor failure", async () => {
  await expect(readLm75(busOf(new TypeError("oops")), 0x48)).rejects.toThrow("oops");
});
