/** The update machine where something beside the new version fails: the data partition, the updater, the boot loader. */
import { expect, test } from "vitest";
import { MARK_AGAIN_MS } from "#firmware/update/slot-mark.ts";
import { HOLD_MS, needsTicks, SLOW_INSTALL_MS, stepUpdate } from "#firmware/update/update-machine.ts";
import type { UpdateRecord } from "#firmware/update/update-record.ts";
import type { BoardFacts } from "#firmware/update/update-types.ts";
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
} from "./update-fixture.ts";

const PLEDGE: UpdateRecord = { ...RECORD, phase: "installing" };

test("a version of which the data folder knows nothing has to prove itself where the boot loader knows of it", () => {
  const lost = after([{ kind: "booted", record: null, pledge: PLEDGE, board: NEW }]);
  expect(lost.state).toMatchObject({ phase: "provingItself", toVersion: "0.2.0", record: { hashingChains: 3 } });
  expect(kinds(lost)).toEqual(["tell", "keep"]);
  // What it lacks without its settings sends it back to the version that had them.
  const over = stepUpdate(lost.state, tick(["nothing is switched on"]), PROVE_MS + 1);
  expect(kinds(over)).toEqual(["keep", "tell", "markBad", "activateOther", "reboot"]);
});

test.each<[string, UpdateRecord | null, BoardFacts, string[]]>([
  ["the older version, of which nothing is known", null, { ...OLD, bootId: "boot-9" }, ["markGood", "pledge"]],
  ["a committed version", { ...RECORD, phase: "committed" }, NEW, ["markGood", "pledge"]],
  ["a version that did not start", RECORD, { ...OLD, bootId: "boot-9" }, ["keep", "tell", "markGood", "pledge"]],
  ["one that is to be proved", RECORD, NEW, []],
  ["an updater that may go on", PLEDGE, OLD, ["tell", "markGood"]],
  [
    "one that is given up",
    { ...RECORD, phase: "failed" },
    { ...NEW, bootId: "boot-1" },
    ["markBad", "activateOther", "reboot"],
  ],
])(
  "what the boot loader knows is removed once the update has ended, and not before: %s",
  (_, record, board, actions) => {
    expect(kinds(after([{ kind: "booted", record, pledge: PLEDGE, board }]))).toEqual(actions);
  },
);

test("an installation that takes long is told once and goes on; its end is the ordinary one", () => {
  const installing = after(INSTALLING).state;
  expect(needsTicks(installing)).toBe(true);
  expect(kinds(stepUpdate(installing, tick(), 1_000 + SLOW_INSTALL_MS))).toEqual([]);
  const slow = stepUpdate(installing, tick(), 1_001 + SLOW_INSTALL_MS);
  expect(kinds(slow)).toEqual(["tell"]);
  expect(slow.state).toMatchObject({ phase: "installing", record: { phase: "installing" } });
  expect(kinds(stepUpdate(slow.state, tick(), 2 * SLOW_INSTALL_MS))).toEqual([]);
  expect(stepUpdate(slow.state, { kind: "installed" }, 2 * SLOW_INSTALL_MS).state.phase).toBe("pendingReboot");
  const failed = stepUpdate(slow.state, { kind: "failed", reason: "no room" }, 2 * SLOW_INSTALL_MS);
  expect(failed.state).toMatchObject({ phase: "idle", record: null });
});

test("an updater that nobody waits for any more keeps its record, its bundle and its proof", () => {
  const late = after([...INSTALLING, { kind: "late" }]);
  expect(late.state).toMatchObject({ phase: "idle", record: { phase: "installing", toSlot: "B" } });
  expect(kinds(late)).toEqual(["tell"]);
  const booted = after([{ kind: "booted", record: late.state.record, pledge: PLEDGE, board: NEW }]);
  expect(booted.state.phase).toBe("provingItself");
});

test("a slot that cannot be marked good is tried again, ever more slowly, and told once each way", () => {
  let state = after([{ kind: "booted", record: null, pledge: null, board: OLD }]).state;
  let nowMs = 1_000;
  const told: string[] = [];
  for (const pauseMs of [...MARK_AGAIN_MS, MARK_AGAIN_MS[3], MARK_AGAIN_MS[3]]) {
    const decision = stepUpdate(state, { kind: "notMarked", reason: "no environment" }, nowMs);
    told.push(...kinds(decision));
    state = decision.state;
    expect(needsTicks(state)).toBe(true);
    expect(kinds(stepUpdate(state, tick(), nowMs + pauseMs - 1))).toEqual([]);
    nowMs += pauseMs;
    expect(kinds(stepUpdate(state, tick(), nowMs))).toEqual(["markGood"]);
  }
  expect(told).toEqual(["tell"]);
  const marked = stepUpdate(state, { kind: "marked" }, nowMs);
  expect(marked.actions).toEqual([{ kind: "tell", text: "the running slot is marked good, at try 7" }]);
  expect(needsTicks(marked.state)).toBe(false);
});

test("no mark comes between an update's own steps, and a version that is given up is never marked good", () => {
  const unmarked = { tries: 1, againAtMs: 0 };
  for (const inputs of [STAGED, VERIFYING, INSTALLING, PENDING])
    expect(kinds(stepUpdate({ ...after(inputs).state, unmarked }, tick(), 10_000))).toEqual([]);
  const given = after([...PROVING, tick(["no chain hashes"])]).state;
  const back = stepUpdate(given, tick(["no chain hashes"]), PROVE_MS + 1).state;
  expect(kinds(stepUpdate({ ...back, unmarked }, tick(), PROVE_MS + 10_000))).toEqual([]);
});

test("a version whose mark fails after its proof proves itself again, and that is told", () => {
  const proving = after(PROVING).state;
  const failed = stepUpdate(proving, { kind: "notMarked", reason: "no environment" }, 70_000);
  expect(failed.state).toMatchObject({ phase: "provingItself", goodSinceMs: null, message: "no environment" });
  expect(kinds(failed)).toEqual(["tell"]);
  const good = stepUpdate(failed.state, tick(), 71_000).state;
  expect(kinds(stepUpdate(good, tick(), 71_000 + HOLD_MS))).toEqual(["markGood"]);
  expect(stepUpdate(good, { kind: "marked" }, 140_000).state).toMatchObject({ phase: "committed", unmarked: null });
});

test("a version that is given up and begins again before the boot goes on going back; it is not marked good", () => {
  const proving = after(PROVING).state;
  const given = stepUpdate(proving, tick(["no chain hashes"]), PROVE_MS + 1).state;
  const again = after([{ kind: "booted", record: given.record, pledge: PLEDGE, board: NEW }]);
  expect(again.state.phase).toBe("rolledBack");
  expect(kinds(again)).toEqual(["markBad", "activateOther", "reboot"]);
});

/** What the data folder knows is of an update before, which also ended in slot B or began there. */
const EARLIER = { bootId: "boot-0", toVersion: "0.1.5" };

test.each<[string, UpdateRecord]>([
  ["one that was rolled back", { ...RECORD, ...EARLIER, phase: "rolledBack", reason: "no pool" }],
  ["one that was committed", { ...RECORD, ...EARLIER, phase: "committed" }],
  ["one into the slot that ran before", { ...RECORD, ...EARLIER, phase: "committed", fromSlot: "B", toSlot: "A" }],
  ["the owner's way back", { ...RECORD, ...EARLIER, phase: "goingBack", toVersion: null }],
  ["one that was interrupted", { ...RECORD, ...EARLIER, phase: "installing", fromSlot: "B", toSlot: "A" }],
])("a data folder that is behind the boot loader, with %s, brings no version without its proof", (_, record) => {
  const behind = after([{ kind: "booted", record, pledge: PLEDGE, board: NEW }]);
  expect(behind.state).toMatchObject({ phase: "provingItself", toVersion: "0.2.0" });
  expect(kinds(behind)).toEqual(["tell", "keep"]);
  // In the older slot the boot loader's word is of no matter.
  const older = after([{ kind: "booted", record, pledge: PLEDGE, board: { ...OLD, bootId: "boot-9" } }]);
  expect(older.state).not.toMatchObject({ phase: "provingItself", toVersion: "0.2.0" });
});

test("a committed version whose pledge could not be removed proves nothing anew", () => {
  const record = { ...RECORD, phase: "committed" } as const;
  const boot = after([{ kind: "booted", record, pledge: PLEDGE, board: { ...NEW, bootId: "boot-7" } }]);
  expect(boot.state.phase).toBe("committed");
});

test("a second update that the busy updater refuses takes nothing from what the first one has to prove", () => {
  const late = after([...INSTALLING, { kind: "late" }]).state;
  const second = { ...check, bundle: { ...check.bundle, version: "0.3.0" } };
  const trying = after([...VERIFYING, { kind: "inspected", check: second, board: OLD }], late).state;
  expect(trying).toMatchObject({ phase: "installing", toVersion: "0.3.0" });
  const refused = stepUpdate(trying, { kind: "failed", reason: "already processing" }, 2_000);
  expect(refused.state).toMatchObject({ phase: "idle", record: { phase: "installing", toVersion: "0.2.0" } });
  expect(refused.actions).toContainEqual({ kind: "keep", record: late.record });
  expect(refused.actions).toContainEqual({ kind: "pledge", record: late.record });
  // A later one that fails by itself leaves nothing open.
  const plain = stepUpdate(after(INSTALLING).state, { kind: "failed", reason: "no room" }, 2_000);
  expect(plain.actions).toContainEqual({ kind: "keep", record: null });
});

test("the way to the other slot after an installation that nobody waited for leads to a proof, not to a good mark", () => {
  const late = after([...INSTALLING, { kind: "late" }]).state;
  const way = stepUpdate(late, { kind: "back", board: OLD, isOtherGood: true }, 2_000);
  expect(way.state).toMatchObject({ phase: "pendingReboot", record: { phase: "installed", toSlot: "B" } });
  expect(kinds(way)).toEqual(["keep", "activateOther", "tell", "reboot"]);
  const booted = after([{ kind: "booted", record: way.state.record, pledge: null, board: NEW }]);
  expect(booted.state.phase).toBe("provingItself");
});
