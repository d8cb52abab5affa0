/** Start sequences of the chips that take midstates, step by step, and how long a work of theirs lasts. */
import { expect, test } from "vitest";
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import {
  addressSteps,
  configureSteps,
  enumerateSteps,
  rampSteps,
  startMiningSteps,
} from "#drivers/bm13xx/midstate-sequence.ts";
import { busyShare, midstateCountUnder, midstateSweepMs } from "#drivers/bm13xx/midstate-timing.ts";
import { bm1387MiscControl, bm1397MiscControl } from "#drivers/bm13xx/midstate-variants.ts";
import { HASHBOARDS, type HashboardModel } from "#drivers/hashboards/models.ts";
import { showOf } from "./show-step.ts";

function phases(board: HashboardModel, ticket: number) {
  const show = (steps: ReturnType<typeof addressSteps>): string[] =>
    steps.map((step) => showOf(CHIPS[board.chip].registers, step));
  return {
    enumerate: show(enumerateSteps()),
    address: show(addressSteps(board)),
    configure: show(configureSteps(board)),
    ramp: show(rampSteps(board, board.defaultFrequencyMhz)),
    startMining: show(startMiningSteps(board, ticket)),
  };
}

test("an S9 follows public firmware: thrice inactive, addresses in fours, clock in one step, cores un-gated by works", () => {
  const { enumerate, address, configure, ramp, startMining } = phases(HASHBOARDS.s9, 64);
  expect(enumerate).toEqual(["count 1000"]);
  expect(address.slice(0, 10)).toEqual([
    ...["inactive", "wait 100", "inactive", "wait 100", "inactive", "wait 100"],
    ...["address 00", "wait 5", "address 04", "wait 5"],
  ]);
  expect(address.filter((line) => line.startsWith("address"))).toHaveLength(64);
  expect(configure).toEqual(["all 1C=00208180", "wait 60", "baud 1562500", "expect 00"]);
  expect(ramp).toEqual(["all 0C=00680221", "wait 100", "reached 650.00"]);
  expect(startMining).toEqual(["open 114", "all 18=000000FC", "expect 18"]);
});

test("a single BM1397 follows the captured order", () => {
  const { address, configure, ramp, startMining } = phases(HASHBOARDS["bitaxe-max"], 256);
  expect(address.slice(-2)).toEqual(["address 00", "wait 10"]);
  expect(configure).toEqual([
    ...["all 80=00000000", "wait 10", "all 84=00000000", "wait 100", "all 20=00000001", "wait 50"],
    ...["all 3C=80008074", "wait 100", "all 14=000000FF", "wait 20"],
    ...["all 68=C0700111", "wait 50", "all 68=C0700111", "wait 50", "all 28=0600000F", "wait 100"],
    ...["all 18=00006131", "wait 60", "baud 1562500", "expect 00"],
    ...["all 70=0F0F0F00", "wait 10", "all 70=0F0F0F00", "wait 10"],
  ]);
  expect(ramp.slice(-1)).toEqual(["reached 425.00"]);
  expect(startMining).toEqual(["all 14=000000FF", "expect 14"]);
});

test("rate words are those of the notes, slow clock and fast", () => {
  expect(bm1387MiscControl(1_562_500)).toBe(0x00208180);
  expect(bm1397MiscControl(1_562_500)).toBe(0x00006131);
  expect(bm1397MiscControl(3_125_000)).toBe(0x00006031);
  expect(bm1397MiscControl(6_250_000)).toBe(0x00016731);
  expect(bm1397MiscControl(12_500_000)).toBe(0x00016331);
});

test("a work lasts as long as the notes say", () => {
  const sweep = (chip: "BM1387" | "BM1397", interval: number, mhz: number, midstates = 4): number => {
    const row = CHIPS[chip].midstate;
    return row === null ? 0 : midstateSweepMs(row, interval, mhz, midstates);
  };
  expect(sweep("BM1387", 4, 650)).toBeCloseTo(3.226, 3);
  expect(sweep("BM1387", 4, 650, 1)).toBeCloseTo(3.226 / 4, 3);
  expect(sweep("BM1397", 256, 450)).toBeCloseTo(37.28, 2);
  expect(sweep("BM1397", 8, 600)).toBeCloseTo(0.874, 3);
  expect(1000 / sweep("BM1397", 4, 579)).toBeCloseTo(2208.7, 0);
});

test("too few version bits leave engines of a BM1397 without work, a BM1387 works on shorter", () => {
  const share = (chip: "BM1387" | "BM1397", mask: number): number => {
    const { midstate, midstatesMax } = CHIPS[chip];
    return midstate === null ? 0 : busyShare(midstate, midstateCountUnder(mask, midstatesMax));
  };
  expect([0, 0x2000, 0x6000, 0x1fffe000].map((mask) => share("BM1397", mask))).toEqual([0.25, 0.5, 1, 1]);
  expect([0, 0x2000, 0x1fffe000].map((mask) => share("BM1387", mask))).toEqual([1, 1, 1]);
});
