import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { RunReport } from "#firmware/cli/run-report.ts";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import { startProgram, temporaryFolder, tokenHeader } from "../support/program.ts";

test.concurrent("an outside pool at Bitcoin's scale and a low difficulty accepts the shares of --chip-ticket", async () => {
  const clock = new SystemClock();
  const pool = new LocalPool({
    network: new SocketNetwork(),
    clock,
    random: new SystemRandom(),
    host: "127.0.0.1",
    port: 0,
    scale: 1,
    sharesPerSecond: 0,
    startDifficulty: 16_384,
  });
  const port = await pool.start();
  const report = path.join(temporaryFolder(), "report.json");
  const run = startProgram(
    "run",
    "--demo",
    "--pool",
    `stratum+tcp://127.0.0.1:${port}`,
    "--user",
    "alice.rig",
    "--chip-ticket",
    "0.00001",
    "--http-port",
    "0",
    "--report",
    report,
    "--log-level",
    "info",
  );
  await run.seen(/to":"hashing"/);
  for (let i = 0; i < 600 && pool.counts().accepted < 10; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(0);
  await pool.stop();
  const { shares, nonces, emulation } = JSON.parse(fs.readFileSync(report, "utf8")) as RunReport;
  expect(shares.accepted).toBeGreaterThanOrEqual(10);
  expect(shares.rejected).toBe(0);
  expect(nonces.hardware_errors).toBe(0);
  expect(emulation).toContain("0.00001");
  expect(pool.counts()).toMatchObject({ rejected: 0, lowDifficulty: 0, duplicate: 0 });
});

test.concurrent("--link memory mines in one process, and the report goes to standard output alone", {
  timeout: 180_000,
}, async () => {
  const options = ["--machine", "bitaxe-gamma", "--link", "memory", "--http-port", "0", "--log-level", "silent"];
  const run = startProgram("run", "--demo", ...options, "--report", "-");
  await run.seen(/, [1-9]\d* accepted,/, 120_000);
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(0);
  const report = JSON.parse(run.stdout()) as RunReport;
  expect(report.shares.accepted).toBeGreaterThan(0);
  expect(report.nonces).toMatchObject({ hardware_errors: 0, duplicate: 0, unknown_work: 0 });
  expect(report.end.hashboards_off).toBe(true);
});

test.concurrent("the own API serves the snapshot while it mines", async () => {
  const run = startProgram("run", "--demo", "--http-port", "0", "--log-level", "info");
  await run.seen(/own API listens/);
  const port = /"port":(\d+)/.exec(run.stderr())?.[1];
  let snapshot: Record<string, unknown> = {};
  for (let i = 0; i < 100 && snapshot["machine"] === undefined; i++) {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/snapshot`, { headers: tokenHeader(run) });
    if (response.status === 200) snapshot = (await response.json()) as Record<string, unknown>;
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(snapshot).toMatchObject({
    machine: "s21",
    isPowerOn: expect.any(Boolean),
    chains: [{ index: 0 }, { index: 1 }, { index: 2 }],
  });
  process.kill(run.pid, "SIGTERM");
  expect(await run.ended()).toBe(0);
});
