/** What a chain without version rolling is expected to find: so little that it takes minutes to see. */
import { expect, test } from "vitest";
import { startRig } from "../support/rig.ts";

test("a pool without rolling lowers the expectation instead of blaming the chains", async () => {
  const rig = await startRig({ pool: { versionMask: 0 }, hashesPerNonce: 2 });
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
  await rig.advance(400_000);
  const { chains, hashrate, pool } = rig.snapshot();
  expect(pool.warnings).toEqual([
    "version rolling is off: the pool grants no version bits",
    "the pool grants too few version bits: 0.14 % of the hashrate is of use",
  ]);
  // One sweep of 0.454 ms in each 20 ms, and all 16 engines of a core try the same header.
  for (const chain of chains) {
    expect(chain.state).toBe("hashing");
    expect(chain.coverage).toBeCloseTo(0.454 / 20 / 16, 5);
  }
  expect(hashrate.expectedThs).toBeCloseTo((192.9 * 0.454) / 20 / 16, 2);
  const ratio = (hashrate.measuredThs ?? 0) / (hashrate.expectedThs ?? 1);
  expect(ratio).toBeGreaterThan(0.75);
  expect(ratio).toBeLessThan(1.25);
  await rig.stop();
});
