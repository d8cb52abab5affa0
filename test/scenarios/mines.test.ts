import { expect, test } from "vitest";
import { startRig } from "../support/rig.ts";

test("three emulated S21 chains mine shares that the pool accepts", async () => {
  const rig = await startRig();
  await rig.until("first accepted share", () => rig.snapshot().pool.shares.accepted > 0, 60_000);
  const { firstAcceptedShareMs, prescribedWaitMs } = rig.snapshot();
  expect((firstAcceptedShareMs ?? 0) - prescribedWaitMs).toBeLessThan(15_000);
  await rig.advance(60_000);
  const { chains, pool, hashrate, alarms } = rig.snapshot();
  expect(chains.map((c) => [c.state, c.chips])).toEqual(Array.from({ length: 3 }, () => ["hashing", 108]));
  expect(chains.map((c) => c.boardSerial)).toEqual(["KUMPELEMUS210", "KUMPELEMUS211", "KUMPELEMUS212"]);
  expect(pool.shares).toMatchObject({ rejected: 0, duplicate: 0, lost: 0 });
  expect(pool.shares.accepted).toBeGreaterThan(30);
  expect(rig.pool.counts()).toMatchObject({
    accepted: pool.shares.accepted,
    rejected: 0,
    duplicate: 0,
    lowDifficulty: 0,
  });
  for (const chain of chains) expect(chain.nonces).toMatchObject({ hardwareError: 0, duplicate: 0, unknownWork: 0 });
  expect((hashrate.measuredThs ?? 0) / (hashrate.expectedThs ?? 1)).toBeCloseTo(1, 1);
  expect(hashrate.expectedThs).toBeCloseTo(192.9, 1);
  expect(alarms).toEqual([]);
  await rig.stop();
  expect(rig.world.powerIsOn).toBe(false);
});

test("the snapshot tells the pool's block and when a share was last accepted", async () => {
  const rig = await startRig();
  expect(rig.snapshot()).toMatchObject({ block: null, pool: { shares: { lastAcceptedAtWallMs: null } } });
  await rig.until("first accepted share", () => rig.snapshot().pool.shares.accepted > 0, 60_000);
  const first = rig.snapshot();
  const { job } = rig.miner.parts.scheduler;
  expect(first.block?.hash).toBe(
    Buffer.from(job?.prevHash ?? [])
      .reverse()
      .toString("hex"),
  );
  expect(first.block?.networkDifficulty).toBeGreaterThan(1);
  const acceptedAgoMs = rig.clock.wallTimeMs() - (first.pool.shares.lastAcceptedAtWallMs ?? 0);
  expect(acceptedAgoMs).toBeLessThanOrEqual(100);
  expect(first.pools[0]?.shares.lastAcceptedAtWallMs).toBe(first.pool.shares.lastAcceptedAtWallMs);

  rig.pool.refresh();
  await rig.advance(1_000);
  expect(rig.snapshot().block).toEqual(first.block);
  const changedAtMs = rig.clock.wallTimeMs();
  rig.pool.newBlock();
  await rig.advance(1_000);
  const { block } = rig.snapshot();
  expect(block?.hash).not.toBe(first.block?.hash);
  expect(block?.seenAtWallMs).toBeGreaterThanOrEqual(changedAtMs);
  await rig.stop();
});

test.each(["s19xp", "s19kpro", "s19jpro", "s21pro", "s21xp", "t21"] as const)(
  "an emulated %s mines",
  async (machine) => {
    const rig = await startRig({ machine, hashesPerNonce: 16 });
    await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
    await rig.advance(25_000);
    const { chains, pool, hashrate } = rig.snapshot();
    expect(pool.shares.accepted).toBeGreaterThan(10);
    expect(pool.shares.rejected).toBe(0);
    for (const chain of chains) expect(chain.nonces).toMatchObject({ hardwareError: 0, duplicate: 0, unknownWork: 0 });
    expect((hashrate.measuredThs ?? 0) / (hashrate.expectedThs ?? 1)).toBeCloseTo(1, 1);
    await rig.stop();
  },
);

test("the same seed gives the same run, another seed another one", async () => {
  const runs = [];
  for (const seed of [5, 5, 6]) {
    const rig = await startRig({ seed, hashesPerNonce: 16 });
    await rig.advance(40_000);
    runs.push(JSON.stringify([rig.snapshot(), rig.pool.counts()]));
    await rig.stop();
  }
  expect(runs[0]).toBe(runs[1]);
  expect(runs[0]).not.toBe(runs[2]);
});
