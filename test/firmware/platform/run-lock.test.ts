import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { LOCK_FILE, lockFolder } from "#firmware/platform/run-lock.ts";
import { temporaryFolder } from "../../support/program.ts";

test("a folder is locked once, and free again after the run", () => {
  const folder = temporaryFolder();
  const unlock = lockFolder(folder);
  expect(() => lockFolder(folder)).toThrow(`is in use by a Kumpel that runs (process ${process.pid})`);
  unlock();
  expect(fs.readdirSync(folder)).toEqual([]);
  lockFolder(folder)();
});

test("what a killed run left is no obstacle: a process that is gone, or whose number another one has now", () => {
  const folder = temporaryFolder();
  const gone = spawnSync("true").pid;
  for (const left of [`${gone} 12345\n`, `${process.pid} 1\n`, "nonsense", ""]) {
    fs.writeFileSync(path.join(folder, LOCK_FILE), left);
    lockFolder(folder)();
  }
});

test("the lock of another run is not removed", () => {
  const folder = temporaryFolder();
  const unlock = lockFolder(folder);
  fs.writeFileSync(path.join(folder, LOCK_FILE), "1 2\n");
  unlock();
  expect(fs.readFileSync(path.join(folder, LOCK_FILE), "utf8")).toBe("1 2\n");
});

test("a folder that cannot be written to is none of its business", () => {
  expect(() => lockFolder("/proc")()).not.toThrow();
});
