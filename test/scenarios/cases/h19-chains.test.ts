/** Public bug case H19: a chain that goes silent. One that never comes back, and H20: long-h19-h20-boards.test.ts. */
import { expect, test } from "vitest";
import type { Rig } from "../../support/rig.ts";
import { hashing, resets, SILENT_AT_MS, silentSecondChain, states } from "./silent-chain.ts";

const RESET_HELPS_MS = 500;

function longestResetMs(rig: Rig, chain: number, sinceMs: number): number {
  const events = resets(rig, chain, sinceMs);
  return Math.max(
    0,
    ...events.map(({ atMs, isAsserted }, i) => (isAsserted ? (events[i + 1]?.atMs ?? rig.clock.nowMs()) - atMs : 0)),
  );
}

test("H19: a chain that goes silent is noticed within a minute and reset alone until it is back", async () => {
  const rig = await silentSecondChain();
  const before = rig.snapshot().chains[1]?.hashrate.recentMeasuredThs ?? 0;
  await rig.until("noticed", () => states(rig)[1] !== "hashing", 60_000);
  expect(rig.snapshot().chains[1]?.hashrate.recentMeasuredThs).toBeLessThan(0.9 * before);
  await rig.until("a reset that helps", () => longestResetMs(rig, 1, SILENT_AT_MS) >= RESET_HELPS_MS, 60_000);
  const [, faults] = rig.world.faults.chains;
  if (faults !== undefined) faults.isSilent = false;
  await hashing(rig);
  await rig.advance(60_000);
  expect(states(rig)).toEqual(["hashing", "hashing", "hashing"]);
  expect([resets(rig, 0, SILENT_AT_MS), resets(rig, 2, SILENT_AT_MS)]).toEqual([[], []]);
  expect(rig.snapshot().hashrate.recentMeasuredThs).not.toBeNull();
  await rig.stop();
});
