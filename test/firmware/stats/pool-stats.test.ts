/** What is kept of a pool's shares and blocks for those who ask later. */
import { expect, test } from "vitest";
import type { Job, Share } from "#firmware/job/job.ts";
import { PoolStats } from "#firmware/stats/pool-stats.ts";
import { shownHash } from "#firmware/work/header.ts";

function jobOn(block: number, receivedAtMs: number): Job {
  return { prevHash: new Uint8Array(32).fill(block), difficulty: 8, grantedMask: 0, jobId: "1", receivedAtMs } as Job;
}

test("the time of the last share is that of one that the pool accepted", () => {
  let nowMs = 0;
  const stats = new PoolStats(() => nowMs);
  const share = { job: jobOn(1, 0) } as Share;
  expect(stats.lastAcceptedAtMs).toBeNull();
  const times = [];
  for (const outcome of ["stale", "accepted", "duplicate", "lost", "accepted", "refused"] as const) {
    nowMs += 1_000.5;
    stats.shareEnded(share, outcome, "", null);
    times.push(stats.lastAcceptedAtMs);
  }
  expect(times).toEqual([null, 2_001, 2_001, 2_001, 5_002.5, 5_002.5]);
  expect(stats.firstAcceptedAtMs).toBe(2_001);
});

test("a block begins with its first job, however often the pool renews that", () => {
  const stats = new PoolStats(() => 0);
  const seen = [jobOn(1, 10), jobOn(1, 20), jobOn(2, 30), jobOn(2, 40)].map((job) => {
    stats.jobReceived(job);
    return stats.blockJob?.receivedAtMs;
  });
  expect(seen).toEqual([10, 10, 30, 30]);
});

test("the hash of a notify is shown as explorers show it", () => {
  // The example of the protocol's own description, words swapped as they travel.
  const travelling = "4d16b6f85af6e2198f44ae2a6de67f78487ae5611b77c6c0440b921e00000000";
  expect(shownHash(Buffer.from(travelling, "hex").swap32())).toBe(
    "00000000440b921e1b77c6c0487ae5616de67f788f44ae2a5af6e2194d16b6f8",
  );
});
