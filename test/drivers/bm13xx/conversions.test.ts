import { describe, expect, test } from "vitest";
import { chipTemperatureC } from "#drivers/bm13xx/chip-temperature.ts";
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { crc5, crc5Bits, crc16, isGoodBody7, isGoodBody9 } from "#drivers/bm13xx/crc.ts";
import { RAMP_STEP_MHZ, rampFrequenciesMhz } from "#drivers/bm13xx/frequency-ramp.ts";
import { hashCountingNumber, sliceNonces, sweepEpochMs } from "#drivers/bm13xx/hash-counting.ts";
import { chipIndexOf, nonceOffset } from "#drivers/bm13xx/nonce-fields.ts";
import { decodePllWord, solvePll } from "#drivers/bm13xx/pll.ts";
import { chipBaud, versionRollingWord } from "#drivers/bm13xx/registers.ts";
import { ticketAtMost, ticketDifficultyOf, ticketMaskValue } from "#drivers/bm13xx/ticket-mask.ts";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import { isKumpelError } from "#hal/errors.ts";
import { fromHex } from "./vector-file.ts";

const { BM1366, BM1368, BM1370 } = CHIPS;

describe("check sums", () => {
  test("CRC16 of 123456789 is 0x29B1", () => {
    expect(crc16(new TextEncoder().encode("123456789"), 0, 9)).toBe(0x29b1);
  });

  test("the fast checks of reply bodies agree with the plain CRC5 on every single-bit change", () => {
    for (const hex of ["c0b902654e08000012", "137000000000000010"]) {
      for (let bit = -1; bit < 72; bit++) {
        const body = fromHex(hex);
        if (bit >= 0) body[bit >> 3]! ^= 0x80 >> (bit & 7);
        expect(isGoodBody9(body, 0)).toBe(bit < 0);
        expect(crc5(body, 0, 9) === 0).toBe(bit < 0);
      }
    }
    const short = fromHex("0000c100001802");
    expect(isGoodBody7(short, 0)).toBe(true);
    expect(crc5Bits(short, 0, 51)).toBe(2);
  });
});

describe("PLL", () => {
  // Words of the table that public captures hold; the solver may choose another word of the same frequency.
  test.each([
    [50, 0x40a80265],
    [56.25, 0x40a20255],
    [100, 0x40a80262],
    [240, 0x50c00241],
    [400, 0x40a00240],
    [485, 0x50c20240],
    [525, 0x40a80230],
    [593.75, 0x40be0230],
  ])("%d MHz is made exactly", (mhz, capturedWord) => {
    expect(decodePllWord(capturedWord)).toMatchObject({ frequencyMhz: mhz, word: capturedWord });
    expect(solvePll(mhz, BM1368.pll).frequencyMhz).toBeCloseTo(mhz, 9);
  });

  test("a VCO of exactly 2400 MHz carries the flag", () => {
    expect(decodePllWord(0x50c00241).vcoMhz).toBe(2400);
    expect(decodePllWord(0x40c00241).word).toBe(0x50c00241);
  });

  test("the S21's clock of 466.667 MHz comes out as it was captured", () => {
    expect(solvePll(466.667, BM1368.pll).frequencyMhz).toBeCloseTo(1400 / 3, 6);
  });

  test.each([0, 49.9, 1000.1, Number.NaN, -5])("%d MHz is refused", (mhz) => {
    try {
      solvePll(mhz, BM1366.pll);
      expect.unreachable();
    } catch (error) {
      expect(isKumpelError(error, "FREQUENCY_OUT_OF_RANGE")).toBe(true);
    }
  });

  test("the ramp goes up in equal steps and ends at the target", () => {
    const steps = rampFrequenciesMhz(466.667);
    expect(steps.slice(0, 4)).toEqual([56.25, 62.5, 68.75, 75]);
    expect(steps.at(-1)).toBe(466.667);
    steps.slice(1).forEach((mhz, i) => {
      expect(mhz - steps[i]!).toBeLessThanOrEqual(RAMP_STEP_MHZ);
      expect(mhz).toBeGreaterThan(steps[i]!);
    });
    expect(rampFrequenciesMhz(50)).toEqual([50]);
  });
});

describe("ticket", () => {
  test.each([
    [1, 0],
    [2, 0x80],
    [4, 0xc0],
    [16, 0xf0],
    [64, 0xfc],
    [256, 0xff],
    [512, 0x80ff],
    [1024, 0xc0ff],
    [8192, 0xf8ff],
    [65536, 0xffff],
    [2 ** 32, 0xffffffff],
  ])("difficulty %d is 0x%s", (difficulty, value) => {
    expect(ticketMaskValue(difficulty)).toBe(value);
    expect(ticketDifficultyOf(value)).toBe(difficulty);
  });

  test.each([0, 3, 255, -2, 0.5, 2 ** 33, Number.NaN])("%d is no ticket", (difficulty) => {
    expect(() => ticketMaskValue(difficulty)).toThrow(expect.objectContaining({ code: "TICKET_INVALID" }));
  });

  test("a ticket is rounded down, so that it hides no share", () => {
    expect([0.3, 1, 2.9, 256, 511.9, 16383.75].map(ticketAtMost)).toEqual([1, 1, 2, 256, 256, 8192]);
    expect(ticketDifficultyOf(0x01)).toBeNull();
  });
});

describe("sweep", () => {
  const rows = Object.values(HASHBOARDS).filter(({ chip }) => CHIPS[chip].midstate === null);

  test.each(rows.map((row) => [row.model, row] as const))("%s has its stock value at its stock clock", (_name, row) => {
    const chip = CHIPS[row.chip];
    const mhz = solvePll(row.stockFrequencyMhz, chip.pll).frequencyMhz;
    expect(hashCountingNumber(chip, row, row.chips, mhz)).toBe(row.stockHcn);
  });

  test("no frequency and no chain length makes a sweep longer than its slice", () => {
    for (const row of rows) {
      const chip = CHIPS[row.chip];
      for (const chips of [row.chips, Math.max(1, row.chips - 7), 128]) {
        for (let mhz = 50; mhz <= 1000; mhz += 6.25) {
          const hcn = hashCountingNumber(chip, row, chips, mhz);
          const nonces = ((hcn + chip.sweepOverrunTicks) * mhz) / 12.5;
          if (hcn > 1) expect(nonces).toBeLessThanOrEqual(sliceNonces(chip, row.addressInterval, chips));
        }
      }
    }
  });

  test.each([
    ["s21", 1.86],
    ["s21pro", 2.62],
    ["s19kpro", 2.95],
    ["s19jpro", 3.3],
    ["s19xp", 3.59],
  ] as const)("the version epoch of %s is %d s", (model, seconds) => {
    const row = HASHBOARDS[model];
    expect(sweepEpochMs(CHIPS[row.chip], row.stockHcn, 0x1fffe000) / 1000).toBeCloseTo(seconds, 1);
  });

  test("the epoch halves with each bit that a pool withholds, down to one sweep", () => {
    const full = sweepEpochMs(BM1368, 0x15a4, 0x1fffe000);
    expect(sweepEpochMs(BM1368, 0x15a4, 0x00ffe000)).toBeCloseTo(full / 32, 9);
    expect(sweepEpochMs(BM1368, 0x15a4, 0)).toBeCloseTo((0x15a4 + 133) / 12_500 / 16, 9);
    expect(sweepEpochMs(BM1368, 0x15a4, 0xe0001fff)).toBeCloseTo((0x15a4 + 133) / 12_500 / 16, 9);
  });
});

describe("nonce fields", () => {
  test("offsets are those that a stock S21 was seen to write", () => {
    expect([0, 1, 2, 3, 4, 5].map((k) => nonceOffset(k, 108))).toEqual([0, 0x25f, 0x4be, 0x71d, 0x97c, 0xbdb]);
    expect(nonceOffset(1, 65)).toBe(0x3f1);
  });

  test("every chip's window is read back as that chip, from its first nonce to its last", () => {
    for (const [chip, chips] of [
      [BM1368, 108],
      [BM1370, 65],
      [BM1370, 91],
    ] as const) {
      for (let k = 0; k < chips; k++) {
        const first = nonceOffset(k, chips) << 9;
        const last = first + Math.floor(0.8 * (2 ** 25 / chips));
        expect(chipIndexOf(chip, (5 << 25) | first, chips, 2)).toBe(k);
        expect(chipIndexOf(chip, (5 << 25) | last, chips, 2)).toBe(k);
      }
    }
    for (let k = 0; k < 110; k++) expect(chipIndexOf(BM1366, (99 << 25) | (k << 18) | 0x3ffff, 110, 2)).toBe(k);
  });

  test("an address that no chip of the chain has is -1, and a lone chip is 0", () => {
    expect(chipIndexOf(BM1366, 120 << 18, 110, 2)).toBe(-1);
    expect(chipIndexOf(BM1366, 120 << 18, 1, 256)).toBe(0);
    expect(chipIndexOf(BM1368, 0x1ffffff, 1, 256)).toBe(0);
  });
});

test("register words", () => {
  expect(versionRollingWord(0x1fffe000)).toBe(0x9000ffff);
  expect(versionRollingWord(0)).toBe(0x90000000);
  expect([26, 2, 0].map((divider) => Math.round(chipBaud(divider)))).toEqual([115_741, 1_041_667, 3_125_000]);
});

test("on-die temperature of a captured S21: 30 C at the start, 60 C warm", () => {
  expect(chipTemperatureC(0x80000783)).toBeCloseTo(30, 0);
  expect(chipTemperatureC(0x80000833)).toBeCloseTo(60, 0);
  expect(chipTemperatureC(0x00000833)).toBeNull();
});
