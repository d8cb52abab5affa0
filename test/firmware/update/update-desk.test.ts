/** The desk over an updater that is only remembered: answers, what is written and told, and the way over a boot. */
import { expect, test } from "vitest";
import type { Shown } from "#firmware/update/update-desk.ts";
import { HOLD_MS } from "#firmware/update/update-machine.ts";
import { UPDATE_FILE } from "#firmware/update/update-record.ts";
import { chainAt, machine } from "../api/cgminer/face-fixture.ts";
import { Board, begun, HASHING, MIB, settled, updated, WISH } from "./update-board.ts";

test("a bundle is installed, the board boots it, it proves itself and is committed", async () => {
  const board = await updated();
  expect(board.percents).toEqual([40]);
  expect(board.desk.status).toMatchObject({ state: "pendingReboot", slot: "A", isUpdatable: false, canGoBack: false });
  expect(board.rebooted).toEqual(["to boot version 0.2.0"]);
  expect(JSON.parse(board.store.files.get(UPDATE_FILE) ?? "")).toMatchObject({ toSlot: "B", hashingChains: 3 });
  await board.boot();
  expect(board.desk.status).toMatchObject({ state: "provingItself", slot: "B", isUpdatable: false });
  expect((await board.desk.stage(1)).message).toContain("not proved itself yet");
  await board.look(HASHING, HOLD_MS);
  expect(board.desk.status).toMatchObject({
    state: "committed",
    fromVersion: "0.1.0",
    toVersion: "0.2.0",
    isUpdatable: true,
    canGoBack: true,
  });
  expect(board.bad.size).toBe(0);
  expect(board.incidents.join("; ")).toContain("version 0.2.0 proved itself");
});

test("an updater that outlives the program that called it brings no version that proves nothing", async () => {
  const board = await begun();
  await board.look(HASHING);
  const { install } = board.updater;
  board.updater.install = () => new Promise(() => undefined);
  await board.desk.stage(MIB);
  await board.desk.install(WISH);
  await board.beginAgain();
  expect(board.desk.status).toMatchObject({ state: "idle", isUpdatable: true });
  await install("", () => undefined);
  await board.boot();
  expect(board.desk.status).toMatchObject({ state: "provingItself", toVersion: "0.2.0" });
});

test("a version that does not hash is given up, and the older one says why", async () => {
  const board = await updated();
  await board.boot();
  const dark = { ...HASHING, snapshot: machine({ chains: [chainAt(0), chainAt(1, { state: "disabled" })] }) };
  await board.look(dark, 860_000);
  expect(board.desk.status.state).toBe("provingItself");
  await board.look(dark, 60_000);
  expect(board.desk.status.state).toBe("rolledBack");
  expect(board.rebooted.at(-1)).toBe("to go back to version 0.1.0");
  expect(board.bad).toEqual(new Set(["B"]));
  await board.boot();
  expect(board.booted).toBe("A");
  expect(board.desk.status).toMatchObject({ state: "rolledBack", isUpdatable: true, canGoBack: false });
  expect(board.desk.status.isOwnersReturn).toBe(false);
  expect(board.desk.status.message).toContain("1 of 3 chains hash");
  expect(board.incidents.join("; ")).toContain("an older version runs again");
});

test("a version that is given up is marked and left although the disk is full", async () => {
  const board = await updated();
  await board.boot();
  board.store.isFull = true;
  await board.look({ ...HASHING, snapshot: null }, 920_000);
  expect(board.bad).toEqual(new Set(["B"]));
  expect(board.next).toBe("A");
  expect(board.rebooted.at(-1)).toBe("to go back to version 0.1.0");
});

test("a machine without a pool is updated, and the new version proves itself without one", async () => {
  const board = await begun();
  const idle: Shown = { snapshot: null, isPausedByOwner: false, isManagementAnswering: true };
  await board.look(idle);
  await board.desk.stage(MIB);
  await board.desk.install(WISH);
  await settled();
  await board.boot();
  await board.look(idle, HOLD_MS);
  expect(board.desk.status.state).toBe("committed");
});

test("a program that begins again in the same boot has no longer for its proof", async () => {
  const board = await updated();
  await board.boot();
  const nothing: Shown = { snapshot: null, isPausedByOwner: false, isManagementAnswering: true };
  board.uptimeMs = 890_000;
  await board.beginAgain();
  await board.look(nothing, 20_000);
  expect(board.desk.status.state).toBe("rolledBack");
});

test("an owner who pauses the machine is not taken for a broken version", async () => {
  const board = await updated();
  await board.boot();
  const paused = machine({
    pauseReason: "paused by phone",
    isPausedByOwner: true,
    chains: [chainAt(0, { state: "paused" })],
  });
  await board.look({ snapshot: paused, isPausedByOwner: true, isManagementAnswering: true }, HOLD_MS);
  expect(board.desk.status.state).toBe("committed");
});

test("a wrong signature, a foreign board and a lower version are refused with one sentence; force takes the last", async () => {
  const board = await begun();
  const refuse = async (): Promise<string> => {
    await board.desk.stage(MIB);
    return (await board.desk.install(WISH)).message;
  };
  board.signature = false;
  expect(await refuse()).toContain("signature verification failed");
  board.signature = true;
  board.bundle = { compatible: "s19", version: "0.2.0" };
  expect(await refuse()).toContain("is for board s19 and this one is s9");
  board.bundle = { compatible: "s9", version: "0.0.9" };
  expect(await refuse()).toContain("0.0.9 is lower than 0.1.0");
  expect(board.rebooted).toEqual([]);
  expect(board.desk.status).toMatchObject({ state: "idle", isUpdatable: true });
  await board.desk.stage(MIB);
  expect((await board.desk.install({ ...WISH, isForced: true })).ok).toBe(true);
});

test("without room, without an updater, or with one under way, nothing begins", async () => {
  const board = await begun();
  expect((await board.desk.stage(58 * MIB)).message).toContain("60 MiB free");
  expect(board.desk.status.state).toBe("idle");
  expect((await board.desk.stage(20 * MIB)).ok).toBe(true);
  expect((await board.desk.stage(20 * MIB)).message).toContain("being received already");
  expect(board.desk.drop("the client went away").ok).toBe(true);
  board.hasUpdater = false;
  await board.beginAgain();
  expect(board.desk.status).toMatchObject({ isUpdatable: false, canGoBack: false, reason: "no rauc here" });
  expect(await board.desk.stage(1)).toEqual({ ok: false, message: "no rauc here" });
  expect((await board.desk.back()).ok).toBe(false);
});

test("settings are cleared after the proof, where that was ordered", async () => {
  const board = await updated({ ...WISH, clearsSettings: true });
  expect(board.cleared).toBe(0);
  await board.boot();
  expect(board.cleared).toBe(0);
  await board.look(HASHING, HOLD_MS);
  expect(board.cleared).toBe(1);
});

test("the owner goes back, and the older version boots", async () => {
  const board = await updated();
  await board.boot();
  await board.look(HASHING, HOLD_MS);
  expect(await board.desk.back()).toMatchObject({ ok: true });
  expect(board.rebooted.at(-1)).toBe("to boot slot A");
  await board.boot();
  expect(board.desk.status).toMatchObject({ state: "rolledBack", slot: "A", canGoBack: true, isOwnersReturn: true });
  expect(board.desk.status.message).toContain("the owner went back");
});

test("a bundle on the card is offered once, when the chains are up", async () => {
  const board = await begun();
  board.cardHash = "abc";
  await board.look({ ...HASHING, snapshot: machine({ uptimeMs: 9_000, chains: [chainAt(0, { state: "ramping" })] }) });
  expect(board.desk.status.state).toBe("idle");
  await board.look({ ...HASHING, snapshot: machine({ uptimeMs: 20_000 }) });
  expect(board.desk.status.state).toBe("pendingReboot");
  expect(JSON.parse(board.store.files.get(UPDATE_FILE) ?? "")).toMatchObject({ hashingChains: 3 });
  await board.boot();
  await board.look(HASHING, HOLD_MS);
  await board.beginAgain();
  await board.look(HASHING);
  expect(board.desk.status.state).toBe("committed");
  expect(board.rebooted).toHaveLength(1);
});

test("a refused bundle on the card is told once and not offered at the next start", async () => {
  const board = await begun();
  board.cardHash = "abc";
  board.signature = false;
  await board.look(HASHING);
  expect(board.incidents).toEqual([expect.stringContaining("signature verification failed")]);
  await board.beginAgain();
  await board.look(HASHING);
  expect(board.incidents).toHaveLength(1);
});

test("a data partition that is lost at the first boot lets no version through: it goes back without its proof", async () => {
  const board = await updated();
  const kept = new Map(board.store.files);
  board.store.files.clear();
  await board.boot();
  expect(board.desk.status).toMatchObject({ state: "provingItself", toVersion: "0.2.0" });
  expect(board.incidents.join("; ")).toContain("the data folder knows nothing of the update to version 0.2.0");
  const nothing: Shown = { snapshot: null, isPausedByOwner: false, isManagementAnswering: true };
  await board.look(nothing, 900_000);
  expect(board.rebooted.at(-1)).toBe("to go back to version 0.1.0");
  // The older version can read its partition again.
  for (const [name, text] of kept) board.store.files.set(name, text);
  await board.boot();
  expect(board.desk.status).toMatchObject({ state: "rolledBack", slot: "A" });
  expect(board.pledge).toBeNull();
});

test("one that hashes without what was known before is committed, and a loss long after that asks for no proof", async () => {
  const board = await updated();
  board.store.files.clear();
  await board.boot();
  await board.look(HASHING, HOLD_MS);
  expect(board.desk.status.state).toBe("committed");
  expect(board.pledge).toBeNull();
  board.store.files.clear();
  await board.boot();
  expect(board.desk.status.state).toBe("idle");
});

test("a mark that the boot loader does not take is tried again until it does", async () => {
  const board = new Board();
  board.isLoaderStuck = true;
  await board.beginAgain();
  expect(board.incidents).toEqual([expect.stringContaining("not marked good")]);
  await board.look(HASHING, 60_000);
  expect(board.markTries).toBe(3);
  board.isLoaderStuck = false;
  await board.look(HASHING, 180_000);
  expect(board.markTries).toBe(4);
  expect(board.incidents.at(-1)).toContain("marked good, at try 4");
});

test("an installation of which nobody knows the end leaves its record, and what it brings proves itself", async () => {
  const board = await begun();
  await board.look(HASHING);
  const { install } = board.updater;
  board.updater.install = () => Promise.resolve("late");
  await board.desk.stage(MIB);
  await board.desk.install(WISH);
  await settled();
  expect(board.desk.status).toMatchObject({ state: "idle", isUpdatable: true });
  expect(board.incidents.at(-1)).toContain("has not ended");
  expect(board.rebooted).toEqual([]);
  await install("", () => undefined);
  await board.boot();
  expect(board.desk.status).toMatchObject({ state: "provingItself", toVersion: "0.2.0" });
});

test("a data folder whose record cannot be read is as good as lost: the boot loader says what is to be proved", async () => {
  const board = await updated();
  board.store.isUnreadable = true;
  await board.boot();
  expect(board.desk.status).toMatchObject({ state: "provingItself", toVersion: "0.2.0" });
});

test("nothing begins before what the last boot left is known, although the updater has answered", async () => {
  const board = await updated();
  const { pledge } = board.updater;
  let answer = (): void => undefined;
  board.updater.pledge = async () => {
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
    return pledge();
  };
  const booting = board.boot();
  await settled();
  expect(await board.desk.stage(MIB)).toMatchObject({
    ok: false,
    message: expect.stringContaining("not answered yet"),
  });
  answer();
  await booting;
  expect(board.desk.status.state).toBe("provingItself");
});

test("a full disk keeps no older version from being marked good, nor from saying why it runs", async () => {
  const board = await updated();
  board.booted = "A";
  board.next = "A";
  board.store.isFull = true;
  await board.boot();
  expect(board.desk.status).toMatchObject({ state: "rolledBack", slot: "A" });
  expect(board.incidents.at(-1)).toContain("version 0.2.0 did not start");
  expect(board.markTries).toBe(2);
  expect(board.pledge).toBeNull();
});

test("on a full disk nothing is installed, and the owner's way back is refused", async () => {
  const board = await begun();
  await board.look(HASHING);
  board.versions = { A: "0.1.0", B: "0.0.9" };
  await board.desk.stage(MIB);
  board.store.isFull = true;
  expect(await board.desk.install(WISH)).toMatchObject({ ok: false, message: expect.stringContaining("no space") });
  expect((await board.desk.back()).ok).toBe(false);
  expect(board.desk.status).toMatchObject({ state: "idle", message: expect.stringContaining("no space") });
  expect([board.next, board.rebooted]).toEqual(["A", []]);
});
