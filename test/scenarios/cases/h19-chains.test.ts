/** Public bug case H19: a chain that goes silent. One that never comes back, and H20: long-h19-h20-boards.test.ts. */
import { expect, test } from "vitest";
import { CALM, type Rig, startRig } from "../../support/rig.ts";

const SILENT_AT_MS = 120_000;
const RESET_HELPS_MS = 500;

const states = (rig: Rig): string[] => rig.snapshot().chains.map(({ state }) => state);

async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => states(rig).every((state) => state === "hashing"), 90_000);
}

/** When the chain's reset line was pulled and released since `sinceMs`. */
function resets(rig: Rig, chain: number, sinceMs: number): { atMs: number; isAsserted: boolean }[] {
  return rig.world.journal.entries.flatMap((e) =>
    e.what === "reset" && e.chain === chain && e.atMs >= sinceMs ? [{ atMs: e.atMs, isAsserted: e.isAsserted }] : [],
  );
}

function longestResetMs(rig: Rig, chain: number, sinceMs: number): number {
  const events = resets(rig, chain, sinceMs);
  return Math.max(
    0,
    ...events.map(({ atMs, isAsserted }, i) => (isAsserted ? (events[i + 1]?.atMs ?? rig.clock.nowMs()) - atMs : 0)),
  );
}

async function silentSecondChain(): Promise<Rig> {
  const rig = await startRig(CALM);
  await hashing(rig);
  await rig.advance(SILENT_AT_MS - rig.clock.nowMs());
  const [, faults] = rig.world.faults.chains;
  if (faults !== undefined) faults.isSilent = true;
  return rig;
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
