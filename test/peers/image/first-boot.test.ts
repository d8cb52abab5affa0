/** The settings of a first boot: what S02data puts into an empty data folder, and never over anything. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import { checkText } from "#firmware/config/check.ts";
import { DEFAULT_SETTINGS } from "#firmware/config/schema.ts";
import { ROOT, temporaryFolder } from "../../support/program.ts";

const PACKAGE = path.join(ROOT, "buildroot/package/kumpel");
const FIRST_BOOT = path.join(PACKAGE, "first-boot.toml");
const TEXT = fs.readFileSync(FIRST_BOOT, "utf8");

const base = temporaryFolder();
let data = "";
let bin = "";
beforeEach(() => {
  const folder = fs.mkdtempSync(path.join(base, "boot-"));
  [data, bin] = [path.join(folder, "data"), path.join(folder, "bin")];
  for (const name of [data, bin]) fs.mkdirSync(name);
  // The data partition is a folder here.
  fs.writeFileSync(path.join(bin, "mount"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
});

const inData = (name: string): string => path.join(data, "kumpel", name);

function boot(more: Record<string, string> = {}) {
  const { status, stdout } = spawnSync("sh", [path.join(PACKAGE, "S02data"), "start"], {
    encoding: "utf8",
    env: {
      PATH: `${bin}:${process.env["PATH"]}`,
      KUMPEL_CONF: path.join(bin, "none"),
      KUMPEL_DATA: data,
      KUMPEL_FIRST_BOOT: FIRST_BOOT,
      ...more,
    },
  });
  return { status, out: stdout };
}

test("the page listens in the local network; every other setting is a default, so there is no pool and nothing is switched on", () => {
  const { settings, problems } = checkText(TEXT, "first-boot.toml");
  expect(problems).toEqual([]);
  const { network } = DEFAULT_SETTINGS;
  const http = { ...network.http, listen: "0.0.0.0" };
  expect(settings).toEqual({ ...DEFAULT_SETTINGS, network: { ...network, http } });
  expect(settings?.pool_groups).toEqual([]);
});

test("a partition that is mounted for reading only is told as such, and nothing of it is lost", () => {
  fs.mkdirSync(path.join(data, "kumpel"));
  fs.writeFileSync(inData("settings.toml"), "mine");
  // What stands in the way of the file that is tried: root may write to a folder whatever its mode says.
  fs.mkdirSync(path.join(data, ".writable"));
  expect(boot().out).toMatch(/FAIL \(data\):\s+takes no writes, what is changed is lost at the next boot/);
  expect(fs.readFileSync(inData("settings.toml"), "utf8")).toBe("mine");
});

test("an empty data folder gets them, readable for the owner only; the next boot leaves the owner's changes alone", () => {
  expect(boot()).toMatchObject({ status: 0 });
  expect(fs.readFileSync(inData("settings.toml"), "utf8")).toBe(TEXT);
  expect(fs.statSync(inData("settings.toml")).mode & 0o777).toBe(0o600);
  expect(fs.readdirSync(path.join(data, "kumpel"))).toEqual(["settings.toml"]);
  fs.appendFileSync(inData("settings.toml"), "# mine\n");
  expect(boot()).toMatchObject({ status: 0 });
  expect(fs.readFileSync(inData("settings.toml"), "utf8")).toBe(`${TEXT}# mine\n`);
});

test.each(["settings.toml", "settings.toml.good", "settings.toml.next"])(
  "a folder with %s has had an owner, and nothing is put into it",
  (name) => {
    fs.mkdirSync(path.join(data, "kumpel"));
    fs.writeFileSync(inData(name), "");
    expect(boot()).toMatchObject({ status: 0 });
    expect(fs.readdirSync(path.join(data, "kumpel"))).toEqual([name]);
    expect(fs.readFileSync(inData(name), "utf8")).toBe("");
  },
);

test("a copy that a power cut left half done is no settings file, and the next boot makes it anew", () => {
  fs.mkdirSync(path.join(data, "kumpel"));
  fs.writeFileSync(inData("first-boot.part"), "[network.ht");
  expect(boot()).toMatchObject({ status: 0 });
  expect(fs.readFileSync(inData("settings.toml"), "utf8")).toBe(TEXT);
});

test("an image without them boots, and says what that means", () => {
  const { status, out } = boot({ KUMPEL_FIRST_BOOT: path.join(bin, "none") });
  expect(status).toBe(0);
  expect(out).toContain("the page is reachable from the board itself only");
  expect(fs.readdirSync(path.join(data, "kumpel"))).toEqual([]);
});
