/**
 * A hostile pool in virtual time: whatever it does, no wrong share leaves, and the miner comes back. Two hours for each of a
 * few seeds; HOSTILE_HOURS asks for more.
 */
import { expect, test } from "vitest";
import { AWAY_MAX_MS, runHostile } from "../support/hostile-run.ts";

const HOURS = Number(process.env["HOSTILE_HOURS"] ?? 2);
const SEEDS = HOURS > 2 ? [1] : [1, 2];
const WALL_LIMIT_MS = 300_000;

test.each(SEEDS)(
  `seed %i, ${HOURS} virtual hours: no wrong share, none twice, none withheld, always back in time`,
  async (seed) => {
    const result = await runHostile(seed, HOURS);
    const { verdicts, misdeeds } = result;
    if (HOURS > 2) console.log(`hostile pool, ${HOURS} h: ${JSON.stringify(result)}`);
    const { good = 0, stale = 0, ...wrong } = verdicts;
    expect(wrong).toEqual({});
    expect(good).toBeGreaterThan(100 * HOURS);
    expect(result.lateStale).toBe(0);
    expect(stale).toBeLessThanOrEqual(0.01 * good);
    expect(result.liveShares).toBeGreaterThanOrEqual(good);
    expect(result.withheld).toBe(0);
    expect(result.hardwareErrors).toBe(0);
    expect(result.chainRestarts).toBe(0);
    expect(result.switches).toBeGreaterThan(2 * HOURS);
    expect(result.longestAwayMs).toBeLessThanOrEqual(AWAY_MAX_MS);
    expect(Object.keys(misdeeds).length).toBe(9);
  },
  WALL_LIMIT_MS,
);
