/** The image's recipe installs the whole program: each file that a build makes lies in the root file system, and it starts. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { bundle } from "../../../scripts/build.mjs";
import { installPackage } from "../../qemu/package-install.mjs";
import { ROOT, temporaryFolder } from "../../support/program.ts";

/** Of no use on a board: for a person with a stack trace. */
const STAYS = /\.map$/;

function below(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => fs.statSync(path.join(folder, name)).isFile())
    .sort();
}

test("what a build makes is what the recipe installs, and it runs from there", async () => {
  const [built, target] = [path.join(temporaryFolder(), "x64"), path.join(temporaryFolder(), "root")];
  await bundle({ outDir: built });
  installPackage(built, target);
  const installed = path.join(target, "usr/lib/kumpel");
  const wanted = below(built).filter((name) => !STAYS.test(name));
  expect(wanted).toContain("web/page.html.gz");
  expect(below(installed)).toEqual([...wanted, "first-boot.toml"].sort());
  for (const name of wanted)
    expect(fs.readFileSync(path.join(installed, name)).equals(fs.readFileSync(path.join(built, name))), name).toBe(
      true,
    );

  const program = path.join(installed, "kumpel.cjs");
  expect(execFileSync(process.execPath, [program, "version"], { encoding: "utf8" })).toMatch(/^kumpel \d/);
  for (const script of ["S01safe", "S02data", "S45ntpd", "S90kumpel"])
    expect(fs.statSync(path.join(target, "etc/init.d", script)).mode & 0o111, script).toBe(0o111);
});

test("the program tells whose work is in it: every package with a licence that allows it", async () => {
  const built = temporaryFolder();
  await bundle({ outDir: built });
  const text = execFileSync(process.execPath, [path.join(built, "kumpel.cjs"), "version", "--licences"], {
    encoding: "utf8",
  });
  const list = [...text.matchAll(/^(\S+) (\d+\.\d+\.\d+\S*) {2}(.+)$/gm)];
  const names = list.map(([, name]) => name);
  for (const name of ["fastify", "zod", "serialport", "pino", "mqtt", "preact", "uplot", "koffi", "i2c-bus", "onoff"])
    expect(names).toContain(name);
  expect(list.length).toBeGreaterThan(50);
  // Apache-2.0 wants the notice beside the licence.
  const notice = path.join(ROOT, "node_modules/reflect-metadata/CopyrightNotice.txt");
  expect(text).toContain(fs.readFileSync(notice, "utf8").replaceAll("\r\n", "\n").trim());
  for (const [line, name, version, licence] of list) {
    expect(licence, line).toMatch(/^\(?(MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|Unlicense)\b/);
    expect(text).toContain(`\n${"=".repeat(80)}\n${name} ${version}\n\n`);
  }
});
