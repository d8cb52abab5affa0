/** The wires: time, wrong rates, lost and flipped bytes; and the in-memory Uart on top. */
import { describe, expect, test } from "vitest";
import type { EmulatedWorld } from "../../../hal/emulator/emulated-world.ts";
import { PacedPipe } from "../../../hal/emulator/paced-pipe.ts";
import { SeededRandom } from "../../../hal/emulator/prng.ts";
import { VirtualClock } from "../../../hal/emulator/virtual-clock.ts";
import type { Uart } from "../../../hal/uart.ts";
import { openMachine, openUart } from "../../support/board.ts";
import {
  chainInactive,
  DEMO_SCALE,
  FAST_BAUD,
  jobFrame,
  offsetOf,
  PLL_466_MHZ,
  readAll,
  setAddress,
  writeAll,
  writeOne,
} from "./support.ts";

interface Desk {
  clock: VirtualClock;
  world: EmulatedWorld;
  uart: Uart;
  received: number[];
}

/** One S21 chain, powered and out of reset, its link open at 115,200; noise off. */
async function desk(baud = 115_200): Promise<Desk> {
  const clock = new VirtualClock();
  const { board, world } = await openMachine({
    machine: "s21",
    clock,
    random: new SeededRandom(3),
    chipScale: DEMO_SCALE,
  });
  for (const faults of world.faults.chains) faults.noiseBurstBytes = 0;
  await board.power.setEnabled(true);
  await board.chains[0]!.setReset(false);
  const uart = await openUart(board, 0, baud);
  const received: number[] = [];
  uart.onData((chunk) => received.push(...chunk));
  await clock.advance(2000);
  return { clock, world, uart, received };
}

/** Registers of a hashing chain at a ticket that gives about 230 nonces/s, behind the wire's back. */
function bringUpChain(world: EmulatedWorld): void {
  const { model } = world.chains[0]!;
  const frames = [writeAll(0xa4, 0x9000ffff), writeAll(0x14, 0xfc), writeAll(0x18, 0xf000c100)];
  frames.push(writeAll(0x3c, 0x800082aa), writeAll(0x08, PLL_466_MHZ), writeAll(0x10, 0x15a4), chainInactive());
  for (let k = 0; k < 108; k++) frames.push(setAddress(2 * k));
  for (let k = 0; k < 108; k++) frames.push(writeOne(2 * k, 0x0c, 0x80000000 + offsetOf(k, 108)));
  for (const frame of frames) model.receive(frame, model.baud);
}

/** The 11-byte frames in a sound stream that may begin inside one. */
function framesOf(stream: readonly number[]): number[][] {
  const start = stream.findIndex((byte, i) => byte === 0xaa && stream[i + 1] === 0x55);
  const count = Math.floor((stream.length - start) / 11);
  return Array.from({ length: count }, (_, k) => stream.slice(start + 11 * k, start + 11 * k + 11));
}

describe("paced pipe", () => {
  test("a chunk arrives when its last bit would, ten bits a byte, and chunks queue up", async () => {
    const clock = new VirtualClock();
    const arrivals: [number, number][] = [];
    const pipe = new PacedPipe({ clock, minTimerMs: 0, deliver: (c) => arrivals.push([clock.nowMs(), c.length]) });
    pipe.push(new Uint8Array(11), 11, 115_200);
    pipe.push(new Uint8Array(88), 88, 115_200);
    expect(pipe.backlogMs).toBeCloseTo((99 * 10_000) / 115_200, 9);
    await clock.advance(100);
    expect(arrivals.map(([, length]) => length)).toEqual([11, 88]);
    expect(arrivals[0]?.[0]).toBeCloseTo(0.955, 3);
    expect(arrivals[1]?.[0]).toBeCloseTo(8.594, 3);
  });

  test("bytes come out in order and unharmed through many turns of the ring", async () => {
    const clock = new VirtualClock();
    const out: number[] = [];
    const pipe = new PacedPipe({ clock, minTimerMs: 0, deliver: (c) => out.push(...c) });
    const sent: number[] = [];
    for (let i = 0; i < 400; i++) {
      const chunk = Uint8Array.from({ length: 1 + ((i * 131) % 1500) }, (_, k) => (i + k) & 0xff);
      sent.push(...chunk);
      pipe.push(chunk, chunk.length, FAST_BAUD);
      await clock.advance(5);
    }
    expect(out).toEqual(sent);
    expect(pipe.lostBytes).toBe(0);
  });

  test("a full ring loses bytes and counts them", () => {
    const clock = new VirtualClock();
    const pipe = new PacedPipe({ clock, minTimerMs: 0, deliver: () => undefined });
    for (let i = 0; i < 70; i++) pipe.push(new Uint8Array(1024), 1024, 9600);
    expect(pipe.lostBytes).toBe(6 * 1024);
  });

  test("delays under the smallest timer go out at once, but never out of order", () => {
    const clock = new VirtualClock();
    const lengths: number[] = [];
    const pipe = new PacedPipe({ clock, minTimerMs: 0.5, deliver: (c) => lengths.push(c.length) });
    pipe.push(new Uint8Array(11), 11, FAST_BAUD);
    expect(lengths).toEqual([11]);
    pipe.push(new Uint8Array(1000), 1000, FAST_BAUD);
    pipe.push(new Uint8Array(5), 5, FAST_BAUD);
    expect(lengths).toEqual([11]);
    expect(clock.pendingTimers).toBe(1);
  });
});

describe("serial link", () => {
  test("108 replies take the line's time at the chips' rate", async () => {
    const { clock, uart, received } = await desk();
    uart.write(writeAll(0xa4, 0x9000ffff));
    uart.write(readAll(0x00));
    const lineMs = (108 * 11 * 10_000) / 115_740.74;
    await clock.advance(lineMs * 0.9);
    expect(received.length).toBeGreaterThan(80 * 11);
    expect(received.length).toBeLessThan(108 * 11);
    await clock.advance(lineMs);
    expect(received.length).toBe(108 * 11);
  });

  test("drain waits for the last bit, and setBaud drains before it switches", async () => {
    const { clock, uart } = await desk();
    uart.write(new Uint8Array(1152));
    let isSet = false;
    const set = uart.setBaud(FAST_BAUD).then(() => {
      isSet = true;
    });
    await clock.advance(99);
    expect([isSet, uart.baud]).toEqual([false, 115_200]);
    await clock.advance(2);
    await set;
    expect(uart.baud).toBe(FAST_BAUD);
  });

  test("host and chips at different rates hear garbage of each other", async () => {
    const { clock, uart, received, world } = await desk();
    uart.write(writeAll(0xa4, 0x9000ffff));
    uart.write(readAll(0x00));
    await clock.advance(5);
    await uart.setBaud(FAST_BAUD);
    received.length = 0;
    await clock.advance(200);
    expect(received.length).toBeGreaterThan(1000);
    expect(Buffer.from(received).includes(Buffer.from("aa551368", "hex"))).toBe(false);
    expect(world.chains[0]?.line.hostNoiseBytes).toBe(received.length);
    received.length = 0;
    uart.write(readAll(0x00));
    await clock.advance(200);
    expect(received).toEqual([]);
    expect(world.chains[0]?.model.counts.noiseBytes).toBe(7);
  });

  test("after the chips' rate change the link works at the new rate", async () => {
    const { clock, uart, received } = await desk();
    uart.write(writeAll(0xa4, 0x9000ffff));
    uart.write(writeAll(0x28, 0x01300000));
    await clock.advance(60);
    const switched = uart.setBaud(FAST_BAUD);
    await clock.advance(1);
    await switched;
    uart.write(readAll(0x00));
    await clock.advance(5);
    expect(received.length).toBe(108 * 11);
  });

  test("a nonce that is still on the wire when its job is replaced names the old job", async () => {
    const { clock, uart, received, world } = await desk();
    bringUpChain(world);
    uart.write(jobFrame(0x08, 1));
    await clock.advance(20);
    // A broadcast read keeps the line busy for 100 ms, and finds queue up behind its replies.
    uart.write(readAll(0x14));
    await clock.advance(60);
    uart.write(jobFrame(0x10, 2));
    await clock.advance(10);
    expect(world.chains[0]?.model.counts.jobs).toBe(2);
    received.length = 0;
    await clock.advance(1500);
    const ids = framesOf(received).flatMap((f) => ((f[10] ?? 0) >= 0x80 ? [(f[7] ?? 0) & 0xf0] : []));
    const firstNew = ids.indexOf(0x20);
    expect(ids[0]).toBe(0x10);
    expect(firstNew).toBeGreaterThan(0);
    expect(ids.slice(firstNew).every((id) => id === 0x20)).toBe(true);
  });

  test("bytes that came before anybody listened are kept, unless they are discarded", async () => {
    const { clock, uart, world } = await desk();
    await uart.close();
    const { VirtualUart } = await import("../../../hal/emulator/virtual-uart.ts");
    const second = new VirtualUart({ path: "x", baud: 115_200, clock, line: world.chains[0]!.line });
    const got: number[] = [];
    second.write(readAll(0x00));
    await clock.advance(300);
    await second.discardInput();
    second.write(readAll(0x14));
    await clock.advance(300);
    second.onData((chunk) => got.push(...chunk));
    expect(got.length).toBe(108 * 9);
  });

  test("a lossy line loses about as many bytes as its probability says", async () => {
    const { clock, uart, received, world } = await desk();
    uart.write(chainInactive());
    uart.write(setAddress(2));
    await clock.advance(10);
    world.faults.chains[0]!.dropByteProbability = 0.05;
    for (let i = 0; i < 20; i++) {
      uart.write(readAll(0x00));
      await clock.advance(150);
    }
    const whole = world.chains[0]!.model.counts.replies * 9;
    expect(received.length / whole).toBeGreaterThan(0.93);
    expect(received.length / whole).toBeLessThan(0.97);
  });

  test("flipped bits spoil frames but no byte is missing", async () => {
    const { clock, uart, received, world } = await desk();
    const faults = world.faults.chains[0]!;
    uart.write(readAll(0x00));
    await clock.advance(1);
    faults.flipBitProbability = 0.1;
    await clock.advance(300);
    expect(received.length).toBe(108 * 9);
    const good = Buffer.from("aa5513680000000006", "hex").subarray(0, 6).toString("hex");
    const heads = Array.from({ length: 108 }, (_, k) => Buffer.from(received.slice(9 * k, 9 * k + 6)).toString("hex"));
    const spoilt = heads.filter((head) => head !== good).length;
    expect(spoilt).toBeGreaterThan(20);
    expect(spoilt).toBeLessThan(80);
  });
});
