import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  descendants,
  FREE_PORTS,
  livingGroup,
  runProgram,
  start,
  startProgram,
  temporaryFolder,
} from "../support/program.ts";

const MINING = /to":"hashing"/;

interface Ended {
  reason: string;
  hashboards_off: boolean;
}

function endOf(report: string): Ended {
  return (JSON.parse(fs.readFileSync(report, "utf8")) as { end: Ended }).end;
}

function reportPath(): string {
  return path.join(temporaryFolder(), "report.json");
}

test.concurrent.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s to the program: hashboards off, report written, nothing left",
  async (signal) => {
    const report = reportPath();
    const run = startProgram("run", "--demo", "--http-port", "0", "--report", report, "--log-level", "info");
    await run.seen(/own API listens/);
    process.kill(run.pid, signal);
    expect(await run.ended()).toBe(0);
    expect(endOf(report)).toEqual({ reason: signal, hashboards_off: true });
    expect(livingGroup(run.pid)).toEqual([]);
  },
);

test.concurrent.each([
  ["SIGINT", "npm"],
  ["SIGTERM", "npm"],
  ["SIGINT", "group"],
  ["SIGTERM", "group"],
] as const)("%s to %s while it hashes: hashboards off, nothing left", async (signal, target) => {
  const report = reportPath();
  const options = ["--machine", "bitaxe-gamma", "--http-port", "0", "--report", report, "--log-level", "info"];
  const run = start("npm", ["start", "--", ...options]);
  await run.seen(MINING);
  expect(descendants(run.pid).length).toBeGreaterThanOrEqual(2);
  process.kill(target === "group" ? -run.pid : run.pid, signal);
  await run.ended();
  expect(endOf(report)).toEqual({ reason: signal, hashboards_off: true });
  expect(livingGroup(run.pid)).toEqual([]);
});

test.concurrent("the emulator dies: the miner says so, ends with 3 and leaves nothing", async () => {
  const run = startProgram("run", "--demo", "--http-port", "0", "--log-level", "info");
  await run.seen(/own API listens/);
  const [emulator] = descendants(run.pid);
  process.kill(emulator ?? 0, "SIGKILL");
  expect(await run.ended()).toBe(3);
  expect(run.stderr()).toMatch(/emulator/i);
  expect(livingGroup(run.pid)).toEqual([]);
});

test.concurrent("the miner is killed: the emulator goes by itself", async () => {
  const run = startProgram("run", "--demo", "--http-port", "0", "--log-level", "info");
  await run.seen(/own API listens/);
  const below = descendants(run.pid);
  process.kill(run.pid, "SIGKILL");
  await run.ended();
  for (let i = 0; i < 200 && below.some((pid) => fs.existsSync(`/proc/${pid}`)); i++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(below.filter((pid) => fs.existsSync(`/proc/${pid}`))).toEqual([]);
});

test("a second run in the same data folder is refused with one sentence, and the first goes on", async () => {
  const folder = temporaryFolder();
  const first = startProgram("run", "--demo", "--link", "memory", "--data", folder, ...FREE_PORTS);
  await first.seen(/own API listens/);
  const second = await runProgram("run", "--demo", "--link", "memory", "--data", folder, ...FREE_PORTS);
  expect([second.code, second.stderr]).toEqual([
    2,
    expect.stringContaining(`is in use by a Kumpel that runs (process ${first.pid})`),
  ]);
  expect(fs.existsSync(path.join(folder, "console.sock"))).toBe(true);
  first.child.kill("SIGKILL");
  await first.ended();
  // A killed one leaves its lock behind, which is no obstacle.
  const third = startProgram("run", "--demo", "--link", "memory", "--data", folder, ...FREE_PORTS);
  await third.seen(/chain state/);
  third.child.kill("SIGTERM");
  expect(await third.ended()).toBe(0);
});

test("a run whose pools are those of the settings ends when it was asked to, with its report", async () => {
  const folder = temporaryFolder();
  const pool = '[[pool_groups]]\n[[pool_groups.pools]]\nurl = "127.0.0.1:1"\nuser = "me"\n';
  fs.writeFileSync(path.join(folder, "settings.toml"), `settings_version = 2\n${pool}`);
  const report = path.join(folder, "report.json");
  const words = ["run", "--machine", "bitaxe-gamma", "--link", "memory", "--data", folder, "--http-port", "0"];
  const { code, stderr } = await runProgram(...words, "--for", "2s", "--report", report);
  expect([code, stderr]).toEqual([3, expect.stringContaining("never gave a job")]);
  expect(JSON.parse(fs.readFileSync(report, "utf8"))).toMatchObject({ end: { hashboards_off: true } });
  const nowhere = await runProgram(...words, "--for", "2s", "--report", path.join(folder, "nope/report.json"));
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining("cannot be written")]);
});
