import { expect, test } from "vitest";
import { MAX_QUEUED_SHARES, ShareQueue, sessionKey } from "#firmware/share/share-queue.ts";
import { fixtureNotify, SessionDriver, shareOf } from "../stratum/session-support.ts";

function job() {
  const made = new SessionDriver().handshake().receive(fixtureNotify()).jobs[0]?.job;
  if (made === undefined) throw new Error("no job");
  return made;
}

test("queued shares go only to a session of the same pool, user and extranonce1", () => {
  const queue = new ShareQueue();
  const own = job();
  const { poolUrl, user } = own.session;
  queue.push(shareOf(own, { nonce: 1 }));
  queue.push(shareOf({ ...own, extranonce1: Uint8Array.of(9) }, { nonce: 2 }));
  queue.push(shareOf({ ...own, session: { ...own.session, user: "bob.9" } }, { nonce: 3 }));
  queue.push(shareOf(own, { nonce: 4 }));
  const { fitting, lost } = queue.drainFor(sessionKey(poolUrl, user, own.extranonce1));
  expect(fitting.map((s) => s.nonce)).toEqual([1, 4]);
  expect(lost.map((s) => s.nonce)).toEqual([2, 3]);
  expect(queue.length).toBe(0);
});

test("the queue is bounded and gives back what it drops", () => {
  const queue = new ShareQueue();
  const own = job();
  const dropped = Array.from({ length: MAX_QUEUED_SHARES + 2 }, (_, nonce) => queue.push(shareOf(own, { nonce })));
  expect(dropped.filter((s) => s !== null).map((s) => s.nonce)).toEqual([0, 1]);
  expect(queue.length).toBe(MAX_QUEUED_SHARES);
});
