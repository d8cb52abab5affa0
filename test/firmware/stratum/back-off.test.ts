import { expect, test } from "vitest";
import { redirectDelayMs, redirectsAfter } from "#firmware/stratum/back-off.ts";

const random = { unit: () => 0.5 } as Parameters<typeof redirectDelayMs>[2];

test("the first redirect is followed at once, the next ones after 1 s, 2, 4 ... 60 s, or what the pool asks for", () => {
  const delays: number[] = [];
  let redirects = 0;
  for (let i = 0; i < 10; i++) {
    redirects = redirectsAfter(redirects, 5_000, true);
    delays.push(redirectDelayMs(redirects, 0, random) / 1000);
  }
  expect(delays).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
  expect(redirectDelayMs(3, 7_000, random)).toBe(7_000);
});

test("only a session of a minute clears the count", () => {
  expect(redirectsAfter(5, 59_999, false)).toBe(5);
  expect(redirectsAfter(5, 60_000, false)).toBe(0);
  expect(redirectsAfter(5, 60_000, true)).toBe(0);
});
