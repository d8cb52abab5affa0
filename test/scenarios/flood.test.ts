/** 500 jobs in 5 s, one in ten clean: what each of them does to the chips. Its times are measured by the bench of that name. */
import { expect, test } from "vitest";
import { FakePool } from "../support/fake-pool.ts";
import { POOL_PORT, startRig } from "../support/rig.ts";

const JOBS = 500;
const EVERY_MS = 10;
const CLEAN_EVERY = 10;
const CHAINS = 3;

test("clean jobs go to all chains at once, the others only change the next pull, and the newest is at work a second later", async () => {
  const pool = new FakePool((2 ** 32 * 256) / 16);
  pool.onMining = () => {
    pool.setDifficulty(4096);
    pool.notify({ id: "first", clean: true });
  };
  const rig = await startRig({ hasPool: false, hashesPerNonce: 16, suggestDifficulty: null });
  await pool.listen(rig.network, POOL_PORT);
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
  const written = rig.miner.parts.chains.map((): string[] => []);
  for (const [i, { runtime }] of rig.miner.parts.chains.entries()) {
    const fill = runtime.builder.fill.bind(runtime.builder);
    runtime.builder.fill = (work, job, midstatesMax) => {
      fill(work, job, midstatesMax);
      written[i]?.push(job.jobId);
    };
  }
  const clean: string[] = [];
  for (let i = 0; i < JOBS; i++) {
    // The flood ends with jobs that are not clean.
    const isClean = i % CLEAN_EVERY === 0;
    pool.notify({ id: `f${i}`, nTime: (0x6655aa00 + i).toString(16), clean: isClean });
    await rig.advance(1);
    if (isClean) {
      clean.push(`f${i}`);
      expect(written.map((ids) => ids.at(-1))).toEqual(Array.from({ length: CHAINS }, () => `f${i}`));
    }
    await rig.advance(EVERY_MS - 1);
  }
  // The feed of a second never came to its turn between two clean jobs, and no other job cost a work.
  const last = written.map((ids) => ids.filter((id) => !clean.includes(id)));
  expect(last.flat().length).toBeLessThanOrEqual(CHAINS);
  expect(written.map((ids) => ids.filter((id) => clean.includes(id)))).toEqual(
    Array.from({ length: CHAINS }, () => clean),
  );
  await rig.advance(1_000);
  expect(written.map((ids) => ids.at(-1))).toEqual(Array.from({ length: CHAINS }, () => `f${JOBS - 1}`));
  await rig.advance(10_000);
  const counts = rig.snapshot().pool.shares;
  expect(pool.shares.filter(({ verdict }) => verdict !== "good")).toEqual([]);
  expect(counts).toMatchObject({ rejected: 0, duplicate: 0, lost: 0 });
  expect(pool.shares.filter(({ jobId }) => jobId === `f${JOBS - 1}`).length).toBeGreaterThan(20);
  await rig.stop();
});
