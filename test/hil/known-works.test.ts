import { describe, expect, test } from "vitest";
import { CHIPS, type ChipName } from "#drivers/bm13xx/chips.ts";
import { KNOWN_WORKS } from "#drivers/bm13xx/known-works.ts";
import { putMidstateFrame } from "#drivers/bm13xx/midstate-frame.ts";
import { putWorkFrame, WORK_FRAME_BYTES } from "#drivers/bm13xx/work-frame.ts";
import { chainWorkOf, isRecorded, knownDifficulty } from "#firmware/hil/known-hash.ts";
import { findOfMidstates, findsOfFrame } from "#hal/emulator/known-finds.ts";
import { MidstateJob } from "#hal/emulator/midstate-job.ts";
import { swapBytes } from "#hal/sha256.ts";
import { bench, bringUp, CHEAP_SCALE, DEMO_SCALE, type Nonce } from "../hal/emulator/support.ts";
import { bytes, chipVectors, hex } from "../support/vectors.ts";

const WORKS = Object.entries(KNOWN_WORKS).flatMap(([chip, works]) =>
  works.map((work) => ({ chip: chip as ChipName, work })),
);

function frameOf(known: (typeof WORKS)[number]["work"], jobByte = 8): Uint8Array {
  const work = chainWorkOf(known, 1);
  if (known.kind === "header") {
    const frame = new Uint8Array(WORK_FRAME_BYTES);
    putWorkFrame(frame, 0, jobByte, work.header);
    return frame;
  }
  const frame = new Uint8Array(152);
  putMidstateFrame(frame, 0, true, jobByte, work);
  return frame;
}

const key = ([bits, , roll]: readonly [number, number, number, number]): string =>
  `${swapBytes(bits) >>> 0} ${(roll << 13) >>> 0}`;

describe("the two tables", () => {
  test("the drivers' works are captured jobs, their finds hash to a ticket of 256 or more", () => {
    expect(WORKS).toHaveLength(14);
    for (const { chip, work } of WORKS) {
      if (work.kind === "midstate") {
        expect(knownDifficulty(work, work.nonce, work.slot << 13)).toBeCloseTo(23198.521, 2);
        continue;
      }
      const answers = chipVectors.filter(
        (v) => v.chip === chip && String(v.decoded["block_header"]).slice(8, 152) === work.header.slice(8),
      );
      for (const [nonce, versionBits] of work.finds) {
        expect(knownDifficulty(work, nonce, versionBits)).toBeGreaterThan(255.99);
        expect(isRecorded(work, nonce, versionBits)).toBe(true);
        const known = answers.some(({ decoded }) => Number(decoded["nonce_le"]) === nonce);
        expect(known).toBe(true);
      }
    }
  });

  test("the emulator's own copy holds the same jobs and finds", () => {
    for (const { chip, work } of WORKS) {
      if (work.kind === "midstate") {
        const job = new MidstateJob();
        job.readFrame(frameOf(work), 4);
        expect(findOfMidstates(chip, job)).toEqual({ slot: work.slot, nonceBits: swapBytes(work.nonce) >>> 0 });
        continue;
      }
      const finds = findsOfFrame(chip, frameOf(work)).map(key);
      expect(finds.sort()).toEqual(work.finds.map(([nonce, bits]) => `${nonce} ${bits}`).sort());
    }
  });
});

const difficultyOf = (work: (typeof WORKS)[number]["work"], { bits, roll }: Nonce): number =>
  knownDifficulty(work, swapBytes(bits) >>> 0, (roll << 13) >>> 0);

describe("an emulated chip", () => {
  const cases = WORKS.filter(({ work }) => work.kind === "header");

  test.each([DEMO_SCALE, CHEAP_SCALE])("answers each captured job with its recorded nonces, F = %d", async (scale) => {
    for (const { chip, work } of cases) {
      if (work.kind !== "header") continue;
      const rig = await bench({ chip, chipCount: 3, scale });
      bringUp(rig);
      rig.send(frameOf(work, 0x68));
      await rig.clock.advance(2_500);
      const found = rig.nonces().filter((nonce) => difficultyOf(work, nonce) > 255.99);
      expect(found.length, chip).toBe(work.finds.length);
      expect(rig.chain.nonces.counts.recordedFinds).toBe(work.finds.length);
    }
  });

  test("a job with one bit changed anywhere gets none of them", async () => {
    for (const { chip, work } of cases.filter((_, i) => i % 6 === 0)) {
      if (work.kind !== "header") continue;
      const rig = await bench({ chip, chipCount: 3, scale: DEMO_SCALE });
      bringUp(rig);
      // Version, previous hash, merkle root, time, target.
      for (const at of [3, 5, 30, 37, 66, 69, 75]) {
        const header = bytes(work.header);
        header[at] = (header[at] ?? 0) ^ (1 << (at % 8));
        rig.send(frameOf({ ...work, header: hex(header) }));
        await rig.clock.advance(2_500);
        expect(rig.nonces().filter((nonce) => difficultyOf(work, nonce) > 255.99)).toEqual([]);
      }
      expect(rig.chain.counts.jobs).toBe(7);
      expect(rig.chain.nonces.counts.recordedFinds).toBe(0);
    }
  });

  test("the captured frame itself, byte for byte, is such a job", () => {
    const { hex: text } = chipVectors.find((v) => v.chip === "BM1370" && v.decoded["stratum"] !== undefined) ?? {
      hex: "",
    };
    expect(findsOfFrame("BM1370", bytes(text))).toHaveLength(1);
    expect(hex(frameOf(WORKS.find(({ chip }) => chip === "BM1370")?.work ?? WORKS[0]!.work, 0x68)).slice(8, 172)).toBe(
      text.slice(8, 172),
    );
  });

  test("no chip without a captured job is claimed to have one", () => {
    const without = Object.keys(CHIPS).filter((chip) => !(chip in KNOWN_WORKS));
    expect(without.sort()).toEqual(["BM1362", "BM1387", "BM1398"]);
  });
});
