/** `kumpel config` and the settings of `kumpel run`, as a person uses them. */
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { runProgram, startProgram, temporaryFolder, tokenHeader } from "../support/program.ts";

test.concurrent("config set, check, show, backup, reset and restore", async () => {
  const data = path.join(temporaryFolder(), "data");
  const config = (...args: string[]) => runProgram("config", ...args, "--data", data);
  expect(await config("check")).toMatchObject({ code: 2 });
  expect(await config("set", "cooling.target_c", "55")).toMatchObject({ code: 0 });
  expect(await config("set", "cooling.target_c", "900")).toMatchObject({
    code: 2,
    stderr: "cooling.target_c is 900: must be 30..80 C.\n",
  });
  const pools = '[{"pools":[{"url":"pool.test:3333","user":"me","password":"hush"}]}]';
  expect(await config("set", "pool_groups", pools)).toMatchObject({ code: 0 });
  const shown = await config("show");
  expect(shown.stdout).toContain("cooling.target_c = 55\n");
  expect(shown.stdout).toContain('pool_groups[0].pools[0].password = "(hidden)"\n');
  const copy = path.join(data, "..", "copy.toml");
  expect(await config("backup", copy)).toMatchObject({ code: 0 });
  expect(fs.statSync(copy).mode & 0o777).toBe(0o600);
  expect(await config("reset")).toMatchObject({ code: 2 });
  expect(await config("reset", "--yes")).toMatchObject({ code: 0 });
  expect((await config("show", "--json")).stdout).not.toContain("target_c");
  expect(await config("restore", copy)).toMatchObject({ code: 0 });
  expect(fs.readFileSync(path.join(data, "settings.toml"), "utf8")).toBe(fs.readFileSync(copy, "utf8"));
  fs.appendFileSync(path.join(data, "settings.toml"), "[tuning]\nspeed = 1\n");
  expect(await config("check")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("tuning.speed is not known"),
  });
  const { stdout } = await config("token");
  expect(stdout).toMatch(/^kmp_[0-9a-f]{8}_[\w-]{32}\n$/);
  expect(fs.readFileSync(path.join(data, "access.json"), "utf8")).not.toContain(stdout.trim().slice(13));
});

test.concurrent("a token that could not be kept is not shown as if it were good", async () => {
  const data = temporaryFolder();
  fs.mkdirSync(path.join(data, "access.json"));
  const { code, stdout, stderr } = await runProgram("config", "token", "--data", data);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("access.json cannot be read");
});

test.concurrent("a broken file is neither kept as a copy nor changed by one key, and both say what is wrong", async () => {
  const data = temporaryFolder();
  const broken = "[cooling]\ntarget_c = 900\nboard_limit_c = 60\n";
  fs.writeFileSync(path.join(data, "settings.toml"), broken);
  const copy = path.join(data, "copy.toml");
  fs.writeFileSync(copy, "good");
  for (const words of [
    ["backup", copy],
    ["set", "cooling.fan_max_pct", "90"],
  ])
    expect(await runProgram("config", ...words, "--data", data)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("settings.toml line 2: cooling.target_c is 900: must be 30..80 C"),
    });
  expect(fs.readFileSync(copy, "utf8")).toBe("good");
  expect(fs.readFileSync(path.join(data, "settings.toml"), "utf8")).toBe(broken);
});

test.concurrent("a file that is broken from the start ends in a safe idle that says why, and is mended over the API", async () => {
  const data = temporaryFolder();
  fs.writeFileSync(path.join(data, "settings.toml"), "[cooling]\ntarget_c = 900\n");
  const run = startProgram(
    "run",
    "--demo",
    "--link",
    "memory",
    "--data",
    data,
    "--http-port",
    "0",
    "--log-level",
    "info",
  );
  await run.seen(/hashboards stay off: settings.toml line 2: cooling.target_c is 900: must be 30..80 C/);
  await run.seen(/own API listens/);
  const api = (): string => `http://127.0.0.1:${[...run.stderr().matchAll(/"port":(\d+)/g)].at(-1)?.[1]}/api/v1`;
  const health = await (await fetch(`${api()}/health`)).json();
  expect(health).toMatchObject({ status: "idle", problem: expect.stringContaining("settings.toml line 2") });
  const headers = { ...tokenHeader(run), "content-type": "application/json" };
  const post = async (command: object): Promise<unknown> =>
    (await fetch(`${api()}/commands`, { method: "POST", headers, body: JSON.stringify(command) })).json();
  expect(await post({ kind: "resume" })).toMatchObject({ ok: false });
  expect(await post({ kind: "setSettings", patch: { cooling: { target_c: 50 } } })).toMatchObject({ ok: true });
  expect(await post({ kind: "restart" })).toMatchObject({ ok: true });
  await run.seen(/"chain state"/);
  expect(fs.readFileSync(path.join(data, "settings.toml.bad-1"), "utf8")).toBe("[cooling]\ntarget_c = 900\n");
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(0);
});

test.concurrent("a first pool on a machine whose board is not there leaves the page where it was, with the reason", async () => {
  const data = temporaryFolder();
  fs.writeFileSync(path.join(data, "settings.toml"), 'settings_version = 2\n[machine]\nhashboard = "s9"\n');
  const run = startProgram("run", "--data", data, "--http-port", "0", "--log-level", "info");
  await run.seen(/hashboards stay off: No pool[\s\S]*own API listens/);
  const port = /"port":(\d+)/.exec(run.stderr())?.[1];
  const api = `http://127.0.0.1:${port}/api/v1`;
  const headers = { ...tokenHeader(run), "content-type": "application/json" };
  const body = JSON.stringify({ kind: "setPools", pools: [{ url: "pool.test:3333", user: "me", password: "x" }] });
  expect(await (await fetch(`${api}/commands`, { method: "POST", headers, body })).json()).toMatchObject({ ok: true });
  await run.seen(/hashboards stay off: (No control board was found|The control board)[\s\S]*own API listens/);
  const health = await (await fetch(`${api}/health`)).json();
  expect(health).toMatchObject({ status: "idle", problem: expect.stringContaining("ontrol board") });
  process.kill(run.pid, "SIGTERM");
  await run.ended();
});
