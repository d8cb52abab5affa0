import { expect, test } from "vitest";
import { PendingReplies } from "#drivers/bm13xx/pending-replies.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

const WANTED = { registerNumber: 0x14, silenceMs: 100, limitMs: 1_000, signal: new AbortController().signal };

test("a late answer of another chip is not taken for this one's", async () => {
  const clock = new VirtualClock();
  const pending = new PendingReplies(clock);
  const replies = pending.collect({ ...WANTED, expectedCount: 1, chipAddress: 4 });
  expect(pending.offer(1, 2, 0x14)).toBe(false);
  expect(pending.offer(2, 4, 0x14)).toBe(true);
  await replies;
  expect([pending.count, pending.values[0]]).toEqual([1, 2]);
});

test("whoever asks all chips hears all; a reply that names no chip is whoever's waits", async () => {
  const clock = new VirtualClock();
  const pending = new PendingReplies(clock);
  const all = pending.collect({ ...WANTED, expectedCount: 2 });
  expect([pending.offer(1, 2, 0x14), pending.offer(2, 4, 0x14)]).toEqual([true, true]);
  await all;
  const one = pending.collect({ ...WANTED, expectedCount: 1, chipAddress: 4 });
  expect(pending.offer(3, -1, -1)).toBe(true);
  await one;
  expect(pending.values[0]).toBe(3);
});
