/** Updates over the RAUC that Debian ships: signatures, boards, versions, slots, marks, and the way back. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Shown } from "#firmware/update/update-desk.ts";
import { HOLD_MS } from "#firmware/update/update-machine.ts";
import { chainAt, machine } from "../../firmware/api/cgminer/face-fixture.ts";
import { ROOT, temporaryFolder } from "../../support/program.ts";
import { assertInstalled, BOARD, RaucBoard, until } from "./board.ts";

const WISH = { isForced: false, clearsSettings: false };
const HASHING: Shown = { snapshot: machine(), isPausedByOwner: false, isManagementAnswering: true };
const DARK: Shown = {
  ...HASHING,
  snapshot: machine({ chains: [0, 1, 2].map((i) => chainAt(i, { state: "disabled" })) }),
};
const SETTINGS = 'settings_version = 2\n# mine\n[machine]\nhashboard = "s9"\n';
let board: RaucBoard;

beforeAll(assertInstalled);

beforeEach(async () => {
  board = new RaucBoard(temporaryFolder());
  await board.begin();
  fs.writeFileSync(path.join(board.data, "settings.toml"), SETTINGS);
  board.desk.look(HASHING);
});

afterEach(() => board.stop());

async function stage(): Promise<void> {
  expect((await board.desk.stage(1_000)).ok).toBe(true);
}

/** As an upload does it: staged, then whole in the data folder, then ordered. */
async function update(version: string, bundle: Parameters<RaucBoard["upload"]>[1] = {}, isForced = false) {
  await stage();
  board.upload(version, bundle);
  return board.desk.install({ ...WISH, isForced });
}

async function updated(version: string): Promise<void> {
  expect(await update(version)).toMatchObject({ ok: true });
  await until("the installation's end", () => board.desk.status.state === "pendingReboot");
  await until("the order to boot", () => board.reboots.length > 0);
  await board.boot();
}

async function prove(): Promise<void> {
  board.desk.look(HASHING);
  board.uptimeMs += HOLD_MS;
  await until("the proof", () => {
    board.desk.look(HASHING);
    return board.desk.status.state === "committed";
  });
}

const settings = (): string => fs.readFileSync(path.join(board.data, "settings.toml"), "utf8");

test("a signed bundle goes into the other slot, boots, proves itself and is marked good; settings stay", async () => {
  expect(board.desk.status).toMatchObject({ state: "idle", slot: "A", isUpdatable: true });
  await updated("0.2.0");
  expect([board.slot, board.version, board.held("A")]).toEqual(["B", "0.2.0", "0.1.0"]);
  expect(board.desk.status).toMatchObject({ state: "provingItself", fromVersion: "0.1.0", toVersion: "0.2.0" });
  expect((await board.desk.stage(1)).message).toContain("not proved itself yet");
  await prove();
  expect(board.state("B")).toBe("good");
  expect(fs.existsSync(path.join(board.data, "update.raucb"))).toBe(false);
  await board.boot();
  expect([board.slot, board.desk.status.state, settings()]).toEqual(["B", "committed", SETTINGS]);
});

test("a version that does not hash is marked bad, and the older one boots and says why; settings stay", async () => {
  await updated("0.2.0");
  board.uptimeMs = 900_001;
  board.desk.look(DARK);
  await until("the order to go back", () => board.reboots.length > 1);
  expect(board.state("B")).toBe("bad");
  await board.boot();
  expect([board.slot, board.version, settings()]).toEqual(["A", "0.1.0", SETTINGS]);
  expect(board.desk.status).toMatchObject({ state: "rolledBack", isUpdatable: true });
  expect(board.desk.status.message).toContain("0 of 3 chains hash");
  expect(board.incidents.join("; ")).toContain("an older version runs again");
  // And the next one may try.
  await updated("0.3.0");
  expect(board.version).toBe("0.3.0");
});

test("a version that never starts is left by the boot loader, and the older one says so", async () => {
  expect(await update("0.2.0")).toMatchObject({ ok: true });
  await until("the order to boot", () => board.reboots.length > 0);
  fs.writeFileSync(path.join(board.folder, "loader/state-B"), "bad\n");
  await board.boot();
  expect(board.slot).toBe("A");
  expect(board.desk.status).toMatchObject({ state: "rolledBack", message: expect.stringContaining("did not start") });
});

test("the owner goes back to the version before, and forward again", async () => {
  await updated("0.2.0");
  await prove();
  expect(await board.desk.back()).toMatchObject({ ok: true });
  await board.boot();
  expect([board.slot, board.version]).toEqual(["A", "0.1.0"]);
  expect(board.desk.status).toMatchObject({ state: "rolledBack", canGoBack: true });
  expect(await board.desk.back()).toMatchObject({ ok: true });
  await board.boot();
  expect(board.version).toBe("0.2.0");
});

test.each([
  ["another's signature", "0.2.0", { key: "stranger" }, "RAUC refuses: signature verification failed"],
  ["another board", "0.2.0", { board: "kumpel-other" }, `is for board kumpel-other and this one is ${BOARD}`],
  ["a lower version", "0.0.9", {}, "0.0.9 is lower than 0.1.0"],
])("%s is refused with one sentence, and no slot is touched", async (_, version, bundle, sentence) => {
  const before = fs.readFileSync(path.join(board.folder, "root-B.img"));
  const { ok, message } = await update(version, bundle);
  expect(ok).toBe(false);
  expect(message).toContain(sentence);
  expect(message).not.toContain("\n");
  expect(fs.readFileSync(path.join(board.folder, "root-B.img")).equals(before)).toBe(true);
  expect(fs.existsSync(path.join(board.data, "update.raucb"))).toBe(false);
  expect(board.desk.status).toMatchObject({ state: "idle", isUpdatable: true });
});

test("a lower version is installed when that is forced, and a bundle that is none is refused", async () => {
  await stage();
  fs.writeFileSync(path.join(board.data, "update.raucb"), Buffer.alloc(50_000, 7), { mode: 0o600 });
  expect((await board.desk.install(WISH)).message).toContain("RAUC refuses");
  expect(await update("0.0.9", {}, true)).toMatchObject({ ok: true });
  await until("the order to boot", () => board.reboots.length > 0);
  await board.boot();
  expect(board.version).toBe("0.0.9");
});

test("the card's own configuration takes the owner's bundle before the clock was set, and still no stranger's", () => {
  const keyring = path.join(board.folder, "owner.crt");
  const card = fs.readFileSync(path.join(ROOT, "buildroot/board/zynq/system.conf"), "utf8");
  const system = path.join(board.folder, "card.conf");
  const bundle = path.join(board.folder, "clockless.raucb");
  const beforeNtp = (config: string) => {
    fs.writeFileSync(system, config.replace("/etc/rauc/keyring.pem", keyring));
    return spawnSync("faketime", ["1990-01-01 00:00:00", "rauc", "--conf", system, "info", bundle], {
      encoding: "utf8",
    });
  };
  board.makeBundle("0.2.0", bundle, { board: "kumpel-zynq7010-s9io" });
  expect(beforeNtp(card)).toMatchObject({ status: 0, stdout: expect.stringContaining("0.2.0") as string });
  expect(beforeNtp(card.replace("use-bundle-signing-time=true", "")).stderr).toContain("not yet valid");
  board.makeBundle("0.2.0", bundle, { board: "kumpel-zynq7010-s9io", key: "stranger" });
  expect(beforeNtp(card).status).not.toBe(0);
});
