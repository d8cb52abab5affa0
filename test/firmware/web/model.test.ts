/** The pure parts of the page: connection, forms, history, pools, the line that says why. */
import { expect, test } from "vitest";
import { settingsKeys } from "#firmware/config/constraints.ts";
import type { Answers, Snapshot } from "#firmware/web/model/api-types.ts";
import { CHIP_METRICS, levelOf, troubleOf } from "#firmware/web/model/chip-metrics.ts";
import { nextStep, stepsDone } from "#firmware/web/model/first-run.ts";
import { duration, hashrate, withUnit } from "#firmware/web/model/format.ts";
import { moved, zoomed } from "#firmware/web/model/history-view.ts";
import { backOffMs, liveStep, NOT_YET } from "#firmware/web/model/live-step.ts";
import { logLine, matches } from "#firmware/web/model/log-lines.ts";
import { addPool, draftOf, groupsOf, movePool, removePool, setField } from "#firmware/web/model/pool-draft.ts";
import { csvOf, extentOf, seriesOf } from "#firmware/web/model/series.ts";
import { fieldText, patchOf, rangeText, valueAt, valueOfText } from "#firmware/web/model/settings-tree.ts";
import { sparkOf } from "#firmware/web/model/spark.ts";
import { whyOf } from "#firmware/web/model/why.ts";
import { startRig } from "../../support/rig.ts";

async function snapshotOfRig(): Promise<Snapshot> {
  const rig = await startRig({ machine: "s21", hashesPerNonce: 1 });
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state }) => state === "hashing"), 120_000);
  await rig.advance(5_000);
  const snapshot = { version: "0.0.0", ...rig.snapshot() };
  await rig.stop();
  return snapshot;
}

test("unknown is a word, never a number; units stand behind numbers", () => {
  expect(hashrate(null)).toBe("unknown");
  expect(hashrate(0)).toBe("0.00 TH/s");
  expect(hashrate(0.5)).toBe("500.0 GH/s");
  expect(withUnit(null, "C")).toBe("unknown");
  expect(withUnit(1680, "rpm")).toBe("1,680 rpm");
  expect(duration(90_061_000)).toBe("1 d 1 h");
});

test("a connection: lost keeps the last figures, back-off grows and ends, live forgets the tries", async () => {
  const snapshot = await snapshotOfRig();
  let state = liveStep(NOT_YET, { kind: "snapshot", snapshot, nowMs: 5 });
  expect(state.phase).toBe("live");
  state = liveStep(liveStep(state, { kind: "failed" }), { kind: "failed" });
  expect(state).toMatchObject({ phase: "lost", snapshot, tries: 2 });
  expect(liveStep(state, { kind: "idle", message: "no pool" })).toMatchObject({ problem: "no pool", snapshot: null });
  expect(liveStep(state, { kind: "snapshot", snapshot, nowMs: 9 })).toMatchObject({ phase: "live", tries: 0 });
  expect(liveStep(state, { kind: "signedOut" })).toMatchObject({ phase: "signedOut", snapshot: null });
  expect([1, 2, 3, 4, 5, 6, 99].map((tries) => backOffMs(tries, 0.5))).toEqual([
    500, 1000, 2000, 4000, 8000, 15000, 15000,
  ]);
});

test("the line that says why names the gravest thing", async () => {
  const good = await snapshotOfRig();
  expect(whyOf(good)).toMatchObject({ tone: "good", state: "Hashing" });
  const dead = good.chains.map((chain) => ({ ...chain, state: "disabled", reason: "no chip answers" }));
  expect(whyOf({ ...good, chains: dead }).text).toContain("Chain 0 is disabled: no chip answers");
  const part = good.chains.map((chain, i) => (i === 1 ? { ...chain, state: "disabled", reason: "gave up" } : chain));
  expect(whyOf({ ...good, chains: part }).text).toBe("2 of 3 chains hash. Chain 1 is disabled: gave up.");
  expect(whyOf({ ...good, pauseReason: "owner", chains: dead })).toMatchObject({ state: "Paused" });
  expect(whyOf({ ...good, pauseReason: "owner", shutdownReason: "fan 0" })).toMatchObject({
    tone: "bad",
    state: "Shut down",
  });
  expect(whyOf({ ...good, alarms: ["A pool lies."] })).toMatchObject({
    tone: "warn",
    text: expect.stringContaining("A pool lies."),
  });
});

test("a form's texts become a patch with nothing but what changed", () => {
  const keys = new Map(settingsKeys().map((key) => [key.key, key]));
  const target = keys.get("cooling.target_c")!;
  expect(valueOfText(target, "61.5")).toBe(61.5);
  expect(valueOfText(target, "")).toBeNull();
  expect(valueOfText(target, "hot")).toBe("hot");
  expect(valueOfText(keys.get("alerts.quiet")!, "true")).toBe(true);
  expect(valueOfText(keys.get("machine.chain_uarts")!, "/dev/ttyS1\n /dev/ttyS2 \n")).toEqual([
    "/dev/ttyS1",
    "/dev/ttyS2",
  ]);
  expect(rangeText(target)).toBe("30 to 80 °C");
  const patch = patchOf(
    new Map<string, unknown>([
      ["cooling.target_c", 60],
      ["cooling.hot_c", null],
      ["network.http.port", 81],
    ]),
  );
  expect(patch).toEqual({ cooling: { target_c: 60, hot_c: null }, network: { http: { port: 81 } } });
  expect(valueAt(patch, "network.http.port")).toBe(81);
  expect(valueAt(patch, "network.nothing.port")).toBeUndefined();
  expect(fieldText(["a", "b"])).toBe("a\nb");
});

test("a number is what people write as one; anything else goes to the board as it is, and a space is nothing", () => {
  const taken = (text: string): unknown => valueOfText({ type: "number" }, text);
  expect(["7", " 7.5 ", "-.5", "1e3"].map(taken)).toEqual([7, 7.5, -0.5, 1000]);
  expect(["0x10", "7,5", "warm", "NaN", "Infinity", "1 2"].map(taken)).toEqual([
    ...["0x10", "7,5", "warm", "NaN", "Infinity", "1 2"],
  ]);
  expect(["", " "].map(taken)).toEqual([null, null]);
});

test("pools are moved, added, removed, and keep what a form does not show", () => {
  const constraints = settingsKeys() as unknown as Answers["/settings"]["constraints"];
  const stored = [
    {
      quota: 2,
      pools: [
        { url: "a:1", user: "u", password: "(hidden)", proxy: "(hidden)" },
        { url: "b:2", user: "v" },
      ],
    },
  ];
  const draft = draftOf(stored);
  expect(groupsOf(draft, constraints)).toEqual(stored);
  expect(groupsOf(movePool(draft, 0, 0, 1), constraints)[0]).toMatchObject({ pools: [{ url: "b:2" }, { url: "a:1" }] });
  expect(movePool(draft, 0, 0, -1)).toEqual(draft);
  expect(addPool(draft, 0)[0]?.pools).toHaveLength(3);
  expect(removePool(removePool(draft, 0, 0), 0, 0)).toEqual([]);
  expect(setField(draft, 0, 1, "user", "w")[0]?.pools[1]).toMatchObject({ url: "b:2", user: "w" });
  expect(groupsOf(addPool([], 0), constraints)).toEqual([]);
});

test("history: missing slots break the line and are named; unknown stays empty in a spreadsheet", () => {
  const history = { periodMs: 10_000, fields: ["a"], timesMs: [10_000, 20_000, 60_000], values: [[1, null, 3]] };
  const series = seriesOf(history);
  expect(series.timesS).toEqual([10, 20, 30, 60]);
  expect(series.values).toEqual([[1, null, null, 3]]);
  expect(series.gaps).toEqual([{ fromMs: 30_000, toMs: 60_000 }]);
  expect(csvOf(history)).toBe(
    "time,a\n1970-01-01T00:00:10.000Z,1\n1970-01-01T00:00:20.000Z,\n1970-01-01T00:01:00.000Z,3\n",
  );
  expect(extentOf([1, null, 3])).toEqual({ least: 1, mean: 2, most: 3 });
  expect(extentOf([null])).toBeNull();
});

test("a small curve: unknown parts it, a point alone is drawn, gaps have their place", () => {
  const times = [0, 10, 20, 30, 60, 70];
  const series = seriesOf({
    periodMs: 10_000,
    fields: ["a"],
    timesMs: times.map((s) => s * 1_000),
    values: [[1, 2, null, 2, 1, 1]],
  });
  const spark = sparkOf(series);
  expect(spark?.lines).toEqual(["0.00,38.00 14.29,2.00", "42.86,2.00 42.86,2.00", "85.71,38.00 100.00,38.00"]);
  expect(spark?.gaps[0]?.x).toBeCloseTo(57.14, 2);
  expect(spark?.gaps[0]?.width).toBeCloseTo(28.57, 2);
  expect(spark).toMatchObject({ least: 1, most: 2 });
  expect(sparkOf({ ...series, values: [[null]] })).toBeNull();
});

test("a stretch of history never ends beyond now", () => {
  const nowMs = 10_000_000;
  expect(zoomed({ fromMs: 6_000_000, toMs: nowMs }, 2, nowMs)).toEqual({ fromMs: 2_000_000, toMs: nowMs });
  expect(moved({ fromMs: 6_000_000, toMs: 9_000_000 }, 1, nowMs)).toEqual({ fromMs: 7_000_000, toMs: nowMs });
  expect(moved({ fromMs: 6_000_000, toMs: nowMs }, -1, nowMs)).toEqual({ fromMs: 4_000_000, toMs: 8_000_000 });
});

test("chips: a silent one and an erring one are told, an unknown one is neither good nor bad", () => {
  const nonces = { good: 30, hardwareErrors: 0, duplicate: 0, stale: 0 };
  const chip = {
    chipIndex: 0,
    domainIndex: 0,
    frequencyMhz: 500,
    wantedMhz: 500,
    temperatureC: null,
    nonces,
    errorPct: 0,
    relativePct: 98,
  };
  expect(troubleOf(chip)).toBeNull();
  expect(troubleOf({ ...chip, relativePct: 1 })).toBe("silent");
  expect(troubleOf({ ...chip, errorPct: 12 })).toBe("errors");
  expect(troubleOf({ ...chip, relativePct: null, errorPct: null })).toBeNull();
  const levels = CHIP_METRICS.map((metric) =>
    levelOf(metric, { ...chip, frequencyMhz: 400, relativePct: 0, errorPct: 5 }, [chip]),
  );
  expect(levels).toEqual([4, 4, 4, null]);
});

test("log lines are read and filtered by weight and words", () => {
  const line = logLine({ level: 40, time: "t", part: "pool", msg: "the pool is slow", pool: 0 });
  expect(line).toMatchObject({ level: 40, part: "pool", text: "the pool is slow", more: "pool=0" });
  expect(matches(line, 30, "SLOW pool")).toBe(true);
  expect(matches(line, 50, "")).toBe(false);
  expect(matches(line, 30, "fast")).toBe(false);
});

test("the first run goes on where it was left", () => {
  const facts = { isTokenNoted: true, isNameSkipped: false, settings: null, snapshot: null };
  expect(nextStep(stepsDone(facts))).toBe("name");
  expect(nextStep(stepsDone({ ...facts, isNameSkipped: true }))).toBe("pool");
});
