/** The start sequences step by step against the order that stock firmware was captured to follow. */

import { describe, expect, test } from "vitest";
import {
  addressSteps,
  configureSteps,
  enumerateSteps,
  rampSteps,
  relayGap,
  setFrequencySteps,
  startMiningSteps,
} from "#drivers/bm13xx/init-sequence.ts";
import { isHeaderVariant } from "#drivers/bm13xx/init-variants.ts";
import { HASHBOARDS, type HashboardModel } from "#drivers/hashboards/models.ts";
import { hex, show } from "./show-step.ts";

const phases = (board: HashboardModel, options: { ticketDifficulty?: number; versionMask?: number } = {}) => ({
  enumerate: enumerateSteps(board).map(show),
  address: addressSteps(board).map(show),
  configure: configureSteps(board, board.chips).map(show),
  ramp: rampSteps(board, board.defaultFrequencyMhz).map(show),
  startMining: startMiningSteps(board, {
    chipCount: board.chips,
    frequencyMhz: board.defaultFrequencyMhz,
    versionMask: 0x1fffe000,
    ticketDifficulty: 256,
    ...options,
  }).map(show),
});

const addresses128 = Array.from({ length: 128 }, (_, k) => `address ${hex(2 * k, 2)}`);

/** Expands `each` lines for chips 0, 2, 4 ... */
function each(chips: number, lines: string[]): string[] {
  return Array.from({ length: chips }, (_, k) => lines.map((line) => `${hex(2 * k, 2)} ${line}`)).flat();
}

/** Relay writes of one domain: its first chip before its last. */
const relay = (first: string, last: string, gap: string): string[] => [
  `${first} 2C=00${gap}0003`,
  `${last} 2C=00${gap}0003`,
];

describe("Antminer S21 (108 BM1368, 12 domains of 9)", () => {
  const steps = phases(HASHBOARDS.s21);

  test("counting and addressing", () => {
    expect(steps.enumerate).toEqual(["all A4=9000FFFF", "all A4=9000FFFF", "count 1000", "all A4=9000FFFF"]);
    expect(steps.address).toEqual(["all A8=00070000", "all 18=FF0FC100", "inactive", ...addresses128]);
  });

  test("registers, far domain before near, rate, cores", () => {
    const driverEnds = ["D6", "C4", "B2", "A0", "8E", "7C", "6A", "58", "46", "34", "22", "10"];
    expect(steps.configure).toEqual([
      "all 3C=80008B00",
      "all 3C=80008018",
      "all 14=000000FF",
      "all 54=00000003",
      "all 58=02111111",
      ...driverEnds.map((address) => `${address} 58=0211F111`),
      "all 68=5AA55AA5",
      ...relay("C6", "D6", "17"),
      ...relay("B4", "C4", "20"),
      ...relay("A2", "B2", "29"),
      ...relay("90", "A0", "32"),
      ...relay("7E", "8E", "3B"),
      ...relay("6C", "7C", "44"),
      ...relay("5A", "6A", "4D"),
      ...relay("48", "58", "56"),
      ...relay("36", "46", "5F"),
      ...relay("24", "34", "68"),
      ...relay("12", "22", "71"),
      ...relay("00", "10", "7A"),
      "all 28=01300000",
      "wait 60",
      "baud 3125000",
      "expect 00",
      ...each(108, ["A8=000701F0", "18=F000C100", "3C=80008B00", "3C=80008018", "3C=800082AA"]),
    ]);
  });

  test("temperature, then the ramp", () => {
    expect(steps.ramp.slice(0, 14)).toEqual([
      ...["all B0=00020000", "wait 10", "all B0=01020000", "wait 10", "all B0=10020000", "wait 10"],
      ...["read B4", "all B0=80000000"],
      ...["all 08=40A20255", "wait 100", "reached 56.25"],
      ...["all 08=40AF0264", "wait 100", "reached 62.50"],
    ]);
    expect(steps.ramp.slice(-3)).toEqual(["all 08=50E00250", "wait 100", "reached 466.67"]);
    expect(steps.ramp.filter((line) => line === "wait 100")).toHaveLength(67);
  });

  test("offsets, counting number before the first job, version mask", () => {
    expect(steps.startMining.slice(0, 4)).toEqual([
      "00 0C=80000000",
      "02 0C=8000025F",
      "04 0C=800004BE",
      "06 0C=8000071D",
    ]);
    expect(steps.startMining.slice(107)).toEqual(["D6 0C=8000FDA2", "all 10=000015A4", "all A4=9000FFFF", "expect 14"]);
  });

  test("another ticket and a narrower mask are written, the stock ticket is not written twice", () => {
    const tail = phases(HASHBOARDS.s21, { ticketDifficulty: 4096, versionMask: 0x00ffe000 }).startMining.slice(-4);
    expect(tail).toEqual(["all 10=000015A4", "all 14=0000F0FF", "all A4=900007FF", "expect 14"]);
  });
});

describe("Antminer S19 XP (110 BM1366, 11 domains of 10)", () => {
  const steps = phases(HASHBOARDS.s19xp);

  test("the whole sequence", () => {
    expect(steps.enumerate).toEqual(["all A4=9000FFFF", "all A4=9000FFFF", "all A4=9000FFFF", "count 1000"]);
    expect(steps.address).toEqual(["all A8=00070000", "all 18=FF0FC100", "inactive", ...addresses128]);
    const driverEnds = ["DA", "C6", "B2", "9E", "8A", "76", "62", "4E", "3A", "26", "12"];
    expect(steps.configure).toEqual([
      "all 3C=80008540",
      "all 3C=80008020",
      "all 14=000000FF",
      "all 54=00000003",
      "all 58=02111111",
      ...driverEnds.map((address) => `${address} 58=0211F111`),
      ...relay("C8", "DA", "18"),
      ...relay("B4", "C6", "22"),
      ...relay("A0", "B2", "2C"),
      ...relay("8C", "9E", "36"),
      ...relay("78", "8A", "40"),
      ...relay("64", "76", "4A"),
      ...relay("50", "62", "54"),
      ...relay("3C", "4E", "5E"),
      ...relay("28", "3A", "68"),
      ...relay("14", "26", "72"),
      ...relay("00", "12", "7C"),
      "all 28=11300200",
      "wait 60",
      "baud 1041667",
      "expect 00",
      ...each(110, ["A8=000701F0", "18=F000C100", "3C=80008540", "3C=80008020", "3C=800082AA"]),
    ]);
    expect(steps.ramp.slice(0, 2)).toEqual(["all 08=40A20255", "wait 100"]);
    expect(steps.ramp.at(-1)).toBe("reached 485.00");
    expect(steps.startMining).toEqual(["all 10=0000151C", "all A4=9000FFFF", "expect 14"]);
  });
});

describe("the others where they differ", () => {
  test("S19k Pro keeps its rate and its far ends as they are", () => {
    const { enumerate, configure, startMining } = phases(HASHBOARDS.s19kpro);
    expect(enumerate).toEqual(["all A4=9000FFFF", "count 1000", "all A4=9000FFFF", "all A4=9000FFFF"]);
    expect(configure).toContain("all 58=02114111");
    expect(configure.filter((line) => line.includes("58=0211F111") || line.startsWith("baud"))).toEqual([]);
    expect(configure.slice(5, 9)).toEqual([...relay("8C", "98", "15"), ...relay("7E", "8A", "1C")]);
    expect(startMining[0]).toBe("all 10=0000115A");
  });

  test("S19j Pro ramps before it un-gates its cores, 10 ms a chip", () => {
    const { address, configure, startMining } = phases(HASHBOARDS.s19jpro);
    expect(address.slice(0, 2)).toEqual(["all A8=00000000", "all 18=B000C100"]);
    expect(configure).toEqual([
      ...["all 3C=80008540", "all 3C=80008008", "all 14=000000FF", "all 54=00000003", "all 58=00011111"],
      ...["all 28=11300000", "wait 60", "baud 3125000", "expect 00"],
    ]);
    expect(startMining.slice(6, 12)).toEqual([
      ...["02 A8=00000002", "02 18=B000C100", "02 3C=80008540", "02 3C=80008008", "02 3C=800082AA", "wait 10"],
    ]);
    expect(startMining.slice(-3)).toEqual(["all 10=00001381", "all A4=9000FFFF", "expect 14"]);
  });

  test("S21 Pro and S21 XP differ in the clock delay", () => {
    const pro = phases(HASHBOARDS.s21pro);
    expect(pro.configure.slice(0, 5)).toEqual([
      ...["all 3C=80008B00", "all 3C=8000800C", "all 14=000000FF", "all 58=00011111", "80 58=0001F111"],
    ]);
    expect(pro.configure.slice(-4)).toEqual([
      "all B9=00004480",
      "all 54=00000002",
      "all B9=00004480",
      "all 3C=80008DEE",
    ]);
    expect(pro.startMining[1]).toBe("02 0C=800003F1");
    expect(phases(HASHBOARDS.s21xp).configure[1]).toBe("all 3C=80008010");
  });

  test("a hobby board has one address, no relays, and changes its rate last", () => {
    for (const model of ["bitaxe-ultra", "bitaxe-supra", "bitaxe-gamma"] as const) {
      const { address, configure, startMining } = phases(HASHBOARDS[model]);
      expect(address.slice(2)).toEqual(["inactive", "address 00"]);
      expect(configure.filter((line) => /2C=|0C=|68=|baud/.test(line))).toEqual([]);
      expect(startMining.slice(-5)).toEqual([
        ...["all 28=11300200", "wait 60", "baud 1041667", "expect 00", "expect 14"],
      ]);
    }
  });

  test("the relay gap fits the three captures", () => {
    expect([0, 11].map((domain) => relayGap(HASHBOARDS.s21, domain))).toEqual([122, 23]);
    expect([0, 10].map((domain) => relayGap(HASHBOARDS.s19xp, domain))).toEqual([124, 24]);
    expect([0, 12].map((domain) => relayGap(HASHBOARDS.s21pro, domain))).toEqual([79, 19]);
  });

  test("on the way up the shorter sweep comes first, on the way down the slower clock", () => {
    const up = setFrequencySteps(HASHBOARDS.s21, 108, 400, 450).map(show);
    const down = setFrequencySteps(HASHBOARDS.s21, 108, 450, 400).map(show);
    expect(up.map((line) => line.slice(0, 6))).toEqual(["all 10", "all 08", "wait 1", "reache"]);
    expect(down.map((line) => line.slice(0, 6))).toEqual(["all 08", "wait 1", "reache", "all 10"]);
  });

  test("every write tells where it comes from, every wait why", () => {
    for (const board of Object.values(HASHBOARDS).filter(({ initVariant }) => isHeaderVariant(initVariant))) {
      for (const step of [...addressSteps(board), ...configureSteps(board, board.chips)]) {
        if (step.kind === "write") expect(step.provenance).toMatch(/^(captured|documented|inferred)$/);
        if (step.kind === "wait") expect(step.reason).not.toBe("");
      }
    }
  });
});
