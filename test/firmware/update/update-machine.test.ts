/** Every arrow of the update machine, one test each. */
import { expect, test } from "vitest";
import { HOLD_MS, STAGING_LIMIT_MS, stepUpdate } from "#firmware/update/update-machine.ts";
import type { UpdateRecord } from "#firmware/update/update-record.ts";
import type { BoardFacts, UpdateInput, UpdateState } from "#firmware/update/update-types.ts";
import {
  after,
  check,
  INSTALLING,
  kinds,
  NEW,
  OLD,
  PENDING,
  PROVE_MS,
  PROVING,
  RECORD,
  STAGED,
  tick,
  VERIFYING,
  WISH,
} from "./update-fixture.ts";

test("idle -> staging", () => {
  expect(after(STAGED)).toMatchObject({ state: { phase: "staging" }, isRefused: false, actions: [] });
});

test("staging -> idle when the bundle does not come whole, or its sender is gone", () => {
  const dropped = after([...STAGED, { kind: "drop", reason: "the client went away" }]);
  expect(dropped).toMatchObject({ state: { phase: "idle", message: expect.stringContaining("the client went away") } });
  expect(kinds(dropped)).toEqual(["discard"]);
  const staging = after(STAGED).state;
  expect(stepUpdate(staging, tick(), 1_000 + STAGING_LIMIT_MS).state.phase).toBe("staging");
  expect(kinds(stepUpdate(staging, tick(), 1_001 + STAGING_LIMIT_MS))).toEqual(["discard"]);
});

test("staging -> verifying, and from idle with a bundle on the card", () => {
  expect(after(VERIFYING)).toMatchObject({ state: { phase: "verifying" }, actions: [{ kind: "inspect" }] });
  const card = { ...WISH, source: "card" } as const;
  expect(after([{ kind: "install", wish: card }]).actions).toEqual([{ kind: "inspect", source: "card" }]);
});

test("verifying -> installing: what the new version must know is written before the slot is", () => {
  const decision = after(INSTALLING);
  expect(decision.state).toMatchObject({ phase: "installing", fromVersion: "0.1.0", toVersion: "0.2.0" });
  expect(decision.actions).toEqual([
    { kind: "keep", record: { ...RECORD, phase: "installing" } },
    { kind: "pledge", record: { ...RECORD, phase: "installing" } },
    { kind: "install", source: "upload" },
  ]);
});

test.each([
  ["another board", { ...check, board: "s19" }, OLD, "is for board s9 and this one is s19"],
  ["a lower version", { ...check, runningVersion: "0.3.0" }, OLD, "0.2.0 is lower than 0.3.0"],
  ["no version", { ...check, bundle: { compatible: "s9", version: "" } }, OLD, "names no version"],
  ["one slot only", check, { ...OLD, otherSlot: null }, "one slot only"],
])("verifying -> idle: %s", (_, wrong, board, sentence) => {
  const decision = after([...VERIFYING, { kind: "inspected", check: wrong, board }]);
  expect(decision.state).toMatchObject({ phase: "idle", message: expect.stringContaining(sentence) });
  expect(kinds(decision)).toEqual(["discard"]);
});

test("a lower version is installed when that is forced; another board's is not", () => {
  const forced: UpdateInput[] = [...STAGED, { kind: "install", wish: { ...WISH, isForced: true } }];
  const lower = { ...check, runningVersion: "0.3.0" };
  expect(after([...forced, { kind: "inspected", check: lower, board: OLD }]).state.phase).toBe("installing");
  const foreign = { ...check, board: "s19" };
  expect(after([...forced, { kind: "inspected", check: foreign, board: OLD }]).state.phase).toBe("idle");
});

test("verifying -> idle when the signature is wrong, and the bundle goes", () => {
  const decision = after([...VERIFYING, { kind: "failed", reason: "signature verification failed" }]);
  expect(decision.state).toMatchObject({ phase: "idle", message: "signature verification failed" });
  expect(kinds(decision)).toEqual(["discard"]);
});

test("a bundle on the card stays there when it is refused", () => {
  const card = { ...WISH, source: "card" } as const;
  expect(
    kinds(
      after([
        { kind: "install", wish: card },
        { kind: "failed", reason: "no" },
      ]),
    ),
  ).toEqual([]);
});

test("installing: progress is shown; -> pendingReboot; -> idle when it fails", () => {
  expect(after([...INSTALLING, { kind: "progress", percent: 40 }]).state.progressPercent).toBe(40);
  const done = after(PENDING);
  expect(done.state).toMatchObject({ phase: "pendingReboot", progressPercent: null });
  expect(kinds(done)).toEqual(["keep", "discard", "tell", "reboot"]);
  const broken = after([...INSTALLING, { kind: "failed", reason: "no space" }]);
  expect(broken.state).toMatchObject({ phase: "idle", record: null });
  expect(broken.actions).toContainEqual({ kind: "keep", record: null });
});

test("pendingReboot: a file that cannot be written does not keep the board from booting", () => {
  expect(kinds(after([...PENDING, { kind: "failed", reason: "disk full" }]))).toEqual(["reboot"]);
});

test("a boot of the new slot -> provingItself, and nothing is marked yet", () => {
  expect(after(PROVING)).toMatchObject({ state: { phase: "provingItself", toVersion: "0.2.0" }, actions: [] });
  // The power went between the last byte and the note of it.
  const record = { ...RECORD, phase: "installing" } as const;
  expect(after([{ kind: "booted", pledge: null, record, board: NEW }]).state.phase).toBe("provingItself");
});

test("provingItself -> committed after a minute in which nothing was lacking", () => {
  const begun = after([...PROVING, tick()]).state;
  expect(kinds(stepUpdate(begun, tick(), 1_000 + HOLD_MS - 1))).toEqual([]);
  const proven = stepUpdate(begun, tick(), 1_000 + HOLD_MS);
  expect(kinds(proven)).toEqual(["markGood"]);
  const marked = stepUpdate(proven.state, { kind: "marked" }, 1_000 + HOLD_MS);
  expect(marked.state.phase).toBe("committed");
  expect(kinds(marked)).toEqual(["keep", "pledge", "tell"]);
});

test("whatever is lacking begins the minute anew, and what it is shows", () => {
  const begun = after([...PROVING, tick()]).state;
  const lacking = stepUpdate(begun, tick(["0 of 3 chains hash"]), 50_000).state;
  expect(lacking.message).toContain("0 of 3 chains hash");
  const again = stepUpdate(lacking, tick(), 55_000).state;
  expect(kinds(stepUpdate(again, tick(), 1_000 + HOLD_MS))).toEqual([]);
  expect(kinds(stepUpdate(again, tick(), 55_000 + HOLD_MS))).toEqual(["markGood"]);
});

test("a slot that cannot be marked is proven again, not given up", () => {
  const proven = after([...PROVING, tick()]).state;
  const failed = stepUpdate(proven, { kind: "failed", reason: "RAUC refuses" }, 70_000);
  expect(failed.state).toMatchObject({ phase: "provingItself", goodSinceMs: null });
});

test("provingItself -> rolledBack when the time is over, but not in the minute that would prove it", () => {
  const state = after(PROVING).state;
  expect(stepUpdate(state, tick(["no"]), PROVE_MS).state.phase).toBe("provingItself");
  const over = stepUpdate(state, tick(["0 of 3 chains hash"]), PROVE_MS + 1);
  expect(over.state).toMatchObject({ phase: "rolledBack", message: expect.stringContaining("0 of 3 chains hash") });
  expect(kinds(over)).toEqual(["keep", "tell", "markBad", "activateOther", "reboot"]);
  const late = stepUpdate(state, tick(), PROVE_MS - 1).state;
  expect(stepUpdate(late, tick(), PROVE_MS + 1).state.phase).toBe("provingItself");
});

test("rolledBack on its way: nothing else begins before the boot, and after it anything may", () => {
  const proving = after(PROVING).state;
  const goingBack = stepUpdate(proving, tick(["x"]), PROVE_MS + 1).state;
  expect(goingBack).toMatchObject({ phase: "rolledBack", record: { phase: "failed" } });
  const orders: UpdateInput[] = [
    { kind: "stage" },
    { kind: "install", wish: { ...WISH, source: "card" } },
    { kind: "back", board: NEW, isOtherGood: true },
  ];
  for (const order of orders) {
    const refused = stepUpdate(goingBack, order, PROVE_MS + 2);
    expect(refused).toMatchObject({ isRefused: true, reason: "The board is about to go back to the older version." });
    expect(refused.state).toBe(goingBack);
  }
  const booted = after([
    { kind: "booted", pledge: null, record: goingBack.record, board: { ...OLD, bootId: "boot-3" } },
  ]).state;
  expect(stepUpdate(booted, { kind: "stage" }, 1_000).isRefused).toBe(false);
});

test("rolledBack on its way: what fails does not keep the board from booting", () => {
  const over = stepUpdate(after(PROVING).state, tick(["no"]), PROVE_MS + 1).state;
  expect(kinds(stepUpdate(over, { kind: "failed", reason: "RAUC refuses" }, PROVE_MS + 2))).toEqual(["reboot"]);
});

test("a committed version whose settings were to go clears them, and not before", () => {
  const record = { ...RECORD, clearsSettings: true };
  const state = after([{ kind: "booted", pledge: null, record, board: NEW }, tick()]).state;
  expect(kinds(stepUpdate(state, { kind: "marked" }, 90_000))).toEqual(["keep", "pledge", "tell", "clearSettings"]);
});

test.each<[string, UpdateRecord | null, BoardFacts, Partial<UpdateState>, string[]]>([
  ["nothing was left", null, OLD, { phase: "idle" }, ["markGood"]],
  ["the program began again before the board booted", RECORD, OLD, { phase: "pendingReboot" }, ["reboot"]],
  [
    "the new version did not start",
    RECORD,
    { ...OLD, bootId: "boot-9" },
    { phase: "rolledBack", message: expect.stringContaining("0.2.0 did not start") as never },
    ["keep", "tell", "markGood"],
  ],
  [
    "a program that ended while the updater installed: what that finishes proves itself after the boot",
    { ...RECORD, phase: "installing" },
    OLD,
    { phase: "idle", record: { ...RECORD, phase: "installing" } },
    ["tell", "markGood"],
  ],
  [
    "an installation was interrupted by a boot",
    { ...RECORD, phase: "installing" },
    { ...OLD, bootId: "boot-9" },
    { phase: "idle", record: null, message: expect.stringContaining("interrupted") as never },
    ["keep", "tell", "markGood"],
  ],
  [
    "the older version after a failed proof",
    { ...RECORD, phase: "failed", reason: "0 of 3 chains hash" },
    { ...OLD, bootId: "boot-3" },
    { phase: "rolledBack", message: expect.stringContaining("0 of 3 chains hash") as never },
    ["keep", "tell", "markGood"],
  ],
  [
    "the failed version before the board booted",
    { ...RECORD, phase: "failed", bootId: "boot-2" },
    NEW,
    { phase: "rolledBack" },
    ["markBad", "activateOther", "reboot"],
  ],
  [
    "the failed version again, since the older one does not start",
    { ...RECORD, phase: "failed" },
    NEW,
    { phase: "idle", message: expect.stringContaining("0.1.0 does not start") as never },
    ["keep", "tell", "markGood"],
  ],
  ["a committed version", { ...RECORD, phase: "committed" }, NEW, { phase: "committed" }, ["markGood"]],
  [
    "a committed version that the boot loader gave up",
    { ...RECORD, phase: "committed" },
    OLD,
    { phase: "rolledBack" },
    ["keep", "tell", "markGood"],
  ],
  ["a rolled back one again", { ...RECORD, phase: "rolledBack" }, OLD, { phase: "rolledBack" }, ["markGood"]],
  [
    "the slot that the owner went back to",
    { ...RECORD, phase: "goingBack", reason: "the owner went back" },
    NEW,
    { phase: "rolledBack" },
    ["keep", "tell", "markGood"],
  ],
  [
    "going back, before the board booted",
    { ...RECORD, phase: "goingBack" },
    OLD,
    { phase: "pendingReboot" },
    ["activateOther", "reboot"],
  ],
  [
    "going back, and the other slot did not start",
    { ...RECORD, phase: "goingBack" },
    { ...OLD, bootId: "boot-9" },
    { phase: "idle" },
    ["keep", "tell", "markGood"],
  ],
])("a boot: %s", (_, record, board, state, actions) => {
  const decision = after([{ kind: "booted", pledge: null, record, board }]);
  expect(decision.state).toMatchObject(state);
  expect(kinds(decision)).toEqual(actions);
});

test("idle -> pendingReboot when the owner goes back; a proving version counts as given up then", () => {
  const back: UpdateInput = { kind: "back", board: OLD, isOtherGood: true };
  const going = after([back]);
  expect(going.state).toMatchObject({ phase: "pendingReboot", record: { phase: "goingBack", toSlot: "B" } });
  expect(kinds(going)).toEqual(["keep", "activateOther", "tell", "reboot"]);
  const failed = stepUpdate(going.state, { kind: "failed", reason: "RAUC refuses" }, 2_000);
  expect(failed.state).toMatchObject({ phase: "idle", record: null });
  const unproven = after([...PROVING, { kind: "back", board: NEW, isOtherGood: true }]);
  expect(unproven.state).toMatchObject({
    phase: "rolledBack",
    record: { phase: "failed", reason: "the owner went back" },
  });
});

test("there is no way back to a slot that is empty, bad, or while something is under way", () => {
  expect(after([{ kind: "back", board: OLD, isOtherGood: false }]).isRefused).toBe(true);
  expect(after([{ kind: "back", board: { ...OLD, otherSlot: null }, isOtherGood: true }]).isRefused).toBe(true);
  for (const state of [STAGED, VERIFYING, INSTALLING, PENDING])
    expect(after([...state, { kind: "back", board: OLD, isOtherGood: true }]).isRefused).toBe(true);
});

test.each([
  ["staging", STAGED, "being received already"],
  ["verifying", VERIFYING, "being checked already"],
  ["installing", INSTALLING, "being installed already"],
  ["pendingReboot", PENDING, "about to boot"],
  ["provingItself", PROVING, "not proved itself yet"],
])("a second update is refused while one is %s", (_, inputs, sentence) => {
  const before = after(inputs).state;
  const decision = stepUpdate(before, { kind: "stage" }, 5_000);
  expect(decision).toMatchObject({ state: before, actions: [], isRefused: true });
  expect(decision.reason).toContain(sentence);
  const card = stepUpdate(before, { kind: "install", wish: { ...WISH, source: "card" } }, 5_000);
  expect(card.isRefused).toBe(true);
});

test.each(["committed", "rolledBack"] as const)("a version that is %s may be updated", (phase) => {
  const record = { ...RECORD, phase };
  expect(after([{ kind: "booted", pledge: null, record, board: NEW }, { kind: "stage" }]).state.phase).toBe("staging");
});
