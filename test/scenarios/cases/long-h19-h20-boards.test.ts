/** Public bug cases H19 and H20: a chain that never comes back, and boards that were never whole. */
import { expect, test } from "vitest";
import { startRig } from "../../support/rig.ts";
import { resets, SILENT_AT_MS, silentSecondChain, states } from "./silent-chain.ts";

const HOUR_MS = 3_600_000;

test("H19: a chain that never recovers is switched off with an alarm, after a bounded number of resets", async () => {
  const rig = await silentSecondChain();
  const drawnW = rig.world.chains[1]?.thermal.powerW ?? 0;
  await rig.until("given up", () => states(rig)[1] === "disabled", HOUR_MS);
  const releases = resets(rig, 1, SILENT_AT_MS).filter(({ isAsserted }) => !isAsserted);
  expect(releases.length).toBeLessThanOrEqual(6);
  await rig.advance(HOUR_MS / 4);
  expect(states(rig)).toEqual(["hashing", "disabled", "hashing"]);
  expect(resets(rig, 1, SILENT_AT_MS).filter(({ isAsserted }) => !isAsserted).length).toBe(releases.length);
  expect(rig.snapshot().alarms).toEqual([expect.stringMatching(/^chain 1 is switched off: .*given up after 6 tries$/)]);
  expect(rig.world.chains[1]?.thermal.powerW ?? 0).toBeLessThan(drawnW / 10);
  const { chains, hashrate } = rig.snapshot();
  expect(chains[1]?.hashrate.recentMeasuredThs).toBeNull();
  expect((hashrate.recentMeasuredThs ?? 0) / (hashrate.expectedThs ?? 1)).toBeCloseTo(2 / 3, 1);
  expect([resets(rig, 0, SILENT_AT_MS), resets(rig, 2, SILENT_AT_MS)]).toEqual([[], []]);
  await rig.stop();
});

test("H20: one board dead, one with 40 of 63 chips, one whole: the rest goes on, and no work is done twice", async () => {
  const rig = await startRig({ machine: "s9", hashesPerNonce: 16 });
  const [dead, short] = rig.world.faults.chains;
  if (dead === undefined || short === undefined) throw new Error("an S9 has three chains");
  dead.isSilent = true;
  short.deadChipIndex = 40;
  await rig.until("the whole board hashes", () => states(rig)[2] === "hashing", 60_000);
  await rig.until("the short board hashes", () => states(rig)[1] === "hashing", 300_000);
  await rig.until("the dead board is given up", () => states(rig)[0] === "disabled", HOUR_MS);
  await rig.advance(60_000);
  const { chains, alarms, pool } = rig.snapshot();
  expect(chains.map(({ state, chips, chipsExpected }) => [state, chips, chipsExpected])).toEqual([
    ["disabled", 0, 63],
    ["hashing", 40, 63],
    ["hashing", 63, 63],
  ]);
  expect(alarms).toContainEqual(expect.stringMatching(/^chain 0 is switched off: 0 of 63 chips answered; given up/));
  for (const { nonces } of chains) expect(nonces).toMatchObject({ duplicate: 0, hardwareError: 0 });
  expect(pool.shares).toMatchObject({ rejected: 0, duplicate: 0 });
  expect(pool.shares.accepted).toBeGreaterThan(10);
  await rig.stop();
});
