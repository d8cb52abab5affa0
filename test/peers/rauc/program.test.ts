/**
 * The program itself where it believes to be an image (a mount namespace of its own), with an updater and a reboot that only
 * write down that they were called: the hashboards are off before the board boots, and what the next start makes of it.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, expect, test } from "vitest";
import { FREE_PORTS, PROGRAM, type Started, start, temporaryFolder, tokenHeader } from "../../support/program.ts";

const folder = temporaryFolder();
const data = path.join(folder, "data");
const journalFile = path.join(folder, "journal");
const report = path.join(folder, "report.json");
/** The least that the settings take. */
const PROVE_MINUTES = 3;
let running: Started | null = null;

afterEach(async () => {
  running?.child.kill("SIGTERM");
  await running?.ended();
});

function script(name: string, text: string): void {
  fs.mkdirSync(path.join(folder, "bin"), { recursive: true });
  fs.writeFileSync(path.join(folder, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

const slotJson = (name: string, state: string) =>
  JSON.stringify({ [`rootfs.${name}`]: { bootname: name, state, boot_status: "good" } });

function bootSlot(booted: "A" | "B"): void {
  const [a, b] = booted === "A" ? ["booted", "inactive"] : ["inactive", "booted"];
  const status = `{"compatible":"x","booted":"${booted}","slots":[${slotJson("A", a)},${slotJson("B", b)}]}`;
  script(
    "rauc",
    `echo "rauc $*" >> ${journalFile}
case "$*" in
"status --output-format=json") echo '${status}' ;;
info*) echo '{"compatible":"x","version":"99.0.0"}' ;;
install*) echo ' 50% Copying'; grep -q bundle "$2" || exit 1 ;;
esac`,
  );
}

async function begin(sign = /"port":\d+,"msg":"own API listens"/): Promise<{ base: string; started: Started }> {
  fs.rmSync(journalFile, { force: true });
  fs.rmSync(report, { force: true });
  const etc = path.join(folder, "etc");
  const image = `rm -rf ${etc} && cp -a /etc ${etc} && echo BOARD=x > ${etc}/kumpel-release && mount --bind ${etc} /etc`;
  const words = [process.execPath, PROGRAM, "run", "--demo", "--link", "memory", "--data", data, ...FREE_PORTS];
  const command = `${image} && exec ${[...words, "--report", report].join(" ")}`;
  const env = { PATH: `${path.join(folder, "bin")}:${process.env["PATH"]}` };
  const started = start("unshare", ["-m", "sh", "-c", command], env);
  running = started;
  await started.seen(sign);
  const port = /"port":(\d+),"msg":"own API listens"/.exec(started.stderr())?.[1];
  return { base: `http://127.0.0.1:${port}/api/v1`, started };
}

const journal = (): string[] =>
  fs.existsSync(journalFile) ? fs.readFileSync(journalFile, "utf8").trim().split("\n") : [];

async function statusUntil<T>(ask: () => Promise<T>, predicate: (answer: T) => boolean): Promise<T> {
  for (let i = 0; i < 600; i++) {
    const answer = await ask();
    if (predicate(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not come");
}

async function kumpel(...args: string[]): Promise<{ code: number | string; stdout: string }> {
  const run = start(process.execPath, [PROGRAM, ...args, "--data", data]);
  const code = await run.ended();
  return { code, stdout: run.stdout() };
}

function assertBootedAfterTheEnd(started: Started): void {
  expect(journal().at(-1)).toBe("reboot after the report");
  const { end } = JSON.parse(fs.readFileSync(report, "utf8")) as { end: { reason: string; hashboards_off: boolean } };
  expect(end.hashboards_off, started.stderr()).toBe(true);
  expect(end.reason).toContain("the board is booted");
}

test("hashboards go off, then the board boots; a new version whose time is over goes back, and the older one says so", async () => {
  // A board that goes down stops what runs, this program too.
  script("reboot", `[ -f ${report} ] && echo "reboot after the report" >> ${journalFile}; kill -TERM $PPID`);
  fs.mkdirSync(data);
  fs.writeFileSync(
    path.join(data, "settings.toml"),
    `settings_version = 2\n[update]\nprove_minutes = ${PROVE_MINUTES}\n`,
  );
  bootSlot("A");
  const first = await begin();
  const headers = tokenHeader(first.started);
  const ask = async (url: string) => (await (await fetch(url, { headers })).json()) as Record<string, unknown>;
  await statusUntil(
    () => ask(`${first.base}/summary`),
    ({ status }) => status === "hashing",
  );
  const type = { "content-type": "application/octet-stream" };
  const posted = await fetch(`${first.base}/update`, {
    method: "POST",
    headers: { ...headers, ...type },
    body: Buffer.from("a bundle"),
  });
  expect(await posted.json()).toMatchObject({ ok: true, message: expect.stringContaining("99.0.0") });
  expect(await first.started.ended()).toBe(0);
  assertBootedAfterTheEnd(first.started);
  const record = JSON.parse(fs.readFileSync(path.join(data, "update.json"), "utf8")) as Record<string, unknown>;
  expect(record).toMatchObject({ phase: "installed", toVersion: "99.0.0", toSlot: "B", hashingChains: 3 });

  // This machine booted longer ago than a new version may take, as after a program that ended again and again.
  while (os.uptime() < 60 * PROVE_MINUTES) await new Promise((resolve) => setTimeout(resolve, 1_000));
  bootSlot("B");
  const second = await begin(/kumpel: the board is booted/);
  expect(await second.started.ended()).toBe(0);
  assertBootedAfterTheEnd(second.started);
  expect(journal()).toContain("rauc status mark-bad booted");
  expect(journal()).toContain("rauc status mark-active other");

  bootSlot("A");
  const third = await begin();
  const snapshot = await statusUntil(
    () => ask(`${third.base}/snapshot`),
    ({ recentIncidents }) => JSON.stringify(recentIncidents ?? "").includes("an older version runs again"),
  );
  expect(snapshot).toMatchObject({ update: { state: "rolledBack", slot: "A", isUpdatable: true } });
  expect(journal()).toContain("rauc status mark-good booted");
  const told = await kumpel("update", "status");
  expect(told.stdout).toContain("did not prove itself within 3 min");
  expect(told.stdout).toContain("may update   yes");
}, 180_000);

test("where the program is no image it says who updates it", async () => {
  const child = start(process.execPath, [PROGRAM, "run", "--demo", "--link", "memory", ...FREE_PORTS]);
  running = child;
  await child.seen(/"port":\d+,"msg":"own API listens"/);
  const port = /"port":(\d+),"msg":"own API listens"/.exec(child.stderr())?.[1];
  const headers = { ...tokenHeader(child), "content-type": "application/octet-stream" };
  const reply = await fetch(`http://127.0.0.1:${port}/api/v1/update`, { method: "POST", headers, body: "x" });
  expect(reply.status).toBe(400);
  expect(await reply.json()).toMatchObject({ ok: false, message: expect.stringContaining("whoever installed it") });
});
