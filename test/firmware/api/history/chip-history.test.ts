import { expect, test } from "vitest";
import { ChipHistory, type ChipHistoryData } from "#firmware/api/history/chip-history.ts";
import { CHIP_PERIOD_MS, CHIP_SLOTS, ChipRing } from "#firmware/api/history/chip-ring.ts";
import { chipHistoryAnswer } from "#firmware/api/http/history-schemas.ts";
import { CHIPS_MAX } from "#firmware/api/limits.ts";
import type { AnswerOf, QueryAnswer } from "#firmware/api/queries.ts";
import { QueryRunner } from "#firmware/api/query-runner.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import { relativePct } from "#firmware/stats/chip-share.ts";
import { TuningDesk } from "#firmware/tuning/tuning-desk.ts";
import { CALM, startRig } from "../../../support/rig.ts";

const NO_FIGURES = { frequencyMhz: null, errorPct: null, relativePct: null, temperatureC: null };

test("a ring gives back what was written, to its steps, and unknown as unknown", () => {
  const ring = new ChipRing(2);
  ring.write(7, [{ frequencyMhz: 493.75, errorPct: 1.25, relativePct: 99.6, temperatureC: -12 }, NO_FIGURES]);
  expect(ring.read(0, 7)).toEqual({
    timesMs: [7 * CHIP_PERIOD_MS],
    frequencyMhz: [493.75],
    errorPct: [1.25],
    relativePct: [100],
    temperatureC: [-12],
  });
  expect(ring.read(1, 7)).toMatchObject({ frequencyMhz: [null], errorPct: [null], relativePct: [null] });
  // More than there is room for is the most that there is room for, and never "unknown".
  ring.write(8, [{ frequencyMhz: 1e6, errorPct: 1e6, relativePct: 1e6, temperatureC: 1e6 }]);
  expect(ring.read(0, 8)).toMatchObject({ relativePct: [100, 254], temperatureC: [-12, 194] });
  expect(ring.read(1, 8).frequencyMhz).toEqual([null, null]);
});

test("a ring forgets after a day, leaves gaps out, and is as small as its description says", () => {
  const ring = new ChipRing(108);
  for (let slot = 0; slot < 2 * CHIP_SLOTS; slot++)
    if (slot % 10 !== 3) ring.write(slot, [{ ...NO_FIGURES, temperatureC: slot % 100 }]);
  const last = 2 * CHIP_SLOTS - 1;
  const { timesMs } = ring.read(0, last);
  expect(timesMs[0]).toBe(CHIP_SLOTS * CHIP_PERIOD_MS);
  expect(timesMs).toHaveLength(CHIP_SLOTS - 29);
  expect(timesMs.some((ms) => (ms / CHIP_PERIOD_MS) % 10 === 3)).toBe(false);
  expect(ring.bytes).toBe(6 * 108 * CHIP_SLOTS + 8 * CHIP_SLOTS);
});

/** Two chains of two chips whose counts a test moves. */
function bench() {
  const box = { wallMs: 100 * CHIP_PERIOD_MS + 1_000, asked: [] as number[], isSilent: false };
  const found = [0, 1].map(() => [0, 1].map(() => ({ good: 0, hardwareErrors: 0 })));
  const ask = (chainIndex: number): Promise<QueryAnswer> => {
    box.asked.push(chainIndex);
    if (box.isSilent && chainIndex === 1) return Promise.resolve({ ok: false, message: "No answer within 10 s." });
    const chips = found[chainIndex]!.map((counts, chipIndex) => ({
      chipIndex,
      frequencyMhz: 500,
      temperatureC: chipIndex === 0 ? 61.4 : null,
      nonces: { ...counts, duplicate: 0, stale: 0 },
    }));
    return Promise.resolve({ ok: true, data: { chips } });
  };
  const history = new ChipHistory({ clock: { wallTimeMs: () => box.wallMs }, ask });
  const after = async (ms: number): Promise<void> => {
    box.wallMs += ms;
    history.take({ chains: [{}, {}] } as unknown as MinerSnapshot);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const read = (chain: number, chip: number): ChipHistoryData => {
    const answer = history.read(chain, chip);
    if (!answer.ok) throw new Error(answer.message);
    return answer.data;
  };
  return { box, found, history, after, read };
}

test("each chain is asked once a slot, and a slot holds what was found in it", async () => {
  const { box, found, after, read } = bench();
  await after(0);
  for (let s = 0; s < 60; s++) await after(1_000);
  expect(box.asked).toEqual([0, 1]);
  expect(read(0, 0).timesMs).toEqual([]);
  Object.assign(found[0]![0]!, { good: 150, hardwareErrors: 50 });
  Object.assign(found[0]![1]!, { good: 50 });
  await after(CHIP_PERIOD_MS);
  expect(read(0, 0)).toMatchObject({
    timesMs: [100 * CHIP_PERIOD_MS],
    frequencyMhz: [500],
    errorPct: [25],
    relativePct: [150],
    temperatureC: [61],
  });
  expect(read(0, 1)).toMatchObject({ errorPct: [0], relativePct: [50], temperatureC: [null] });
  // Nothing more was found: that is unknown and not "as before".
  await after(CHIP_PERIOD_MS);
  expect(read(0, 0)).toMatchObject({ errorPct: [25, null], relativePct: [150, null] });
  expect(box.asked).toEqual([0, 1, 0, 1, 0, 1]);
  expect(chipHistoryAnswer.safeParse(read(0, 0)).error).toBeUndefined();
});

test("counts that begin anew, a chain that does not answer and a clock that jumps give no wrong figure", async () => {
  const { box, found, after, read } = bench();
  Object.assign(found[0]![0]!, { good: 900, hardwareErrors: 100 });
  await after(0);
  for (const chip of found[0]!) Object.assign(chip, { good: 40, hardwareErrors: 0 });
  await after(CHIP_PERIOD_MS);
  expect(read(0, 0)).toMatchObject({ errorPct: [0], relativePct: [100] });
  box.isSilent = true;
  await after(CHIP_PERIOD_MS);
  box.isSilent = false;
  await after(CHIP_PERIOD_MS);
  await after(CHIP_PERIOD_MS);
  expect(read(0, 0).timesMs).toHaveLength(4);
  // What was found in the slot without an answer and in the next one cannot be told apart.
  expect(read(1, 0).timesMs.map((ms) => ms / CHIP_PERIOD_MS)).toEqual([100, 103]);
  await after(20 * CHIP_PERIOD_MS);
  await after(-10 * CHIP_PERIOD_MS);
  expect(read(0, 0).timesMs).toHaveLength(4);
});

test("counts that began anew and grew beyond what they were give no share above all that was found", async () => {
  const { found, after, read } = bench();
  for (const chip of found[0]!) Object.assign(chip, { good: 10, hardwareErrors: 50 });
  await after(0);
  // A chain that began again in between: 30 good ones, and no error yet.
  for (const chip of found[0]!) Object.assign(chip, { good: 30, hardwareErrors: 0 });
  await after(CHIP_PERIOD_MS);
  expect(read(0, 0)).toMatchObject({ errorPct: [0], relativePct: [100] });
  expect(relativePct(5, Number.NaN)).toBeNull();
});

test("what is not there is named", async () => {
  const { history, after } = bench();
  expect(history.read(0, 0)).toMatchObject({ ok: false, message: expect.stringContaining("not told of its chains") });
  await after(0);
  // Before the first slot is over, too.
  expect(history.read(1, 2)).toEqual({ ok: false, message: "Chain 1 has no chip 2: chips are 0 to 1." });
  expect(history.read(0, 999_999_999)).toMatchObject({ ok: false });
  await after(CHIP_PERIOD_MS);
  expect(history.read(2, 0)).toEqual({ ok: false, message: "There is no chain 2: chains are 0 to 1." });
  expect(history.read(1, 2)).toEqual({ ok: false, message: "Chain 1 has no chip 2: chips are 0 to 1." });
});

test("no answer makes it larger than its bound", async () => {
  const chips = Array.from({ length: 2 * CHIPS_MAX }, () => ({
    frequencyMhz: 1,
    temperatureC: 1,
    nonces: { good: 1, hardwareErrors: 0 },
  }));
  const box = { wallMs: 0 };
  const ask = () => Promise.resolve({ ok: true, data: { chips } } as QueryAnswer);
  const history = new ChipHistory({ clock: { wallTimeMs: () => box.wallMs }, ask });
  for (let slot = 0; slot < 3; slot++) {
    box.wallMs = slot * CHIP_PERIOD_MS;
    history.take({ chains: [{}] } as unknown as MinerSnapshot);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(history.bytes).toBe((6 * CHIPS_MAX + 8) * CHIP_SLOTS);
});

test("an emulated machine: each chip that hashes is like the others, by what it found in the slot", async () => {
  const rig = await startRig(CALM);
  const queries = new QueryRunner(rig.miner.parts, new TuningDesk(rig.miner.parts));
  const ask = (chainIndex: number): Promise<QueryAnswer> => queries.answer({ kind: "chips", chainIndex }, "read");
  const history = new ChipHistory({ clock: { wallTimeMs: () => rig.clock.nowMs() }, ask });
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state }) => state === "hashing"), 120_000);
  for (let s = 0; s < (3 * CHIP_PERIOD_MS) / 10_000; s++) {
    await rig.advance(10_000);
    history.take(rig.snapshot());
  }
  const now = (await ask(0)) as { readonly data: AnswerOf<"chips"> };
  const answer = history.read(0, 0);
  if (!answer.ok) throw new Error(answer.message);
  expect(answer.data.timesMs.length).toBeGreaterThanOrEqual(2);
  expect(answer.data.frequencyMhz.at(-1)).toBeCloseTo(now.data.chips[0]!.frequencyMhz ?? 0, 1);
  expect(answer.data.relativePct.at(-1)).toBeGreaterThan(30);
  expect(history.bytes).toBeGreaterThan(0);
  await rig.stop();
});
