/** `kumpel hil` as a process of its own: in real time behind pseudo-terminals, and stopped by signals. */
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { hilReportSchema } from "#firmware/hil/report.ts";
import { descendants, livingGroup, runProgram, startProgram, temporaryFolder } from "../support/program.ts";

/** The S21's own waits and a minute of mining make four minutes; a busy machine may take its time. */
const REAL_TIME_MS = 900_000;

test.concurrent("the full suite passes on an S21 in real time over its pseudo-terminals", {
  timeout: REAL_TIME_MS,
}, async () => {
  const file = path.join(temporaryFolder(), "report.json");
  const run = startProgram("hil", "--target", "emulator:s21", "--suite", "full", "--real-time", "--json", file);
  expect(await run.ended(REAL_TIME_MS), run.stdout()).toBe(0);
  const report = hilReportSchema.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  expect(report.steps.map(({ verdict }) => verdict)).toEqual(Array(11).fill("passed"));
  expect(report.power_off_confirmed).toBe(true);
  expect(livingGroup(run.pid)).toEqual([]);
});

test.concurrent.each(["SIGINT", "SIGTERM"] as const)("%s under power: off, told, nothing left", async (signal) => {
  const file = path.join(temporaryFolder(), "report.json");
  const run = startProgram(
    "hil",
    "--target",
    "emulator:bitaxe-gamma",
    "--suite",
    "smoke",
    "--real-time",
    "--json",
    file,
  );
  await run.seen(/^ramp: /m);
  process.kill(run.pid, signal);
  expect(await run.ended()).toBe(1);
  const report = hilReportSchema.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  expect(report).toMatchObject({ stopped: `stopped by ${signal}`, power_off_confirmed: true, verdict: "failed" });
  expect(livingGroup(run.pid)).toEqual([]);
});

test.concurrent("the emulator dies under power: not confirmed off, and exit code 3", async () => {
  const run = startProgram("hil", "--target", "emulator:bitaxe-gamma", "--suite", "smoke", "--real-time");
  await run.seen(/^ramp: /m);
  const [emulator] = descendants(run.pid);
  process.kill(emulator ?? 0, "SIGKILL");
  expect(await run.ended()).toBe(3);
  expect(run.stdout()).toMatch(/^FAILED {2}ramp /m);
  expect(run.stderr()).toMatch(/emulator's process \d+ is gone/);
  expect(run.stdout()).toContain("POWER IS NOT CONFIRMED TO BE OFF");
  expect(livingGroup(run.pid)).toEqual([]);
});

test.concurrent("virtual time needs no terminal and little time; wrong words end with 2, no board with 3", async () => {
  const good = await runProgram("hil", "--target", "emulator:bitaxe-gamma", "--suite", "full");
  expect(good.code, good.stdout).toBe(0);
  const wrong = await runProgram("hil", "--target", "emulator:s99", "--suite", "full");
  expect(wrong).toMatchObject({ code: 2, stdout: "" });
  expect(wrong.stderr).toMatch(/^--target "emulator:s99" is unknown; choose one of: .*\.\n$/);
  const file = path.join(temporaryFolder(), "bench.toml");
  fs.writeFileSync(file, '[machine]\nhashboard = "s21"\n');
  const none = await runProgram("hil", "--target", file, "--suite", "smoke");
  expect(none.code).toBe(3);
  expect(none.stderr).toMatch(/No control board was found/);
  expect((await runProgram("hil", "--help")).stdout).toContain("kumpel hil --target emulator:NAME|TARGET.toml");
});
