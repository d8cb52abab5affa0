/** Which nonces a chain makes, when, and what they say. Every nonce that counts is hashed again by node's own SHA-256. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ChipName } from "../../../hal/emulator/chip-facts.ts";
import {
  type Bench,
  bench,
  bringUp,
  DEMO_SCALE,
  hex,
  jobFrame,
  type Nonce,
  offsetOf,
  PLL_466_MHZ,
  writeAll,
  writeOne,
} from "./support.ts";

/** 16 hashes a nonce: for counting, where no nonce is checked for being right. */
const CHEAP_SCALE = DEMO_SCALE * 64;
const BASE_VERSION = 0x20000000;

/** The header's hash as a number, built from the job frame by the documents' byte tables alone. */
function hashOf(frame: Uint8Array, nonce: Pick<Nonce, "bits" | "roll">, version = BASE_VERSION): bigint {
  const header = Buffer.alloc(80);
  header.writeUInt32LE((version | (nonce.roll << 13)) >>> 0, 0);
  for (let word = 0; word < 8; word++) {
    header.set(frame.subarray(50 + 28 - 4 * word, 54 + 28 - 4 * word), 4 + 4 * word);
    header.set(frame.subarray(18 + 28 - 4 * word, 22 + 28 - 4 * word), 36 + 4 * word);
  }
  header.set(frame.subarray(14, 18), 68);
  header.set(frame.subarray(10, 14), 72);
  header.writeUInt32BE(nonce.bits, 76);
  const once = createHash("sha256").update(header).digest();
  return BigInt(`0x${createHash("sha256").update(once).digest().reverse().toString("hex")}`);
}

const boundOf = (scale: number, difficulty: number): bigint => (BigInt(Math.round(scale)) << 224n) / BigInt(difficulty);
const keyOf = (nonce: Nonce): string => `${nonce.bits}/${nonce.roll}`;
const core = (nonce: Nonce): number => nonce.bits >>> 25;

async function mine(rig: Bench, seconds: number): Promise<Nonce[]> {
  rig.clear();
  await rig.clock.advance(seconds * 1000);
  return rig.nonces();
}

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

describe("repetition", () => {
  test("a job replaces the one before at once and restarts the roll counter", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    rig.send(jobFrame(0x08, 1));
    await mine(rig, 1);
    const second = jobFrame(0x10, 2);
    rig.send(second);
    const nonces = await mine(rig, 0.5);
    for (const nonce of nonces) {
      expect(nonce.result & 0xf0).toBe(0x20);
      expect(hashOf(second, nonce) < boundOf(CHEAP_SCALE, 256)).toBe(true);
    }
    expect(Math.min(...nonces.map((n) => n.roll))).toBeLessThan(4000);
  });

  test("an exhausted epoch brings the same finds again, after the same time, and no new ones", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    rig.send(jobFrame(0));
    const epochMs = ((65536 / 16) * (0x15a4 + 133)) / 12_500;
    const first = await mine(rig, epochMs / 1000);
    const second = await mine(rig, epochMs / 1000);
    const third = await mine(rig, epochMs / 1000);
    expect(epochMs).toBeCloseTo(1859, 0);
    expect(first.length).toBeGreaterThan(70);
    expect(second.map(keyOf)).toEqual(first.map(keyOf));
    expect(third.map(keyOf)).toEqual(first.map(keyOf));
    expect((second[0]?.atMs ?? 0) - (first[0]?.atMs ?? 0)).toBeCloseTo(epochMs, 3);
  });

  test("a mask of 11 bits cuts the S21's epoch to 58 ms", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig, { rollMask: 0x07ff });
    rig.send(jobFrame(0));
    const epochMs = ((2 ** 11 / 16) * (0x15a4 + 133)) / 12_500;
    expect(epochMs).toBeCloseTo(58, 0);
    const nonces = await mine(rig, 1);
    const distinct = new Set(nonces.map(keyOf));
    expect(distinct.size).toBeGreaterThan(0);
    expect(distinct.size).toBeLessThan(15);
    // Each comes once an epoch, 17 times a second.
    expect(nonces.length / distinct.size).toBeGreaterThan(16);
    for (const nonce of nonces) expect(nonce.roll).toBeLessThan(2 ** 11);
  });

  test("a mask without the engines' bits makes all 16 engines report the same find", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig, { rollMask: 0xfff0, ticket: 0xf0 });
    rig.send(jobFrame(0));
    const nonces = await mine(rig, 1);
    const distinct = new Set(nonces.map(keyOf));
    expect(distinct.size).toBeGreaterThan(5);
    expect(nonces.length).toBe(16 * distinct.size);
    const engines = nonces.filter((n) => keyOf(n) === keyOf(nonces[0]!)).map((n) => n.result & 15);
    expect(engines.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
  });

  test("with no rolling at all the first sweep's finds come in every sweep", async () => {
    const rig = await bench({ chipCount: 1, scale: CHEAP_SCALE * 256 });
    bringUp(rig, { rollMask: 0, ticket: 0 });
    rig.send(writeAll(0x08, 0x40a80230), jobFrame(0));
    const nonces = await mine(rig, 0.1);
    for (const nonce of nonces) expect(nonce.roll).toBe(0);
    expect(new Set(nonces.map(keyOf)).size).toBeLessThan(4);
  });

  test("version bits that the job has set already make no headers of their own", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig);
    // Roll bit 15 = version bit 28: half of the rolls repeat the other half.
    const job = jobFrame(0, 1, { version: 0x30000000 });
    rig.send(job);
    const nonces = await mine(rig, 1.85);
    const headers = new Set(nonces.map((n) => `${n.bits}/${n.roll | 0x8000}`));
    expect(nonces.length).toBeGreaterThan(1.8 * headers.size);
    for (const nonce of nonces) expect(hashOf(job, nonce, 0x30000000) < boundOf(CHEAP_SCALE, 256)).toBe(true);
  });

  test("before the hash counting number is written every find comes from every chip alike", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    bringUp(rig, { hcn: 0 });
    rig.send(jobFrame(0));
    const nonces = await mine(rig, 4);
    const distinct = new Set(nonces.map(keyOf));
    expect(distinct.size).toBeGreaterThan(0);
    expect(nonces.length).toBe(108 * distinct.size);
  });

  test("a sweep longer than the chips' slices brings the common part out of two neighbours", async () => {
    const rig = await bench({ scale: CHEAP_SCALE });
    // 1.5 slices of 2^25 / 108 at 466.67 MHz.
    bringUp(rig, { hcn: Math.round((1.5 * 2 ** 25 * 12.5) / 108 / 466.6667) - 133, ticket: 0xf0 });
    rig.send(jobFrame(0));
    const nonces = await mine(rig, 3);
    const distinct = new Set(nonces.map(keyOf)).size;
    // Half of each sweep is the neighbour's as well: two thirds as many finds, half of them double.
    expect(nonces.length / distinct).toBeGreaterThan(1.4);
    expect(nonces.length / distinct).toBeLessThan(1.6);
    expect(nonces.length / 3 / rig.chain.nonces.expectedPerSecond()).toBeCloseTo(1, 1);
  });

  test("an offset-split chain without offsets does the same, an address-split one does not", async () => {
    const rig = await bench({ chipCount: 4, scale: CHEAP_SCALE });
    bringUp(rig, { ticket: 0xf0 });
    for (const address of [0, 64, 128, 192]) rig.send(writeOne(address, 0x0c, 0));
    rig.send(jobFrame(0));
    const shared = await mine(rig, 1.5);
    expect(shared.length).toBe(4 * new Set(shared.map(keyOf)).size);
    const other = await bench({ chip: "BM1366", chipCount: 4, scale: CHEAP_SCALE });
    bringUp(other, { ticket: 0xf0 });
    other.send(jobFrame(0));
    const split = await mine(other, 1.5);
    expect(split.length).toBe(new Set(split.map(keyOf)).size);
  });
});

describe("faults and replay", () => {
  test("false nonces fail the ticket, all of them, even where one in 16 passes", async () => {
    const rig = await bench({ scale: CHEAP_SCALE, faults: { falseNonceFraction: 0.3 } });
    bringUp(rig);
    const job = jobFrame(0);
    rig.send(job);
    const nonces = await mine(rig, 1.8);
    const bad = nonces.filter((nonce) => hashOf(job, nonce) >= boundOf(CHEAP_SCALE, 256)).length;
    expect(bad).toBe(rig.chain.nonces.counts.falseNonces);
    expect(bad).toBeGreaterThan(10);
    expect(bad).toBeLessThan(nonces.length * 0.5);
  });

  test("the same seed gives the same bytes at the same times, another seed does not", async () => {
    const run = async (seed: number): Promise<string[]> => {
      const rig = await bench({ seed, scale: CHEAP_SCALE });
      bringUp(rig);
      rig.send(jobFrame(0));
      await rig.clock.advance(3000);
      return rig.frames.map((f) => `${f.atMs} ${hex(f.bytes)}`);
    };
    expect(await run(5)).toEqual(await run(5));
    expect(await run(6)).not.toEqual(await run(5));
  });

  test("a hard target is searched in slices, and a new job ends the search", async () => {
    const rig = await bench({ chipCount: 1, scale: 2 ** 32 / 2 ** 18 });
    bringUp(rig, { ticket: 0 });
    const job = jobFrame(0x08);
    rig.send(job);
    await rig.clock.runUntil(() => rig.nonces().length > 0, 10_000);
    const [first] = rig.nonces();
    expect(first === undefined ? 0n : hashOf(job, first)).toBeLessThan(boundOf(2 ** 14, 1));
    rig.clear();
    rig.send(jobFrame(0x10, 2));
    await rig.clock.runUntil(() => rig.nonces().length > 0, 10_000);
    for (const nonce of rig.nonces()) expect(nonce.result & 0xf0).toBe(0x20);
  });
});
