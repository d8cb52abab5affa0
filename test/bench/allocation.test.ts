import { expect, test } from "vitest";
import { WorkBatch } from "#drivers/fpga/queue-feeder.ts";
import { VENDOR_WORK_WORDS } from "#drivers/fpga/vendor-registers.ts";
import { putVendorWork } from "#drivers/fpga/vendor-words.ts";
import { ticketTarget } from "#firmware/share/difficulty.ts";
import { NonceValidator } from "#firmware/share/nonce-validator.ts";
import { ChipCounters } from "#firmware/stats/chip-counters.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { WorkBuilder } from "#firmware/work/work-builder.ts";
import { WorkRegistry } from "#firmware/work/work-registry.ts";
import { leastGrowthBytes } from "../support/heap.ts";
import { benchJob, pattern } from "./fixtures.ts";

const NONCES = 100_000;
/** Half a byte a nonce: not one object in 32 of them. */
const LIMIT_BYTES = 64 * 1024;
const CHIPS = 108;
/** One hash in 64 is valid, the rest are hardware errors. */
const TICKET_SCALE = 2 ** 26;

test("100,000 nonces through the validator leave no garbage behind", () => {
  const registry = new WorkRegistry(16, 6);
  const counters = new ChipCounters(CHIPS);
  let [valid, runs] = [0, 0];
  const validator = new NonceValidator({
    chainIndex: 0,
    registry,
    counters,
    poolScale: 1,
    onValid: () => {
      valid++;
    },
    onShare: () => {
      throw new Error("no hash here is a share");
    },
  });
  const work = registry.next();
  work.job = benchJob();
  work.header.set(pattern(80, 7, 3));
  work.header.set([0, 0, 0, 0x20]);
  work.versionMask = 0x1fffe000;
  work.ticketTarget = ticketTarget(1, TICKET_SCALE);
  const run = (): void => {
    runs++;
    work.forgetNonces();
    for (let i = 0; i < NONCES; i++) {
      validator.check(work.wireId, Math.imul(i, 0x9e3779b1), (i & 0xffff) << 13, i % CHIPS, 0);
    }
  };
  run();
  expect(leastGrowthBytes(LIMIT_BYTES, run)).toBeLessThan(LIMIT_BYTES);
  const counts = counters.ofChain();
  expect(counts.valid).toBe(valid);
  expect(counts.valid / (runs * NONCES)).toBeCloseTo(1 / 64, 3);
  expect(counts.hardwareError + counts.valid).toBe(runs * NONCES);
});

test("100,000 works of four midstates, built and packed for an FPGA, leave no garbage behind", () => {
  const registry = new WorkRegistry(512, 256, 16);
  const builder = new WorkBuilder({
    merkle: new MerkleRootBuilder(),
    chainPosition: 0,
    chains: 3,
    midstatesMax: 4,
  });
  const job = benchJob();
  const batch = new WorkBatch(VENDOR_WORK_WORDS, (out, at, work) => putVendorWork(out, at, 1, work));
  const run = (): void => {
    for (let i = 0; i < NONCES; i++) {
      const work = registry.next();
      builder.fill(work, job);
      batch.add(work);
      if (i % 25 === 24) batch.clear();
    }
  };
  run();
  expect(leastGrowthBytes(LIMIT_BYTES, run)).toBeLessThan(LIMIT_BYTES);
});
