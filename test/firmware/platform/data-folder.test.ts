import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openDataFolder, openDataFolderToRead, settingsOfData } from "#firmware/platform/data-folder.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { ROOT } from "../../support/program.ts";

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

test("a folder on a disk that takes no more writes is read all the same; one that nobody may write to is refused", async () => {
  fs.writeFileSync(path.join(folder, "settings.toml"), "settings_version = 2\n");
  const refuse = (code: string) =>
    vi.spyOn(fs.promises, "access").mockImplementation((_, mode = 0) => {
      const isForWriting = (mode & fs.constants.W_OK) !== 0;
      return isForWriting ? Promise.reject(Object.assign(new Error(code), { code })) : Promise.resolve();
    });
  const readOnly = refuse("EROFS");
  const { store, isKept, isReadOnly } = await openDataFolder(folder);
  expect([isKept, isReadOnly, await store.read("settings.toml")]).toEqual([true, true, "settings_version = 2\n"]);
  readOnly.mockRestore();
  const forbidden = refuse("EACCES");
  await expect(openDataFolder(folder)).rejects.toMatchObject({ code: "USAGE" });
  forbidden.mockRestore();
  expect((await openDataFolder(folder)).isReadOnly).toBe(false);
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

test("a reset of an image's settings leaves what its first boot began with", async () => {
  const store = new MemoryStore();
  await store.write("settings.toml", 'settings_version = 2\n[network.http]\nlisten = "0.0.0.0"\nport = 8081\n');
  const image = settingsOfData(store, path.join(ROOT, "buildroot/package/kumpel/first-boot.toml"));
  await image.load();
  expect((await image.reset()).settings.network.http).toMatchObject({ listen: "0.0.0.0", port: 8080 });
  const elsewhere = settingsOfData(store, "/no/such/first-boot.toml");
  await elsewhere.load();
  expect((await elsewhere.reset()).settings.network.http.listen).toBe("127.0.0.1");
});
