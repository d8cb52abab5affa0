import { expect, test } from "vitest";
import { type EarningInputs, earningAlarm } from "#firmware/stats/earning-alarm.ts";
import { ShareTruth, type TruthRow } from "#firmware/stats/share-truth.ts";
import { hashesPerShare } from "#firmware/stats/work-meter.ts";

test("each window holds what happened within it, and forgets it afterwards", () => {
  const truth = new ShareTruth();
  truth.add(5_000, "expected", 10);
  truth.add(65_000, "expected", 20);
  truth.add(65_000, "accepted", 7);
  expect(truth.read(65_000, "1m")).toEqual({ expected: 20, reported: 0, verified: 0, submitted: 0, accepted: 7 });
  expect(truth.read(65_000, "10m").expected).toBe(30);
  expect(truth.read(700_000, "10m").expected).toBe(0);
  expect(truth.read(700_000, "1h").expected).toBe(30);
  expect(truth.read(3_700_000, "1h").expected).toBe(0);
  expect(truth.read(3_700_000, "24h").expected).toBe(30);
  expect(truth.read(3 * 86_400_000, "24h").expected).toBe(0);
});

test("a day's sum stays right over many days of steady work", () => {
  const truth = new ShareTruth();
  for (let s = 0; s < 3 * 86_400; s += 60) truth.add(1000 * s, "verified", 60);
  const nowMs = 3 * 86_400_000 - 1;
  expect(truth.read(nowMs, "24h").verified).toBe(86_400);
  expect(truth.read(nowMs, "1h").verified).toBe(3_600);
});

test("what came before is counted beside the five readings", () => {
  const truth = new ShareTruth();
  truth.add(5_000, "reported", 10);
  truth.add(5_000, "repeated", 7);
  expect(truth.repeated(5_000, "10m")).toBe(7);
  expect(truth.read(5_000, "10m")).toEqual({ expected: 0, reported: 10, verified: 0, submitted: 0, accepted: 0 });
});

test("pool difficulty counts in the chips' scale", () => {
  expect(hashesPerShare(2, { chipScale: 1, poolScale: 1 })).toBe(2 ** 33);
  expect(hashesPerShare(1e-5, { chipScale: 4.096e8, poolScale: 1 })).toBeCloseTo(4096 * 2 ** 32, -6);
});

const NOTHING: TruthRow = { expected: 0, reported: 0, verified: 0, submitted: 0, accepted: 0 };
const HEALTHY: EarningInputs = {
  tenMinutes: { expected: 1e6, reported: 1e6, verified: 1e6, submitted: 9e5, accepted: 9e5 },
  hour: { expected: 6e6, reported: 6e6, verified: 6e6, submitted: 5e6, accepted: 5e6 },
  repeatedHashes: 0,
  hashesPerNonce: 100,
  hashesPerShare: 1_000,
  expectedHashesPerS: 1_700,
  hashingMs: 3_600_000,
  lastRejectText: "",
  noPoolReason: null,
  noPoolMs: 0,
};
const ten = (changes: Partial<TruthRow>): Partial<EarningInputs> => ({
  tenMinutes: { ...HEALTHY.tenMinutes, ...changes },
});

test.each<[string, Partial<EarningInputs>, RegExp | null]>([
  ["all is well", {}, null],
  ["chips report a tenth less than promised", ten({ reported: 9e5, verified: 9e5 }), null],
  ["no chip reports", ten({ reported: 0, verified: 0 }), /chips report 0 % of the nonces/],
  ["the same a minute after the start", { ...ten({ reported: 0, verified: 0 }), hashingMs: 60_000 }, null],
  ["too few nonces were due to tell", { ...ten({ reported: 0 }), hashesPerNonce: 1e6 }, null],
  ["nonces hash wrong", ten({ verified: 1e4 }), /only 1 % of the reported nonces hash right/],
  ["nearly all nonces came before, the rest hash right", { ...ten({ verified: 1e4 }), repeatedHashes: 9.9e5 }, null],
  [
    "half came before, the rest hash wrong",
    { ...ten({ verified: 1e4 }), repeatedHashes: 5e5 },
    /only 2 % of the reported/,
  ],
  [
    "the pool takes nothing",
    { ...ten({ accepted: 0 }), lastRejectText: "Above target" },
    /took none of 900 shares \(its words: Above target\)/,
  ],
  ["the pool answers nothing", ten({ accepted: 0 }), /took none of 900 shares \(it answers none\)/],
  [
    "three refused shares prove nothing",
    { ...ten({ submitted: 3e3, accepted: 0 }), hour: { ...NOTHING, submitted: 3e3 } },
    null,
  ],
  [
    "rare shares are judged over the hour",
    { ...ten({ submitted: 0, accepted: 0 }), hour: { ...HEALTHY.hour, accepted: 0 } },
    /took none of 5000 shares/,
  ],
  ["no pool for a minute", { noPoolReason: "refused", noPoolMs: 60_000 }, null],
  [
    "no pool for ten minutes",
    { noPoolReason: "connection refused", noPoolMs: 600_000 },
    /no pool has given work for 10 minutes \(connection refused\)/,
  ],
  [
    "a difficulty of days",
    {
      ...ten({ submitted: 0, accepted: 0 }),
      hour: { ...HEALTHY.hour, submitted: 0, accepted: 0 },
      hashesPerShare: 1_700 * 86_400 * 30,
    },
    /a share takes 30 days/,
  ],
])("%s", (_name, changes, expected) => {
  const alarm = earningAlarm({ ...HEALTHY, ...changes });
  if (expected === null) expect(alarm).toBeNull();
  else expect(alarm).toMatch(expected);
});
