/** Quotas over an hour of the whole miner, in virtual time. */
import { expect, test } from "vitest";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { type Rig, rigPool, startRig } from "../support/rig.ts";

const [PORT_A, PORT_B] = [3401, 3402];

const hashing = (rig: Rig): Promise<void> =>
  rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);

test("quotas: 70 to 30 holds within 1 % of an hour's verified chip work", async () => {
  const rig = await startRig({
    hasPool: false,
    hashesPerNonce: 4,
    // 11 nonces/s: the share of an hour's nonces is known to 0.2 %.
    miner: { stockTicket: 4096 },
    poolGroups: [
      { quota: 70, pools: [rigPool(PORT_A, "alice.1")] },
      { quota: 30, pools: [rigPool(PORT_B, "bob.9")] },
    ],
  });
  const pools = [];
  for (const [i, port] of [PORT_A, PORT_B].entries()) {
    const pool = new LocalPool({
      network: rig.network,
      clock: rig.clock,
      random: new SeededRandom(50 + i),
      host: "127.0.0.1",
      port,
      scale: (2 ** 32 * 256) / 4,
      startDifficulty: 45_000,
      blockIntervalMs: 300_000 + 100_000 * i,
    });
    await pool.start();
    pools.push(pool);
  }
  await hashing(rig);
  const before = rig.snapshot().pools.map((pool) => pool.verifiedWork);
  await rig.advance(3_600_000);
  const work = rig.snapshot().pools.map((pool, i) => pool.verifiedWork - (before[i] ?? 0));
  const sum = work.reduce((a, b) => a + b, 0);
  expect(Math.abs((work[0] ?? 0) / sum - 0.7)).toBeLessThan(0.01);
  for (const pool of pools) expect(pool.counts()).toMatchObject({ rejected: 0, duplicate: 0 });
  for (const chain of rig.snapshot().chains) expect(chain.nonces).toMatchObject({ hardwareError: 0, duplicate: 0 });
  // One of them goes: the other takes all of it, without a debt afterwards.
  await pools[1]?.stop();
  await rig.advance(300_000);
  expect(rig.snapshot().chains.map((c) => c.state)).toEqual(["hashing", "hashing", "hashing"]);
  await rig.stop();
});
