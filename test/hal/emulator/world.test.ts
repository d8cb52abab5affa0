/** Power, heat, fans, sensors and the board around the chains. */
import { describe, expect, test } from "vitest";
import type { ControlBoard } from "../../../hal/control-board.ts";
import type { EmulatedWorld, WorldOptions } from "../../../hal/emulator/emulated-world.ts";
import { SeededRandom } from "../../../hal/emulator/prng.ts";
import { VirtualClock } from "../../../hal/emulator/virtual-clock.ts";
import { openMachine, openUart, type WholeBoard } from "../../support/board.ts";
import { bytes, chainInactive, DEMO_SCALE, jobFrame, PLL_466_MHZ, readAll, writeAll } from "./support.ts";

const STOCK_MV = 13_400;
/** Else the supply drops its output after a minute without a word. */
const WATCHDOG_OFF = bytes("55aa068100008700");

interface Machine {
  clock: VirtualClock;
  board: WholeBoard;
  world: EmulatedWorld;
}

async function machine(options: Partial<Omit<WorldOptions, "clock">> = {}): Promise<Machine> {
  const clock = new VirtualClock();
  const { board, world } = await openMachine({
    machine: "s21",
    clock,
    random: new SeededRandom(11),
    chipScale: DEMO_SCALE * 64,
    ...options,
  });
  world.power.presetMv(STOCK_MV);
  for (const byte of WATCHDOG_OFF) world.i2c.transfer("supply", 0x10, Uint8Array.of(0x11, byte), 0);
  return { clock, board, world };
}

/** Powers all chains and sets them hashing at 466.67 MHz, with a ticket that makes nonces rare. */
async function startHashing({ clock, board, world }: Machine, fanDutyPct: number): Promise<void> {
  await board.fans.setDutyPct(fanDutyPct);
  await board.power.setEnabled(true);
  for (const chain of board.chains) await chain.setReset(false);
  await clock.advance(2000);
  for (const { model } of world.chains) {
    const frames = [writeAll(0xa4, 0x9000ffff), chainInactive(), writeAll(0x14, 0xffff), writeAll(0x10, 0x15a4)];
    frames.push(writeAll(0x18, 0xf000c100), writeAll(0x3c, 0x800082aa), writeAll(0x08, PLL_466_MHZ), jobFrame(0));
    for (const frame of frames) model.receive(frame, model.baud);
  }
}

async function sensorC(board: ControlBoard, address: number): Promise<number> {
  const [high, low] = await board.hashboardBus.transfer(address, Uint8Array.of(0), 2);
  return (((high ?? 0) << 24) | ((low ?? 0) << 16)) / 2 ** 24;
}

describe("heat", () => {
  test.each([100, 40])("at stock frequency with fans at %i percent chips settle between 55 and 75 C", async (duty) => {
    const rig = await machine();
    await startHashing(rig, duty);
    await rig.clock.advance(5 * 60_000);
    const chips = rig.world.chains[0]!.model.chips.map((chip) => chip.dieTemperatureC);
    expect(Math.min(...chips)).toBeGreaterThan(50);
    expect(Math.max(...chips)).toBeLessThan(76);
    const before = rig.world.chains[0]!.thermal.dieC;
    expect(before).toBeGreaterThan(55);
    await rig.clock.advance(60_000);
    expect(rig.world.chains[0]!.thermal.dieC).toBeCloseTo(before, 0);
  });

  test("the time constant is between 30 and 60 s", async () => {
    const rig = await machine();
    await startHashing(rig, 60);
    await rig.clock.advance(10 * 60_000);
    const rise = rig.world.chains[0]!.thermal.dieC - 25;
    await rig.board.power.setEnabled(false);
    await rig.clock.advance(30_000);
    expect(rig.world.chains[0]!.thermal.dieC - 25).toBeGreaterThan(rise * Math.exp(-30 / 30));
    await rig.clock.advance(30_000);
    expect(rig.world.chains[0]!.thermal.dieC - 25).toBeLessThan(rise * Math.exp(-60 / 60));
  });

  test("without fans it runs away past 100 C", async () => {
    const rig = await machine();
    await startHashing(rig, 0);
    await rig.clock.advance(2 * 60_000);
    expect(rig.world.chains[0]!.thermal.dieC).toBeGreaterThan(100);
  });

  test("fans that stand still in spite of their duty are seen and let it run away", async () => {
    const rig = await machine();
    await startHashing(rig, 100);
    await rig.clock.advance(60_000);
    rig.world.faults.fanStopped.fill(true);
    await rig.clock.advance(3 * 60_000);
    await rig.board.fans.readRpm();
    await rig.clock.advance(1_000);
    expect(await rig.board.fans.readRpm()).toEqual([0, 0, 0, 0]);
    expect(rig.world.chains[0]!.thermal.dieC).toBeGreaterThan(100);
  });

  test("powered but idle chips stay cool, and an unpowered machine at ambient", async () => {
    const rig = await machine({ ambientC: 30 });
    await rig.clock.advance(60_000);
    expect(rig.world.chains[0]!.thermal.dieC).toBeCloseTo(30, 6);
    await rig.board.power.setEnabled(true);
    await rig.board.fans.setDutyPct(30);
    await rig.clock.advance(5 * 60_000);
    expect(rig.world.chains[0]!.thermal.dieC).toBeGreaterThan(31);
    expect(rig.world.chains[0]!.thermal.dieC).toBeLessThan(40);
  });

  test("the die sensor tells the temperature of its own chip", async () => {
    const rig = await machine();
    await startHashing(rig, 60);
    await rig.clock.advance(5 * 60_000);
    const { model } = rig.world.chains[0]!;
    for (const value of [0x00020000, 0x01020000, 0x10020000]) model.receive(writeAll(0xb0, value), model.baud);
    const codes = model.chips.map((chip) => chip.read(0xb4) & 0xffff);
    const temperatures = codes.map((code) => code * 0.171342 - 299.5144);
    expect(temperatures[0]).toBeCloseTo(model.chips[0]!.dieTemperatureC, 0);
    expect((temperatures[107] ?? 0) - (temperatures[0] ?? 0)).toBeGreaterThan(2);
  });
});

describe("power", () => {
  test("the supply ramps for about a second, and only then do chips answer", async () => {
    const { clock, board, world } = await machine();
    await board.chains[0]!.setReset(false);
    const uart = await openUart(board, 0, 115_200);
    let count = 0;
    uart.onData((chunk) => {
      count += chunk.length;
    });
    await board.power.setEnabled(true);
    await clock.advance(500);
    expect(world.power.voltageV(0)).toBeLessThan(10);
    uart.write(readAll(0x00));
    await clock.advance(10);
    expect(count).toBe(0);
    await clock.advance(1000);
    expect(world.power.voltageV(0)).toBeCloseTo(13.4, 6);
    count = 0;
    uart.write(readAll(0x00));
    await clock.advance(200);
    expect(count).toBe(108 * 9);
  });

  test("switching off clears the chips and is logged with its time", async () => {
    const rig = await machine();
    await startHashing(rig, 50);
    expect(rig.world.powerIsOn).toBe(true);
    await rig.board.power.setEnabled(false);
    await rig.board.power.setEnabled(false);
    await rig.clock.advance(1000);
    expect(rig.world.powerTransitions).toEqual([
      { atMs: 0, isOn: true },
      { atMs: 2000, isOn: false },
    ]);
    expect(rig.world.chains[0]!.model.nonces.hasJob).toBe(false);
    expect(rig.world.chains[0]!.model.baud).toBeCloseTo(115_740, -1);
  });

  test("a failed supply gives no power", async () => {
    const { clock, board, world } = await machine();
    world.faults.psuFailed = true;
    await board.power.setEnabled(true);
    await clock.advance(5000);
    expect(world.stats().chains.map((chain) => chain.voltageV)).toEqual([0, 0, 0]);
    expect(world.chains[0]!.model.isRunning).toBe(false);
  });

  test("closing the board switches power off and leaves no timer", async () => {
    const rig = await machine();
    await startHashing(rig, 50);
    await rig.clock.advance(500);
    await rig.board.close();
    expect(rig.world.powerIsOn).toBe(false);
    expect(rig.clock.pendingTimers).toBe(0);
  });
});

describe("fans", () => {
  test("speed is unknown at first, then follows the duty", async () => {
    const { clock, board } = await machine();
    expect(await board.fans.readRpm()).toEqual([null, null, null, null]);
    await board.fans.setDutyPct(100);
    await clock.advance(1250);
    const early = await board.fans.readRpm();
    expect(early[0]).toBeGreaterThan(1000);
    expect(early[0]).toBeLessThan(5000);
    await clock.advance(30_000);
    // Counted edges: good to half a turn a window.
    const near = async (rpm: number[]): Promise<void> => {
      const read = await board.fans.readRpm();
      for (const [i, wanted] of rpm.entries()) expect(Math.abs((read[i] ?? 0) - wanted)).toBeLessThanOrEqual(60);
    };
    await board.fans.readRpm();
    await clock.advance(1000);
    await near([5640, 5520, 4800, 4800]);
    await board.fans.setDutyPct(50);
    await clock.advance(30_000);
    await board.fans.readRpm();
    await clock.advance(1000);
    await near([2820, 2760, 2400, 2400]);
  });
});

describe("sensors", () => {
  test("each hashboard has two at the documented addresses, others do not answer", async () => {
    const { board } = await machine({ ambientC: 21.5 });
    for (const address of [0x48, 0x4c, 0x4d, 0x49, 0x4e, 0x4a]) expect(await sensorC(board, address)).toBe(21.5);
    await expect(board.hashboardBus.transfer(0x4b, Uint8Array.of(0), 2)).rejects.toMatchObject({ code: "I2C_NACK" });
  });

  test("below zero the reading is negative", async () => {
    expect(await sensorC((await machine({ ambientC: -10.125 })).board, 0x48)).toBe(-10.125);
  });

  test("an unplugged board's sensors and chips are not there", async () => {
    const rig = await machine({ plugged: [true, false, true] });
    await startHashing(rig, 50);
    await rig.clock.advance(60_000);
    expect(await Promise.all(rig.board.chains.map((chain) => chain.isPlugged()))).toEqual([true, false, true]);
    await expect(rig.board.hashboardBus.transfer(0x4d, Uint8Array.of(0), 2)).rejects.toMatchObject({
      code: "I2C_NACK",
    });
    expect(rig.world.chains[1]!.thermal.dieC).toBeCloseTo(25, 6);
    expect(await sensorC(rig.board, 0x4e)).toBeGreaterThan(28);
  });

  test("a stuck sensor keeps its value, a failed one does not answer", async () => {
    const rig = await machine();
    rig.world.faults.sensors[0]![0] = "stuck";
    rig.world.faults.sensors[0]![1] = "failed";
    await startHashing(rig, 50);
    await rig.clock.advance(5 * 60_000);
    expect(await sensorC(rig.board, 0x48)).toBe(25);
    await expect(rig.board.hashboardBus.transfer(0x4c, Uint8Array.of(0), 2)).rejects.toMatchObject({
      code: "I2C_NACK",
    });
    expect(await sensorC(rig.board, 0x49)).toBeGreaterThan(45);
    expect(await sensorC(rig.board, 0x4d)).toBeLessThan(await sensorC(rig.board, 0x49));
  });
});

test("a chain is in reset until the host releases it", async () => {
  const { clock, board, world } = await machine();
  await board.power.setEnabled(true);
  await clock.advance(2000);
  expect(world.chains.map((chain) => chain.model.isRunning)).toEqual([false, false, false]);
  await board.chains[1]!.setReset(false);
  expect(world.chains.map((chain) => chain.model.isRunning)).toEqual([false, true, false]);
});

test("statistics are plain JSON", async () => {
  const rig = await machine();
  await startHashing(rig, 50);
  await rig.clock.advance(1000);
  const stats = rig.world.stats();
  expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
  expect(stats.chains[0]).toMatchObject({ jobs: 1, badCrcs: 0, lostBytes: 0 });
});
