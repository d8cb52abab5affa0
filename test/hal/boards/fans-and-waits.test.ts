/** Fan formulas of all boards, and the prescribed waits of the FPGA's I2C. */
import { expect, test } from "vitest";
import { createPwmFans } from "#hal/boards/pwm-fans.ts";
import { createS9ioFans } from "#hal/boards/s9io-fans.ts";
import { createFpgaI2c, VendorFpga } from "#hal/boards/vendor-fpga.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { Mutex } from "#hal/mutex.ts";
import type { RegisterBlock } from "#hal/registers.ts";

/** A register block that is nothing but what `read` says; writes are kept. */
function block(read: (offset: number) => number) {
  const writes: [offset: number, value: number][] = [];
  const registers = {
    read: (offset: number) => Promise.resolve(read(offset)),
    write: (offset: number, value: number) => {
      writes.push([offset, value]);
      return Promise.resolve();
    },
  } as unknown as RegisterBlock;
  return { registers, writes };
}

async function run<T>(clock: VirtualClock, task: Promise<T>, limitMs = 10_000): Promise<{ value: T; tookMs: number }> {
  const startMs = clock.nowMs();
  let endMs = -1;
  const watched = task.finally(() => {
    endMs = clock.nowMs();
  });
  watched.catch(() => undefined);
  for (let i = 0; i < limitMs && endMs < 0; i++) await clock.advance(1);
  return { value: await watched, tookMs: endMs - startMs };
}

test("tachometers on pins: falling edges a second x 30 = RPM; duty is a share of the 100,000 ns period", async () => {
  const clock = new VirtualClock();
  const counts = [0, 0];
  const settings: { periodNs: number; dutyNs: number }[] = [];
  const fans = await createPwmFans({
    clock,
    periodNs: 100_000,
    channels: [
      {
        apply: (setting) => {
          settings.push(setting);
          return Promise.resolve();
        },
        readPeriodNs: () => Promise.resolve(100_000),
        close: () => Promise.resolve(),
      },
    ],
    tachos: counts.map((_, i) => ({ count: () => Promise.resolve(counts[i] ?? 0) })) as never,
  });
  expect(await fans.readRpm()).toEqual([null, null]);
  await clock.advance(1_000);
  counts[0] = 200;
  counts[1] = 0;
  expect(await fans.readRpm()).toEqual([6_000, 0]);
  await fans.setDutyPct(30);
  expect(settings).toEqual([{ periodNs: 100_000, dutyNs: 30_000 }]);
});

test("fan block of the open S9 core: revolutions a second x 60, 255 of them are the highest, duty in percent at 0x10", async () => {
  const { registers, writes } = block((offset) => (offset === 0 ? 255 : 65));
  const fans = createS9ioFans(registers, 2);
  expect(await fans.readRpm()).toEqual([15_300, 3_900]);
  await fans.setDutyPct(77);
  expect(writes).toEqual([[0x10, 77]]);
});

test("speeds of an S19 Pro at full duty: 5640, 5520, 4800, 4800 RPM, one fan a read, 10 ms apart", async () => {
  const counts = [47, 46, 40, 40];
  let next = 2;
  const clock = new VirtualClock();
  const { registers, writes } = block((offset) => {
    if (offset === 0x00) return 0x4000b031;
    const fan = next++ % 4;
    return (fan << 8) | (counts[fan] ?? 0);
  });
  const fans = new VendorFpga({ clock, block: registers }).createFans(4);
  const { value, tookMs } = await run(clock, fans.readRpm());
  expect(value).toEqual([5_640, 5_520, 4_800, 4_800]);
  expect(tookMs).toBe(30);
  await fans.setDutyPct(100);
  expect(writes).toEqual([
    [0x84, 0x00640000],
    [0xa0, 0x00640000],
  ]);
});

test("the FPGA's I2C: waits for idle, polls each 5 ms up to 601 times, pauses 10 ms after a write", async () => {
  const clock = new VirtualClock();
  let busyReads = 3;
  const { registers, writes } = block(() => (busyReads-- > 0 ? 0 : 0x80000042));
  const lock = new Mutex();
  const bus = createFpgaI2c({ clock, block: registers, master: 1, name: "FPGA I2C, supply", lock });
  const read = await run(clock, bus.transfer(0x10, new Uint8Array(0), 1));
  expect([read.value, read.tookMs, writes]).toEqual([Uint8Array.of(0x42), 15, [[0x30, 0x06280000]]]);
  const write = await run(clock, bus.transfer(0x10, Uint8Array.of(0x11, 0x55), 0));
  expect([write.tookMs, writes.at(-1)]).toEqual([10, [0x30, 0x05201155]]);
  busyReads = Number.POSITIVE_INFINITY;
  await expect(run(clock, bus.transfer(0x10, new Uint8Array(0), 1))).rejects.toMatchObject({
    code: "I2C_FAILED",
    message:
      "FPGA I2C, supply: the transfer before at address 0x10 did not end within 3.005 s; power-cycle the control board",
  });
});
