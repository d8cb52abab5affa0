import { expect, test } from "vitest";
import { lacksOf, type ProofFacts } from "#firmware/update/proof.ts";
import { chainAt, machine } from "../api/cgminer/face-fixture.ts";

const GOOD: ProofFacts = {
  snapshot: machine(),
  hashingChainsBefore: 3,
  wasIdleBefore: false,
  isPausedByOwner: false,
  isManagementAnswering: true,
};

test("a machine that hashes, regulates and answers lacks nothing", () => {
  expect(lacksOf(GOOD)).toEqual([]);
});

test.each<[string, Partial<ProofFacts>, string]>([
  ["nothing switched on", { snapshot: null }, "nothing is switched on"],
  ["a silent API", { isManagementAnswering: false }, "own API does not answer"],
  ["fewer chains", { snapshot: machine({ chains: [chainAt(0), chainAt(1)] }) }, "2 of 3 chains hash"],
  [
    "no pool",
    { snapshot: machine({ pauseReason: "no pool gives jobs", chains: [chainAt(0, { state: "paused" })] }) },
    "0 of 3 chains hash (no pool gives jobs)",
  ],
  [
    "too few nonces",
    { snapshot: machine({ hashrate: { expectedThs: 200, measuredThs: 200, recentMeasuredThs: 150 } }) },
    "75 % of what its chips promise",
  ],
  [
    "an unknown hashrate",
    { snapshot: machine({ hashrate: { expectedThs: null, measuredThs: null, recentMeasuredThs: null } }) },
    "0 % of what",
  ],
  [
    "heat control that does not regulate",
    { snapshot: machine({ thermal: { ...machine().thermal, phase: "warmUp" } }) },
    "does not regulate (warmUp)",
  ],
  [
    "a shutdown",
    { snapshot: machine({ thermal: { ...machine().thermal, phase: "shutdown", reason: "fan 1 stands" } }) },
    "fan 1 stands",
  ],
  [
    "an unknown temperature",
    {
      snapshot: machine({
        chains: [chainAt(0), chainAt(1), chainAt(2, { temperatureBoardMaxC: null, temperatureChipMaxC: null })],
      }),
    },
    "no temperature of chain 2",
  ],
])("%s is lacking", (_, changes, clause) => {
  const lacks = lacksOf({ ...GOOD, ...changes });
  expect(lacks).toHaveLength(1);
  expect(lacks[0]).toContain(clause);
});

test("who paused it, or did not hash before, is not asked for hashing; a shutdown counts even then", () => {
  const cold = machine({
    chains: [chainAt(0, { state: "off" })],
    thermal: { ...machine().thermal, phase: "warmUp" },
  });
  expect(lacksOf({ ...GOOD, snapshot: cold })).not.toEqual([]);
  expect(lacksOf({ ...GOOD, snapshot: cold, isPausedByOwner: true })).toEqual([]);
  expect(lacksOf({ ...GOOD, snapshot: cold, hashingChainsBefore: 0 })).toEqual([]);
  const hot = { ...cold, thermal: { ...cold.thermal, phase: "shutdown" as const } };
  expect(lacksOf({ ...GOOD, snapshot: hot, isPausedByOwner: true })).not.toEqual([]);
});

test("who had nothing switched on before, for want of a pool, need not switch anything on to be proven", () => {
  const idle = { ...GOOD, snapshot: null, hashingChainsBefore: 0 };
  expect(lacksOf(idle)).toEqual(["nothing is switched on"]);
  expect(lacksOf({ ...idle, wasIdleBefore: true })).toEqual([]);
  expect(lacksOf({ ...idle, wasIdleBefore: true, isManagementAnswering: false })).toHaveLength(1);
});
