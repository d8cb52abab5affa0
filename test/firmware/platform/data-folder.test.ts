import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openDataFolder, openDataFolderToRead } from "#firmware/platform/data-folder.ts";

let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-test-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  fs.rmSync(folder, { recursive: true, force: true });
});

test("the owner's folder is made and stays, a temporary one goes", async () => {
  const place = path.join(folder, "new/deeper");
  const kept = await openDataFolder(place);
  await kept.close();
  expect(kept.isKept).toBe(true);
  expect(fs.existsSync(place)).toBe(true);

  vi.stubEnv("TMPDIR", folder);
  const temporary = await openDataFolder(null);
  expect(temporary.isKept).toBe(false);
  expect(fs.existsSync(temporary.store.place)).toBe(true);
  await temporary.close();
  expect(fs.readdirSync(folder)).toEqual(["new"]);
});

test("without a place for a temporary folder both ways out are named", async () => {
  vi.stubEnv("TMPDIR", path.join(folder, "nope"));
  await expect(openDataFolder(null)).rejects.toMatchObject({
    code: "STORE_FAILED",
    message: expect.stringMatching(/nope .*--data DIR.*TMPDIR/),
  });
});

test("a wrong --data is wrong usage, and reading makes no folder", async () => {
  const file = path.join(folder, "file");
  fs.writeFileSync(file, "");
  const typo = path.join(folder, "typo");
  for (const opening of [openDataFolder(file), openDataFolderToRead(file), openDataFolderToRead(typo)]) {
    await expect(opening).rejects.toMatchObject({ code: "USAGE", message: expect.stringMatching(/^--data ".*; give/) });
  }
  expect(fs.readdirSync(folder)).toEqual(["file"]);
});
