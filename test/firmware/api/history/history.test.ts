import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { HISTORY_FIELDS } from "#firmware/api/history/history-fields.ts";
import { HistoryKeeper } from "#firmware/api/history/history-keeper.ts";
import { HistoryRing } from "#firmware/api/history/history-ring.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { KumpelError } from "#hal/errors.ts";
import { CALM, startRig } from "../../../support/rig.ts";

let real: MinerSnapshot;

beforeAll(async () => {
  const rig = await startRig(CALM);
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state }) => state === "hashing"), 120_000);
  await rig.advance(30_000);
  real = rig.snapshot();
  await rig.stop();
});

function snapshot(uptimeMs: number, accepted: number, ths: number | null): MinerSnapshot {
  return {
    ...real,
    uptimeMs,
    hashrate: { ...real.hashrate, recentMeasuredThs: ths },
    pool: { ...real.pool, shares: { ...real.pool.shares, accepted } },
  };
}

interface Bench {
  readonly keeper: HistoryKeeper;
  readonly clock: VirtualClock;
  readonly warnings: string[];
}

function bench(store: MemoryStore, startMs = 0): Bench {
  const clock = new VirtualClock();
  const warnings: string[] = [];
  const wall = { nowMs: () => clock.nowMs(), wallTimeMs: () => startMs + clock.nowMs() };
  return { keeper: new HistoryKeeper({ clock: wall, store, warn: (text) => warnings.push(text) }), clock, warnings };
}

/** `seconds` snapshots, a second apart, with a share each. */
async function live({ keeper, clock }: Bench, seconds: number, ths: (second: number) => number | null): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    keeper.take(snapshot(second * 1000, second, ths(second)));
    await clock.advance(1_000);
  }
}

test("every field can be taken from a real snapshot, and names a unit", () => {
  for (const { name, unit, of } of HISTORY_FIELDS) {
    expect(unit, name).not.toBe("");
    expect(of(real) === null || Number.isFinite(of(real)), name).toBe(true);
  }
  expect(HISTORY_FIELDS.find(({ name }) => name === "hashrateThs")?.of(real)).not.toBeNull();
});

test("means and sums by slot; what is unknown is null, what was not lived is left out", async () => {
  const one = bench(new MemoryStore());
  await live(one, 30, (second) => (second < 10 ? 100 : second < 20 ? null : 200 + (second % 10)));
  const { timesMs, values } = one.keeper.read("10s", 0, 1e9, ["hashrateThs", "accepted"]);
  expect(timesMs).toEqual([0, 10_000, 20_000]);
  expect(values[0]).toEqual([100, null, 204.5]);
  // The first snapshot counts nothing: its shares are older than the keeper.
  expect(values[1]).toEqual([9, 10, 10]);
  expect(one.keeper.read("10s", 10_000, 20_000, ["accepted"])).toEqual({ timesMs: [10_000], values: [[10]] });
});

test("a restart of the miner begins its counts anew and nothing is counted twice", async () => {
  const one = bench(new MemoryStore());
  await live(one, 10, () => 1);
  await live(one, 10, () => 1);
  expect(one.keeper.read("10s", 0, 1e9, ["accepted"]).values).toEqual([[9, 9]]);
});

test("what was kept is there after a restart of the program; other shapes and broken files are left out", async () => {
  const store = new MemoryStore();
  const first = bench(store);
  await live(first, 700, (second) => second);
  await first.keeper.close();
  const names = await store.list();
  expect(names).toEqual(["history-10s-0.txt", "history-5m-0.txt"]);
  const second = bench(store, 3_600_000);
  await second.keeper.open();
  await live(second, 20, () => 5);
  const before = first.keeper.read("10s", 0, 1e9, ["hashrateThs", "accepted"]);
  const after = second.keeper.read("10s", 0, 1e9, ["hashrateThs", "accepted"]);
  expect(after.timesMs.slice(0, before.timesMs.length)).toEqual(before.timesMs);
  expect(after.values[0]?.slice(0, before.timesMs.length)).toEqual(before.values[0]);
  expect(after.timesMs.slice(-2)).toEqual([3_600_000, 3_610_000]);
  await store.write("history-10s-0.txt", "other,fields\nAAAA\n");
  await store.write("history-5m-0.txt", "not even a line");
  const third = bench(store);
  await third.keeper.open();
  expect(third.keeper.read("10s", 0, 1e9, ["accepted"]).timesMs).toEqual([]);
});

test("a disk that cannot be written is said once, and history goes on in memory", async () => {
  const store = new MemoryStore();
  store.write = () => Promise.reject(new KumpelError("STORE_FAILED", "the disk is full"));
  const one = bench(store);
  await live(one, 1_300, () => 1);
  await one.keeper.close();
  expect(one.warnings).toHaveLength(1);
  expect(one.warnings[0]).toMatch(/^history is kept in memory only: /);
  expect(one.keeper.read("10s", 0, 1e9, ["accepted"]).timesMs).toHaveLength(130);
});

test("a ring holds the newest slots only, whatever the clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 60 }), (numbers) => {
      const ring = new HistoryRing(1_000, 50, [{ kind: "sum" }]);
      const expected = new Map<number, number>();
      for (const number of numbers) {
        ring.add(number * 1_000, Float64Array.of(1));
        // A place holds one slot: the last that was written there.
        for (const other of expected.keys()) if (other !== number && other % 50 === number % 50) expected.delete(other);
        expected.set(number, (expected.get(number) ?? 0) + 1);
      }
      const newest = Math.max(-1, ...expected.keys());
      const { timesMs, values } = ring.read(0, 1e9, [0]);
      const wanted = [...expected].filter(([number]) => number > newest - 50).sort(([a], [b]) => a - b);
      expect(timesMs).toEqual(wanted.map(([number]) => number * 1_000));
      expect(values[0]).toEqual(wanted.map(([, count]) => count));
    }),
  );
});

test("a field that is not kept is unknown, in every slot", () => {
  const ring = new HistoryRing(1_000, 10, [{ kind: "mean" }]);
  for (const slot of [0, 1, 2]) ring.add(slot * 1_000, Float64Array.of(5));
  expect(ring.read(0, 3_000, [-1, 0]).values).toEqual([
    [null, null, null],
    [5, 5, 5],
  ]);
});
