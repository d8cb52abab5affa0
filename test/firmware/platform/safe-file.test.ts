import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { HASHBOARDS, type HashboardName } from "#drivers/hashboards/models.ts";
import { createLog } from "#firmware/log.ts";
import type { RealMachine } from "#firmware/platform/choose-board.ts";
import { writeSafeFile } from "#firmware/platform/safe-file.ts";
import { temporaryFolder } from "../../support/program.ts";

const log = createLog("silent");

function written(machine: HashboardName, settings: RealMachine["settings"] = {}, file?: string): string {
  const place = file ?? path.join(temporaryFolder(), "safe.sh");
  const found = { kind: "board", board: "amlogic-a113d", why: "a test", family: null } as const;
  writeSafeFile({ hashboard: HASHBOARDS[machine], found, settings }, log, place);
  return fs.existsSync(place) ? fs.readFileSync(place, "utf8") : "";
}

test("the supply is switched off where its level is known of this machine, or its owner measured it", () => {
  expect(written("s19kpro")).toMatch(/^drive 'supply off' /m);
  expect(written("s19jpro")).not.toMatch(/^drive 'supply off' /m);
  const [low, high] = [written("s19jpro", { psuEnableActive: "high" }), written("s19jpro", { psuEnableActive: "low" })];
  expect(low).toMatch(/^drive 'supply off' .* low$/m);
  expect(high).toMatch(/^drive 'supply off' .* high$/m);
});

test("it is a script of the shell, whole, and for the owner alone", () => {
  const file = path.join(temporaryFolder(), "safe.sh");
  written("s21", {}, file);
  expect(spawnSync("sh", ["-n", file]).status).toBe(0);
  expect([fs.statSync(file).mode & 0o777, fs.readdirSync(path.dirname(file))]).toEqual([0o700, ["safe.sh"]]);
});

test("a place that takes none is no reason not to mine", () => {
  expect(written("s21", {}, "/proc/none/safe.sh")).toBe("");
});
