/** What the boot loader keeps of an update, by the real programs for U-Boot's environment on a file of its form. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { RaucUpdater } from "#firmware/update/rauc.ts";
import { runProgram } from "#hal/linux/run-program.ts";
import { readEnvironment, writeEnvironment } from "../../qemu/boot-loader.ts";
import { temporaryFolder } from "../../support/program.ts";

beforeAll(() => {
  if (spawnSync("sh", ["-c", "command -v fw_setenv"]).status !== 0)
    throw new Error("fw_setenv not found: apt-get install libubootenv-tool (or run .ci/install-packages)");
});

test("a record is kept, read and removed beside the loader's own variables, which stay as they are", async () => {
  const folder = temporaryFolder();
  const [file, config] = [path.join(folder, "uboot.env"), path.join(folder, "fw_env.config")];
  const own = new Map([
    ["BOOT_ORDER", "B A"],
    ["BOOT_A_LEFT", "3"],
    ["BOOT_B_LEFT", "2"],
  ]);
  fs.writeFileSync(file, writeEnvironment(own));
  fs.writeFileSync(config, `${file} 0x0000 0x20000\n`);
  const updater = new RaucUpdater((program, args, options) => runProgram(program, ["-c", config, ...args], options));
  expect(await updater.pledge()).toBeNull();
  const line = JSON.stringify({ form: 1, toVersion: "0.2.0-rc.1+a", reason: "it's $HOME; {}" });
  await updater.keepPledge(line);
  expect(await updater.pledge()).toBe(line);
  expect(readEnvironment(fs.readFileSync(file))).toEqual(new Map([...own, ["kumpel_update", line]]));
  await updater.keepPledge(null);
  expect(await updater.pledge()).toBeNull();
  expect(readEnvironment(fs.readFileSync(file))).toEqual(own);
});
