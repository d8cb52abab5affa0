import { expect, test } from "vitest";
import { ChipCounters } from "#firmware/stats/chip-counters.ts";
import { feedAlarm, RecentNonces } from "#firmware/stats/feed-alarm.ts";
import { HashrateEstimator } from "#firmware/stats/hashrate-estimator.ts";
import { LatencyHistogram } from "#firmware/stats/latency-histogram.ts";

test("hashrate and expectation are averaged over the same hashing time", () => {
  const rate = new HashrateEstimator();
  expect(rate.total(0)).toBeNull();
  rate.setState(1_000, true, 100);
  for (let s = 2; s <= 11; s++) rate.addFound(s * 1_000 - 1, 90);
  rate.setState(11_000, false, 0);
  // Found while not hashing: counts in neither.
  rate.addFound(12_000, 1_000);
  expect(rate.total(20_000)).toEqual({ foundHashesPerS: 90, expectedHashesPerS: 100, hashingMs: 10_000 });
});

test("the recent rate forgets what is older than a minute", () => {
  const rate = new HashrateEstimator();
  rate.setState(0, true, 50);
  for (let s = 0; s < 60; s++) rate.addFound(s * 1_000 + 500, 100);
  expect(rate.recent(59_999)?.foundHashesPerS).toBeCloseTo(100, 1);
  for (let s = 60; s < 120; s++) rate.addFound(s * 1_000 + 500, 10);
  expect(rate.recent(119_999)?.foundHashesPerS).toBeCloseTo(10, 1);
  expect(rate.recent(119_999)?.expectedHashesPerS).toBeCloseTo(50, 3);
  expect(rate.recent(1_000_000)).toBeNull();
});

test("percentiles are within a bucket of the truth", () => {
  const histogram = new LatencyHistogram();
  expect(histogram.summary()).toEqual({ p50: null, p99: null });
  for (let i = 1; i <= 1000; i++) histogram.record(i / 100);
  const { p50, p99 } = histogram.summary();
  expect((p50 ?? 0) / 5).toBeGreaterThan(0.99);
  expect((p50 ?? 0) / 5).toBeLessThan(1.05);
  expect((p99 ?? 0) / 9.9).toBeLessThan(1.05);
  histogram.record(1e9);
  histogram.record(-1);
  expect(histogram.count).toBe(1002);
});

test("outcomes count for their chip, and for the chain where no chip is named", () => {
  const counters = new ChipCounters(3);
  counters.record(1, "valid");
  counters.record(1, "share");
  counters.record(-1, "hardwareError");
  counters.record(99, "stale");
  expect(counters.ofChip(1)).toMatchObject({ valid: 1, share: 1, hardwareError: 0 });
  expect(counters.ofChip(0)).toMatchObject({ valid: 0 });
  expect(counters.ofChain()).toEqual({ share: 1, valid: 1, duplicate: 0, stale: 1, hardwareError: 1, unknownWork: 0 });
});

test("the feed alarm speaks of the last minute only, and of repeats, not of low luck", () => {
  const recent = new RecentNonces();
  const counts = { share: 0, valid: 0, duplicate: 0, stale: 0, hardwareError: 0, unknownWork: 0 };
  for (let s = 0; s < 60; s++) recent.sample({ ...counts, valid: 10 * s, duplicate: 10 * s });
  const rates = { foundHashesPerS: 50, expectedHashesPerS: 100 };
  expect(feedAlarm({ chainIndex: 1, ...recent.counts, rates, epochMs: 1860 })).toBe(
    "chain 1: 50 % of the nonces are repeats and 50 % of the hashrate is lost: the chips run out of headers because work comes too late; a job lasts 1860 ms",
  );
  for (let s = 0; s < 60; s++) recent.sample({ ...counts, valid: 600 + 10 * s, duplicate: 590 });
  expect(feedAlarm({ chainIndex: 1, ...recent.counts, rates, epochMs: null })).toBeNull();
  expect(feedAlarm({ chainIndex: 1, good: 500, duplicate: 0, rates, epochMs: null })).toBeNull();
});
