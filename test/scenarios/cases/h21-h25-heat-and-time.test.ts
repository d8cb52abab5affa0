/** Public bug cases H21, H22 and H25: a fan that dies, temperatures that cannot be, a clock that jumps. */
import { describe, expect, test } from "vitest";
import { initialThermal, stepThermal } from "#firmware/control/thermal-decision.ts";
import { DEFAULT_COOLING, DEFAULT_LIMITS, type SensorInput } from "#firmware/control/thermal-types.ts";
import { UNKNOWN_DAY } from "#firmware/pool/ledger.ts";
import { poolSettings } from "#firmware/pool/pool-settings.ts";
import { parsePoolUrl } from "#firmware/stratum/pool-url.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { Network } from "#hal/network.ts";
import { type Rig, startRig } from "../../support/rig.ts";
import { startCase } from "./fixtures.ts";

async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 60_000);
}

test("H21: a fan that stands still: the others full within 10 s, hashing ends within 30, the alarm names it", async () => {
  const rig = await startRig({ hashesPerNonce: 16 });
  await hashing(rig);
  await rig.advance(60_000 - rig.clock.nowMs());
  rig.world.faults.fanStopped[1] = true;
  await rig.until("it reads zero", () => rig.snapshot().thermal.fansRpm[1] === 0, 20_000);
  const zeroAtMs = rig.clock.nowMs();
  await rig.until("full fans", () => rig.snapshot().thermal.fanDutyPct === 100, 11_000);
  await rig.until("power off", () => !rig.world.powerIsOn, 31_000);
  expect(rig.clock.nowMs() - zeroAtMs).toBeLessThanOrEqual(31_000);
  await rig.advance(5_000);
  expect(rig.snapshot().alarms).toEqual(["power is cut: fan 2 stands still"]);
  expect(rig.snapshot().chains.every(({ state }) => state !== "hashing")).toBe(true);
  await rig.advance(600_000);
  expect(rig.world.powerIsOn).toBe(false);
  await rig.stop();
});

describe("H22: impossible temperatures", () => {
  const ok = (temperatureC: number): SensorInput => ({ kind: "ok", temperatureC });
  const failed: SensorInput = { kind: "failed" };
  const WARM_S = 5;

  /** Five warm seconds with four sensors, then `series` on the first `broken` of them, one entry a second. */
  function play(series: readonly SensorInput[], broken: number) {
    let state = initialThermal([0, 0, 0, 0], 2, 0);
    const seconds: { dutyPct: number; cut: boolean; hottestC: number | null }[] = [];
    const warm = Array.from({ length: WARM_S }, () => ok(55));
    for (const [i, input] of [...warm, ...series].entries()) {
      const sensors = [0, 1, 2, 3].map((sensor) => (i < WARM_S || sensor < broken ? input : ok(50)));
      const reading = { sensors, fansRpm: [3000, 3000], chips: null, hashingSinceMs: [null] };
      const plan = { limits: DEFAULT_LIMITS, cooling: DEFAULT_COOLING };
      const step = stepThermal(state, reading, plan, (i + 1) * 1_000);
      state = step.state;
      const cut = step.actions.some(({ kind }) => kind === "cutPower");
      seconds.push({ dutyPct: state.dutyPct, cut, hottestC: state.hottestC });
    }
    return { state, seconds: seconds.slice(WARM_S) };
  }
  const forEver = (input: SensorInput): SensorInput[] => Array.from({ length: 30 }, () => input);

  test.each([
    ["255 once", [55, 55, 255, 55, 55]],
    ["0 once", [55, 0, 55]],
  ])("%s changes nothing but a counter", (_name, series) => {
    const { state, seconds } = play(series.map(ok), 1);
    const steady = play(
      series.map(() => ok(55)),
      1,
    );
    expect(seconds).toEqual(steady.seconds);
    expect(state.glitches).toBe(1);
  });

  test.each([
    ["-1", ok(-1)],
    ["127", ok(127)],
    ["255", ok(255)],
    ["a read error", failed],
  ])("%s for ever on one of four sensors: a warning, the hottest of the rest leads", (_name, input) => {
    const { state, seconds } = play(forEver(input), 1);
    expect(seconds.some(({ cut }) => cut)).toBe(false);
    expect(state.hottestC).toBe(50);
    expect(state.reason).toMatch(/1 of 4 temperature sensors lost/);
  });

  test.each([
    ["-1", ok(-1)],
    ["127", ok(127)],
    ["255", ok(255)],
    ["a read error", failed],
  ])(
    "%s for ever on all four: full fans at once, no power after ten seconds, and no temperature is shown",
    (_name, input) => {
      const { state, seconds } = play(forEver(input), 4);
      const cutAfterS = seconds.findIndex(({ cut }) => cut);
      expect(cutAfterS).toBeGreaterThan(0);
      expect(cutAfterS).toBeLessThanOrEqual(10);
      expect(seconds.map(({ dutyPct }) => dutyPct)).toEqual(seconds.map(() => 100));
      expect(state.hottestC).toBeNull();
    },
  );
});

describe("H25: the clock jumps", () => {
  const YEAR_MS = 365.25 * 86_400_000;

  test("from 1970 by 56 years, back by two hours, on by 400 days: nothing that counts time notices", async () => {
    const rig = await startRig({ hashesPerNonce: 16 });
    rig.clock.jumpWallTime(-rig.clock.wallTimeMs());
    const startedAtMs = rig.clock.nowMs();
    await hashing(rig);
    const resetsBefore = rig.world.journal.entries.filter(({ what }) => what === "reset").length;
    const jumps: [atMs: number, byMs: number][] = [
      [60_000, 56 * YEAR_MS],
      [120_000, -2 * 3_600_000],
      [180_000, 400 * 86_400_000],
    ];
    for (const [atMs, byMs] of jumps) {
      await rig.advance(atMs - rig.clock.nowMs());
      const before = rig.snapshot();
      rig.clock.jumpWallTime(byMs);
      await rig.advance(5_000);
      const after = rig.snapshot();
      expect(after.uptimeMs - before.uptimeMs).toBe(5_000);
      expect(after.thermal.phase).toBe("regulating");
      expect(Math.abs(after.thermal.fanDutyPct - before.thermal.fanDutyPct)).toBeLessThanOrEqual(15);
    }
    await rig.advance(60_000);
    const { chains, pool, alarms, hashrate, uptimeMs } = rig.snapshot();
    expect(uptimeMs).toBe(rig.clock.nowMs() - startedAtMs);
    expect(chains.map(({ state }) => state)).toEqual(["hashing", "hashing", "hashing"]);
    expect(rig.world.journal.entries.filter(({ what }) => what === "reset").length).toBe(resetsBefore);
    expect(pool).toMatchObject({ connects: 1, state: "mining" });
    expect(pool.shares).toMatchObject({ rejected: 0, lost: 0, stale: 0 });
    expect((hashrate.measuredThs ?? 0) / (hashrate.expectedThs ?? 1)).toBeCloseTo(1, 1);
    expect(alarms).toEqual([]);
    // What was found before the clock was set stands under no date.
    const days = Object.keys(rig.miner.parts.ledger.ledger);
    expect(days).toContain(UNKNOWN_DAY);
    expect(days.every((day) => day === UNKNOWN_DAY || day >= "2025")).toBe(true);
    await rig.stop();
  });

  test("a certificate that the clock made look wrong is judged again, and mined with once the clock is set", async () => {
    const clock = new VirtualClock({ wallStartMs: 0 });
    const wrapNetwork = (network: Network): Network => ({
      listen: network.listen.bind(network),
      connect: (options) =>
        clock.wallTimeMs() < YEAR_MS
          ? Promise.reject(new KumpelError("TLS_CLOCK", "the certificate is not valid yet by this board's clock"))
          : network.connect(options),
    });
    const pools = [poolSettings(parsePoolUrl("stratum+ssl://a.pool.test:3333"), "alice.1", "x")];
    const { rig } = await startCase(undefined, {
      clock,
      wrapNetwork,
      poolGroups: [{ quota: 1, pools }],
      startMs: 60_000,
    });
    expect(rig.stats).toMatchObject({ state: "unreachable", connects: 0 });
    expect(rig.stats.reason).toMatch(/not valid yet by this board's clock; next try in/);
    clock.jumpWallTime(56 * YEAR_MS);
    await rig.advance(75_000);
    expect(rig.stats).toMatchObject({ state: "mining", connects: 1 });
    await rig.stop();
  });
});
