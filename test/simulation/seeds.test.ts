/** Short simulated runs: they hold, they repeat, and what is planted in them is found. Longer ones: long-seeds.test.ts. */
import fs from "node:fs";
import { expect, test } from "vitest";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { DEFECTS } from "./defects.ts";
import { planFaults } from "./fault-plan.ts";
import { FAULTS } from "./fault-table.ts";
import { INVARIANTS } from "./invariants.ts";
import { readOptions, UsageError } from "./options.ts";
import { defaultTicket, runSeed, type SeedOptions } from "./run-seed.ts";
import { faultTable, invariantTable } from "./tables.ts";
import { newView, type View } from "./view.ts";

const S21: SeedOptions = { machine: "s21", seed: 1, hours: 0.75, faults: "all", ticket: defaultTicket("s21") };

test("a seed with faults and a quiet end, and every invariant holds", async () => {
  const { violations, faultsInjected, shares } = await runSeed({ ...S21, seed: 11, hours: 0.4 });
  expect(violations).toEqual([]);
  expect(Object.keys(faultsInjected).length).toBeGreaterThan(0);
  expect(shares.accepted).toBeGreaterThan(100);
});

test("the same seed gives the same run event by event, another seed another one", async () => {
  const run = (seed: number) => runSeed({ ...S21, seed, hours: 0.1 });
  const [first, again, other] = [await run(5), await run(5), await run(6)];
  expect(again).toEqual(first);
  expect(other.trace).not.toBe(first.trace);
});

test.each(DEFECTS)("$name: $invariant notices, and one line replays it", async ({ invariant, hours, plant }) => {
  const { violations } = await runSeed({ ...S21, faults: "none", hours, ...plant() });
  expect(violations.map((v) => v.invariant)).toEqual([invariant]);
  expect(violations[0]?.replay).toBe(
    `npm run simulate -- --machine s21 --seed 1 --hours ${hours} --faults none --ticket 4096`,
  );
});

const BROKEN: Readonly<Record<string, Partial<View>>> = {
  "time-moves": { movedBack: true },
  "own-extranonce": { foreign: 1 },
  "valid-shares-only": { lateStale: 1 },
  "proven-before-power": { unprovenChain: 2 },
  "voltage-limit": { chains: [{ index: 0, overBoardLimitMs: 0, overDamageLimitMs: 0, voltageV: 16 }] },
  "board-limit": { chains: [{ index: 0, overBoardLimitMs: 6_000, overDamageLimitMs: 0, voltageV: 0 }] },
  "chip-limit": {
    areSensorsSound: false,
    chains: [{ index: 0, overBoardLimitMs: 1e6, overDamageLimitMs: 61_000, voltageV: 0 }],
  },
  "air-with-power": { airlessMs: 6_000, airlessLimitMs: 5_000 },
  "shutdown-is-off": { onInShutdownMs: 3_000 },
  "no-orphan-power": { onWithoutProcessMs: 21_000 },
  "bounded-queues": { overrunBytes: 1 },
  "explained-errors": { unexplainedErrors: 1 },
  "no-bugs": { bug: "it broke" },
  "files-kept": { fileTrouble: "gone" },
  "work-resumes": { soundForMs: 721_000, isEverythingHashing: true, sinceAcceptedMs: 181_000 },
};

test.each(INVARIANTS)("$name: silent where nothing is wrong, and it names what is", ({ name, check }) => {
  expect(check(newView(3, 15))).toBeNull();
  expect(check({ ...newView(3, 15), ...BROKEN[name] })).toMatch(/\w/);
});

test("faults of one target never overlap, and a run of an hour ends in peace", () => {
  const plan = planFaults(FAULTS, new SeededRandom(3), 3_600_000 * 24);
  expect(plan.length).toBeGreaterThan(100);
  expect(Math.max(...plan.map(({ endMs }) => endMs))).toBeLessThanOrEqual((24 * 60 - 15) * 60_000);
  for (const target of new Set(plan.map((fault) => fault.target))) {
    const own = plan.filter((fault) => fault.target === target);
    for (const [i, fault] of own.entries()) expect(fault.atMs).toBeGreaterThanOrEqual(own[i - 1]?.endMs ?? 0);
  }
});

test("the page about the simulator has the tables that it runs on", () => {
  const page = fs.readFileSync("docs/SIMULATION.md", "utf8");
  expect(page).toContain(faultTable());
  expect(page).toContain(invariantTable());
});

test("wrong words of the command line are named", () => {
  const said = (...args: string[]): string => {
    try {
      readOptions(args);
    } catch (error) {
      return error instanceof UsageError ? error.message : "another error";
    }
    return "taken";
  };
  expect(said("--machine", "s22")).toMatch(/--machine "s22" is unknown; choose one of: s21 /);
  expect(said("--faults", "all-fans-stop,gremlins")).toMatch(/"gremlins" is no fault/);
  expect(said("--ticket", "100")).toMatch(/--ticket 100 is no power of two/);
  expect(said("--hours", "soon")).toMatch(/--hours "soon" is no number/);
  expect(said("--seeds", "0")).toMatch(/--seeds "0" is no number from 1/);
  expect(said("--speed", "9")).toMatch(/--speed/);
  expect(said("--machine", "s9", "--seeds", "20", "--hours", "0.5")).toBe("taken");
});
