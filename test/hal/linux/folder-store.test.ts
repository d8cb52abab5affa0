import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FolderStore } from "#hal/linux/folder-store.ts";

let folder = "";
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-test-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

test("files are written as a whole, read, listed and removed", async () => {
  const store = await FolderStore.open(path.join(folder, "new/deeper"));
  expect(await store.read("a.json")).toBeNull();
  await store.write("a.json", "one");
  await store.write("a.json", "two");
  expect(await store.read("a.json")).toBe("two");
  await store.write("b.json", "");
  expect(await store.list()).toEqual(["a.json", "b.json"]);
  await store.remove("a.json");
  await store.remove("a.json");
  expect(await store.list()).toEqual(["b.json"]);
});

test("what a power cut left of a write is neither listed nor in the way", async () => {
  const store = await FolderStore.open(folder);
  fs.writeFileSync(path.join(folder, "a.json.new"), "half");
  expect(await store.list()).toEqual([]);
  await store.write("a.json", "whole");
  expect(await store.read("a.json")).toBe("whole");
});

test("names with a path are a bug, a place that is a file is a clear error", async () => {
  const store = await FolderStore.open(folder);
  await expect(store.read("../secret")).rejects.toThrow(RangeError);
  fs.writeFileSync(path.join(folder, "file"), "");
  await expect(FolderStore.open(path.join(folder, "file"))).rejects.toMatchObject({
    code: "STORE_FAILED",
    message: expect.stringContaining("check that the folder is there, writable and not full"),
  });
});

test.each(["/proc/nope/deeper", "/etc/passwd/deeper"])("%s cannot be made, and that is said at once", async (place) => {
  await expect(FolderStore.open(place)).rejects.toMatchObject({ code: "STORE_FAILED" });
});

test("who only reads makes no folder", async () => {
  const place = path.join(folder, "typo");
  await expect(FolderStore.openToRead(place)).rejects.toMatchObject({ code: "STORE_FAILED" });
  expect(fs.existsSync(place)).toBe(false);
  const store = await FolderStore.openToRead(folder);
  expect(await store.read("a.json")).toBeNull();
});
