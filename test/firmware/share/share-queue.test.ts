import { expect, test } from "vitest";
import { MAX_QUEUED_SHARES, ShareQueue } from "#firmware/share/share-queue.ts";
import { isSameWork } from "#firmware/stratum/session-jobs.ts";
import { fixtureNotify, SessionDriver, shareOf } from "../stratum/session-support.ts";

function job() {
  const made = new SessionDriver().handshake().receive(fixtureNotify()).jobs[0]?.job;
  if (made === undefined) throw new Error("no job");
  return made;
}

test("a queue gives what fits in order, and tells what is lost", () => {
  const queue = new ShareQueue();
  const own = job();
  for (const nonce of [1, 2, 3, 4]) queue.push(shareOf(own, { nonce }));
  const { fitting, lost } = queue.drain((share) => share.nonce % 2 === 0);
  expect([fitting.map((s) => s.nonce), lost.map((s) => s.nonce)]).toEqual([
    [2, 4],
    [1, 3],
  ]);
  expect(queue.length).toBe(0);
});

test("the queue is bounded and gives back what it drops", () => {
  const queue = new ShareQueue();
  const own = job();
  const dropped = Array.from({ length: MAX_QUEUED_SHARES + 2 }, (_, nonce) => queue.push(shareOf(own, { nonce })));
  expect(dropped.filter((s) => s !== null).map((s) => s.nonce)).toEqual([0, 1]);
  expect(queue.length).toBe(MAX_QUEUED_SHARES);
});

test("work is the same only when every byte of it is", () => {
  const own = job();
  expect(isSameWork(own, { ...own, nTime: own.nTime + 1, difficulty: 2 })).toBe(true);
  const other = Uint8Array.of(9);
  for (const change of [
    { jobId: "x" },
    { version: 1 },
    { nBits: 1 },
    { prevHash: other },
    { coinb1: other },
    { coinb2: other },
    { extranonce1: other },
    { extranonce2Size: 3 },
    { merkleBranches: [other] },
  ]) {
    expect(isSameWork(own, { ...own, ...change }), Object.keys(change)[0]).toBe(false);
  }
});
