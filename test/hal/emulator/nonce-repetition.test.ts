/** Nonces that come again, nonces that are false, and the replay of a seed. */
import { describe, expect, test } from "vitest";
import {
  bench,
  boundOf,
  bringUp,
  CHEAP_SCALE,
  hashOf,
  hex,
  jobFrame,
  keyOf,
  mine,
  writeAll,
  writeOne,
} from "./support.ts";

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
