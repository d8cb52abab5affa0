/** Which nonces a chain makes, when, and what they say. Every nonce that counts is hashed again by node's own SHA-256. */
import { describe, expect, test } from "vitest";
import type { ChipName } from "../../../hal/emulator/chip-facts.ts";
import {
  bench,
  boundOf,
  bringUp,
  CHEAP_SCALE,
  core,
  DEMO_SCALE,
  hashOf,
  jobFrame,
  mine,
  offsetOf,
  PLL_466_MHZ,
  writeAll,
  writeOne,
} from "./support.ts";

describe("content", () => {
  test("every nonce of an S21 chain meets the ticket under the version that it names", async () => {
    const rig = await bench();
    bringUp(rig);
    const job = jobFrame(0x28);
    rig.send(job);
    const nonces = await mine(rig, 1.5);
    expect(nonces.length).toBeGreaterThan(40);
    const bound = boundOf(DEMO_SCALE, 256);
    for (const nonce of nonces) {
      const hash = hashOf(job, nonce);
      expect(hash < bound).toBe(true);
      // Byte 6 counts half bits above the ticket: byte >> 1 whole ones.
      expect(hash < bound >> BigInt(nonce.excess >> 1)).toBe(true);
      expect(hash < bound >> BigInt((nonce.excess >> 1) + 1)).toBe(false);
    }
  });

  test("an offset-split nonce names chip and core, and stays in the chip's sweep", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    rig.send(jobFrame(0x28));
    const sweepNonces = ((0x15a4 + 133) * 466.6667) / 12.5;
    const seen = new Set<number>();
    for (const nonce of await mine(rig, 1.8)) {
      const inWindow = nonce.bits & 0x1ffffff;
      const chipIndex = Math.floor((((nonce.bits >>> 9) & 0xffff) * 108) / 65536);
      seen.add(chipIndex);
      expect(core(nonce)).toBeLessThan(80);
      expect(inWindow - offsetOf(chipIndex, 108) * 512).toBeGreaterThanOrEqual(0);
      expect(inWindow - offsetOf(chipIndex, 108) * 512).toBeLessThan(sweepNonces);
    }
    expect(seen.size).toBeGreaterThan(50);
  });

  test.each<[ChipName, number]>([
    ["BM1366", 110],
    ["BM1362", 126],
  ])("an address-split %s nonce carries the chip's address in bits 24:18", async (chip, chipCount) => {
    const rig = await bench({ chip, chipCount, scale: CHEAP_SCALE });
    bringUp(rig, { hcn: 0x151c, pll: 0x50c20240 });
    rig.send(jobFrame(0xf8));
    const nonces = await mine(rig, 3);
    expect(nonces.length).toBeGreaterThan(50);
    const coreCount = chip === "BM1366" ? 112 : 65;
    for (const nonce of nonces) {
      const chipIndex = (nonce.bits >>> 18) & 0x7f;
      expect(chipIndex).toBeLessThan(chipCount);
      expect(nonce.bits & 0x3ffff).toBeLessThan(((0x151c + 66) * 485) / 12.5);
      expect(core(nonce)).toBeLessThan(coreCount);
      expect(nonce.result & 0xf8).toBe(0xf8);
      expect(nonce.result & 7).toBe(nonce.roll & 7);
    }
  });

  test("a BM1368 gives back four of five id bits", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    for (const [jobByte, returned] of [
      [0x08, 0x10],
      [0x78, 0xf0],
      [0x80, 0x00],
      [0xf8, 0xf0],
    ]) {
      rig.send(jobFrame(jobByte!));
      for (const nonce of await mine(rig, 0.5)) expect(nonce.result & 0xf0).toBe(returned);
    }
  });

  test("the roll counter follows the time since the job, engine in its low bits", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    const jobAtMs = rig.clock.nowMs();
    rig.send(jobFrame(0x28));
    const sweepMs = (0x15a4 + 133) / 12_500;
    const nonces = await mine(rig, 1.5);
    for (const nonce of nonces) {
      expect(nonce.roll >> 4).toBe(Math.floor((nonce.atMs - jobAtMs) / sweepMs + 1e-6));
      expect(nonce.roll & 15).toBe(nonce.result & 15);
    }
  });

  test("report bits of a BM1370 each stand for a quarter of its cores", async () => {
    const rig = await bench({ chip: "BM1370", chipCount: 1, scale: CHEAP_SCALE });
    bringUp(rig, { hcn: 0x1eb5, ticket: 0xf0 });
    rig.send(writeAll(0x18, 0x2000c100), jobFrame(0x28));
    const nonces = await mine(rig, 2.5);
    expect(nonces.length).toBeGreaterThan(5);
    for (const nonce of nonces) expect(core(nonce) >> 5).toBe(1);
  });
});

describe("rate", () => {
  test("the chain's rate is engines x frequency / (2^32 x D)", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    const expectedPerSecond = (108 * 1276 * 466.6667e6) / (2 ** 32 * 256);
    rig.send(jobFrame(0));
    expect(rig.chain.nonces.expectedPerSecond()).toBeCloseTo(expectedPerSecond, 3);
    let count = 0;
    const seconds = 100;
    for (let i = 0; i < seconds; i++) {
      rig.send(jobFrame((i * 8) & 0x78, i));
      count += (await mine(rig, 1)).length;
    }
    // 5,850 expected: four standard deviations are 5.2 %.
    const expected = expectedPerSecond * seconds;
    expect(Math.abs(count - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  test("gaps between finds are exponential", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig, { ticket: 0xf0 });
    rig.send(jobFrame(0));
    const nonces = await mine(rig, 1.8);
    const gaps = nonces.slice(1).map((nonce, i) => nonce.atMs - (nonces[i]?.atMs ?? 0));
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    const above = gaps.filter((gap) => gap > mean).length / gaps.length;
    expect(gaps.length).toBeGreaterThan(1000);
    // e^-1, give or take 4 sigma at 1,600 gaps.
    expect(Math.abs(above - Math.exp(-1))).toBeLessThan(0.05);
  });

  test("cores and chips are uniform", async () => {
    const rig = await bench({ scale: CHEAP_SCALE * 16 });
    bringUp(rig, { ticket: 0x80 });
    const cores = new Array<number>(80).fill(0);
    let count = 0;
    for (let i = 0; i < 2; i++) {
      rig.send(jobFrame(0, i));
      for (const nonce of await mine(rig, 1.2)) {
        cores[core(nonce)]!++;
        count++;
      }
    }
    const expected = count / 80;
    const chiSquare = cores.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    expect(count).toBeGreaterThan(10_000);
    // 79 degrees of freedom: 124 is passed by one seed in a thousand.
    expect(chiSquare).toBeLessThan(124);
  });

  test("a chip without a clock finds nothing, and half the frequency halves the rate", async () => {
    const rig = await bench();
    bringUp(rig);
    rig.send(jobFrame(0));
    const full = rig.chain.nonces.expectedPerSecond();
    rig.send(writeOne(0, 0x08, 0));
    expect(rig.chain.nonces.expectedPerSecond()).toBeCloseTo((full * 107) / 108, 6);
    // 233.33 MHz: the same word with postdiv2 = 2.
    rig.send(writeAll(0x08, PLL_466_MHZ + 1));
    expect(rig.chain.nonces.expectedPerSecond()).toBeCloseTo(full / 2, 6);
  });

  test("a dead chip takes the rate of all behind it", async () => {
    const rig = await bench();
    bringUp(rig);
    rig.send(jobFrame(0));
    const full = rig.chain.nonces.expectedPerSecond();
    rig.faults.deadChipIndex = 27;
    expect(rig.chain.nonces.expectedPerSecond()).toBeCloseTo(full / 4, 6);
    for (const nonce of await mine(rig, 1)) {
      expect(Math.floor((((nonce.bits >>> 9) & 0xffff) * 108) / 65536)).toBeLessThan(27);
    }
  });
});

describe("strict mode", () => {
  test.each([
    ["report bits", writeAll(0x18, 0x0000c100)],
    ["a PLL", writeAll(0x08, 0)],
  ])("no nonce comes without %s", async (_, spoiler) => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    rig.send(spoiler, jobFrame(0));
    expect(await mine(rig, 1)).toEqual([]);
  });

  test("no nonce comes before the cores are enabled, and enabling them starts a job that is there", async () => {
    const rig = await bench({ scale: CHEAP_SCALE, chipCount: 1 });
    rig.send(writeAll(0x18, 0xf000c100), writeAll(0x08, PLL_466_MHZ), writeAll(0x14, 0), jobFrame(0));
    expect(await mine(rig, 1)).toEqual([]);
    rig.send(writeAll(0xa4, 0x9000ffff), writeAll(0x3c, 0x800082aa));
    expect((await mine(rig, 1)).length).toBeGreaterThan(20);
  });

  test("no nonce comes without a job or after a reset", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    expect(await mine(rig, 1)).toEqual([]);
    rig.send(jobFrame(0));
    expect((await mine(rig, 1)).length).toBeGreaterThan(20);
    rig.chain.setReset(true);
    expect(await mine(rig, 1)).toEqual([]);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  test("the lenient chip needs neither report bits nor core enable", async () => {
    const rig = await bench({ scale: CHEAP_SCALE, chipCount: 1, isStrict: false });
    rig.send(writeAll(0xa4, 0x9000ffff), writeAll(0x08, PLL_466_MHZ), jobFrame(0));
    expect((await mine(rig, 1)).length).toBeGreaterThan(20);
  });
});
