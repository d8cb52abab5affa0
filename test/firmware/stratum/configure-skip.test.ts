import { expect, test } from "vitest";
import { closedOnConfigure, NEVER_CLOSED, skipUntilMs } from "#firmware/stratum/configure-skip.ts";

test("one close proves nothing; after two sessions go without the call, and the pauses grow to an hour", () => {
  let skip = closedOnConfigure(NEVER_CLOSED, 1_000);
  expect(skipUntilMs(skip, 1_000)).toBeNull();
  const pauses: number[] = [];
  for (let i = 0; i < 40; i++) {
    skip = closedOnConfigure(skip, 10_000);
    pauses.push((skipUntilMs(skip, 10_000) ?? 0) - 10_000);
  }
  expect(pauses.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((minutes) => 60_000 * minutes));
  expect(pauses.at(-1)).toBe(3_600_000);
});

test("the time over, the next session asks", () => {
  const skip = closedOnConfigure(closedOnConfigure(NEVER_CLOSED, 0), 0);
  expect([skipUntilMs(skip, 59_999), skipUntilMs(skip, 60_000)]).toEqual([60_000, null]);
});
