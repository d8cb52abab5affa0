/** The emulator as a process of its own, with real pseudo-terminals and the serial code of real devices. */
import path from "node:path";
import { build } from "esbuild";
import { afterEach, beforeAll, expect, test } from "vitest";
import { openBoard } from "../../../firmware/platform/open-board.ts";
import type { ControlBoard } from "../../../hal/control-board.ts";
import { type ForkedBoard, type ForkOptions, forkEmulatedBoard } from "../../../hal/emulator/remote-board.ts";
import { openSerialUart } from "../../../hal/linux/serial-uart.ts";
import { SystemClock } from "../../../hal/linux/system-clock.ts";
import type { Uart } from "../../../hal/uart.ts";
import { EMULATOR_SETTINGS, openUart } from "../../support/board.ts";
import { bytes, chainInactive, DEMO_SCALE, jobFrame, PLL_466_MHZ, readAll, writeAll } from "./support.ts";

const PROGRAM = path.resolve("dist/test/emulator-child.cjs");
/** Real time passes here, so waits are for something to happen; this only ends a test that would hang. */
const GIVE_UP_MS = 20_000;
const open: (() => Promise<void>)[] = [];

beforeAll(async () => {
  await build({
    entryPoints: ["test/hal/emulator/child-program.ts"],
    outfile: PROGRAM,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    external: ["koffi"],
    logLevel: "error",
  });
});

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

type Forked = ForkedBoard & { board: ControlBoard };

async function forkBoard(options: Partial<ForkOptions> = {}): Promise<Forked> {
  const machine = options.machine ?? "s21";
  const forked = await forkEmulatedBoard({
    programPath: PROGRAM,
    machine,
    chipScale: DEMO_SCALE,
    seed: 1,
    openUart: (device, baud) => openSerialUart({ path: device, baud }),
    ...options,
  });
  open.push(() => forked.stop());
  const clock = new SystemClock();
  const board = await openBoard({ clock, ports: forked.ports, machine, settings: EMULATOR_SETTINGS });
  return Object.assign(forked, { board });
}

async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + GIVE_UP_MS; !(await isDone()); ) {
    if (performance.now() > endMs) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Chain 0 powered, out of reset and answering. */
async function openChain(forked: Forked): Promise<{ uart: Uart; received: number[] }> {
  const chain = forked.board.chains[0]!;
  await forked.setChainFaults(0, { noiseBurstBytes: 0 });
  await forked.board.power?.setEnabled(true);
  await chain.setReset(false);
  const uart = await openUart(forked.board, 0, 115_200);
  open.push(() => uart.close());
  const received: number[] = [];
  uart.onData((chunk) => received.push(...chunk));
  await until(async () => ((await forked.stats()).world.chains[0]?.voltageV ?? 0) > 13);
  await new Promise((resolve) => setTimeout(resolve, 300));
  uart.write(writeAll(0xa4, 0x9000ffff));
  await until(async () => ((await forked.stats()).world.chains[0]?.commands ?? 0) > 0);
  received.length = 0;
  return { uart, received };
}

test("a chain enumerates over its pseudo-terminal, changes rate and sends nonces", async () => {
  const forked = await forkBoard();
  const { uart, received } = await openChain(forked);
  uart.write(readAll(0x00));
  await until(() => received.length >= 108 * 11);
  expect(Buffer.from(received)).toEqual(Buffer.from("aa5513680000000000000f".repeat(108), "hex"));

  for (const frame of [chainInactive(), writeAll(0x14, 0xff), writeAll(0x10, 0x15a4), writeAll(0x18, 0xf000c100)]) {
    uart.write(frame);
  }
  for (const frame of [writeAll(0x3c, 0x800082aa), writeAll(0x08, PLL_466_MHZ), writeAll(0x28, 0x01300000)]) {
    uart.write(frame);
  }
  await until(async () => (await forked.stats()).world.chains[0]?.baud === 3_125_000);
  await uart.setBaud(3_125_000);
  received.length = 0;
  uart.write(jobFrame(0x28));
  await until(() => received.length >= 11);
  expect(received.slice(0, 2)).toEqual([0xaa, 0x55]);
  expect((received[7] ?? 0) & 0xf0).toBe(0x50);
});

test("at a rate that the chips do not have, nobody answers and the noise is counted", async () => {
  const forked = await forkBoard();
  const { uart, received } = await openChain(forked);
  await uart.setBaud(3_125_000);
  const before = (await forked.stats()).world.chains[0]?.noiseBytes ?? 0;
  uart.write(readAll(0x00));
  await until(async () => (await forked.stats()).world.chains[0]?.noiseBytes === before + 7);
  expect(received).toEqual([]);
});

test("pins, PWM, tachometers, buses and faults cross as calls", async () => {
  const { board, setChainFaults, stats } = await forkBoard();
  expect([board.name, board.chains.length, board.fans?.count]).toEqual(["amlogic-a113d", 3, 4]);
  expect(await board.chains[0]!.isPlugged()).toBe(true);
  expect([...(await board.hashboardBus.transfer(0x48, bytes("00"), 2))]).toEqual([25, 0]);
  await expect(board.hashboardBus.transfer(0x20, bytes("00"), 2)).rejects.toMatchObject({ code: "I2C_NACK" });
  await board.fans?.setDutyPct(70);
  await until(async () => ((await board.fans?.readRpm())?.[0] ?? 0) > 1000);
  await setChainFaults(0, { isSilent: true });
  expect((await stats()).world.fanDutyPct).toBe(70);
});

test("an unknown machine is refused with its code", async () => {
  const machine = "s99" as ForkOptions["machine"];
  await expect(forkBoard({ machine })).rejects.toMatchObject({ code: "EMULATOR_MACHINE_UNKNOWN" });
});

test("a program that does not start is named as a lost emulator", async () => {
  await expect(forkBoard({ programPath: "/nonexistent.cjs" })).rejects.toMatchObject({ code: "EMULATOR_LOST" });
});

test("the pool's port and counts come back", async () => {
  const pool = { host: "127.0.0.1", port: 4321, scale: 1, startDifficulty: 1 };
  const forked = await forkBoard({ machine: "bitaxe-ultra", pool });
  expect(forked.poolPort).toBe(4321);
  expect((await forked.stats()).pool).toEqual({ shares: 3 });
});

test("the child ignores the terminal's signals", async () => {
  const forked = await forkBoard();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(forked.pid, signal);
  await forked.board.fans?.setDutyPct(10);
  expect((await forked.stats()).world.fanDutyPct).toBe(10);
});

test("a child that dies loses the board: open calls fail and the listener hears of it once", async () => {
  const forked = await forkBoard();
  const heard: unknown[] = [];
  forked.board.onLost((error) => heard.push(error));
  process.kill(forked.pid, "SIGKILL");
  await expect(forked.stats()).rejects.toMatchObject({ code: "EMULATOR_LOST" });
  await until(() => heard.length > 0);
  expect(heard).toMatchObject([{ code: "EMULATOR_LOST" }]);
  await expect(forked.board.chains[0]!.setReset(true)).rejects.toMatchObject({ code: "EMULATOR_LOST" });
  await forked.board.close();
});

test("stopping ends the process and is no loss", async () => {
  const forked = await forkBoard({ machine: "bitaxe-ultra" });
  let losses = 0;
  forked.board.onLost(() => losses++);
  await forked.board.close();
  await forked.stop();
  expect(() => process.kill(forked.pid, 0)).toThrow(/ESRCH/);
  expect(losses).toBe(0);
});
