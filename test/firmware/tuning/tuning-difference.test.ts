/** What an undo would do, in words, and whether it takes more power. */
import { expect, test } from "vitest";
import { uniformTuning } from "#firmware/chain/chain-tuning.ts";
import { tuningDifference } from "#firmware/tuning/tuning-difference.ts";
import { START as base, LIMITS } from "./tuning-fixture.ts";

const withChips = (chips: readonly (readonly [number, number])[]) => ({
  ...base,
  chains: [{ baseMhz: 490, chipMhz: new Map(chips) }, uniformTuning(490)],
});

test.each([
  ["nothing", base, base, { isMore: false, text: "" }],
  [
    "a slower chain back to its clock",
    { ...base, chains: [uniformTuning(450), uniformTuning(490)] },
    base,
    { isMore: true, text: "chain 0 from 450 to 490 MHz" },
  ],
  [
    "a faster chip back to the others",
    withChips([[3, 500]]),
    base,
    { isMore: false, text: "chip 3 of chain 0 from 500 to 490 MHz" },
  ],
  [
    "some up and some down",
    withChips([
      [3, 500],
      [4, 400],
      [5, 410],
    ]),
    base,
    { isMore: true, text: "chain 0: 2 chips faster, 1 slower" },
  ],
  [
    "a group of chips",
    withChips([
      [3, 400],
      [4, 400],
    ]),
    base,
    { isMore: true, text: "2 chips of chain 0 from 400 to 490 MHz" },
  ],
  ["a lower voltage back", { ...base, workMv: [13_000, 13_000] }, base, { isMore: true, text: "13 to 13.4 V" }],
  ["a higher voltage back", { ...base, workMv: [14_000, 14_000] }, base, { isMore: false, text: "14 to 13.4 V" }],
] as const)("%s", (_name, from, to, difference) => {
  expect(tuningDifference(from, to, LIMITS)).toEqual(difference);
});

test("where each chain has a voltage of its own they are told one by one", () => {
  const from = { ...base, workMv: [13_000, 13_400] };
  expect(tuningDifference(from, base, { ...LIMITS, isVoltagePerChain: true })).toEqual({
    isMore: true,
    text: "chain 0 from 13 to 13.4 V",
  });
});
