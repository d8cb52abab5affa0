/** PLL, ticket and frames over their whole ranges. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { headerNonce } from "#drivers/bm13xx/nonce-fields.ts";
import { decodePllWord, solvePll } from "#drivers/bm13xx/pll.ts";
import { ticketAtMost, ticketDifficultyOf, ticketMaskValue } from "#drivers/bm13xx/ticket-mask.ts";
import { putWorkFrame, WORK_FRAME_BYTES } from "#drivers/bm13xx/work-frame.ts";
import { headerOfJobFrame } from "../drivers/bm13xx/vector-file.ts";

const SEED = 20_261_125;
const runs = (numRuns: number) => ({ numRuns, seed: SEED });
console.info(`fast-check seed ${SEED}`);

test("every frequency of the legal range gets a legal word near it, and no legal word is nearer", () => {
  const { pll } = CHIPS.BM1368;
  fc.assert(
    fc.property(fc.double({ min: pll.frequencyMinMhz, max: pll.frequencyMaxMhz, noNaN: true }), (mhz) => {
      const solved = solvePll(mhz, pll);
      expect(decodePllWord(solved.word)).toEqual(solved);
      expect(decodePllWord((solved.word | 0x80000000) >>> 0)).toEqual(solved);
      expect(solved.vcoMhz).toBeGreaterThanOrEqual(2000);
      expect(solved.vcoMhz).toBeLessThanOrEqual(3200);
      expect(solved.postdiv1).toBeGreaterThanOrEqual(solved.postdiv2);
      expect((solved.word & 0x10000000) !== 0).toBe(solved.vcoMhz >= 2400);
      // Half a step of the coarsest divider pair within reach.
      const coarsestMhz = 12.5 / Math.max(2, Math.floor(2000 / mhz));
      expect(Math.abs(solved.frequencyMhz - mhz)).toBeLessThanOrEqual(coarsestMhz / 2 + 1e-9);
      let nearest = Number.POSITIVE_INFINITY;
      for (let fbdiv = pll.fbdivMin; fbdiv <= pll.fbdivMax; fbdiv++) {
        for (let p1 = 1; p1 <= 7; p1++) {
          for (let p2 = 1; p2 <= p1; p2++) nearest = Math.min(nearest, Math.abs((12.5 * fbdiv) / (p1 * p2) - mhz));
        }
      }
      expect(Math.abs(solved.frequencyMhz - mhz)).toBeLessThanOrEqual(nearest + 1e-9);
    }),
    runs(500),
  );
});

test("ticket masks go to the register and back, and never hide a share", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 32 }), fc.double({ min: 0, max: 2 ** 40, noNaN: true }), (bits, wanted) => {
      expect(ticketDifficultyOf(ticketMaskValue(2 ** bits))).toBe(2 ** bits);
      const ticket = ticketAtMost(wanted);
      expect(ticketMaskValue(ticket)).toBeGreaterThanOrEqual(0);
      expect(ticket <= Math.max(1, wanted)).toBe(true);
      if (wanted >= 1 && wanted < 2 ** 32) expect(ticket * 2).toBeGreaterThan(wanted);
    }),
    runs(1000),
  );
});

test("a header survives the word order of the job frame", () => {
  const bytes = fc.uint8Array({ minLength: 80, maxLength: 80 });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 31 }), (header, wireId) => {
      const frame = new Uint8Array(WORK_FRAME_BYTES);
      putWorkFrame(frame, 0, wireId << 3, header);
      const wanted = Uint8Array.from(header);
      wanted.fill(0, 76);
      expect(headerOfJobFrame(frame)).toEqual(wanted);
      expect(frame[4]! >> 3).toBe(wireId);
    }),
    runs(1000),
  );
});

test("the nonce of a header is the chip's word with its bytes turned", () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (word) => {
      const view = new DataView(new ArrayBuffer(4));
      view.setInt32(0, word);
      expect(headerNonce(word)).toBe(view.getUint32(0, true));
    }),
    runs(1000),
  );
});
