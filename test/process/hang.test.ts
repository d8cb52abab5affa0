/** A program that hangs for real: only the board's watchdog can help, and the next start has to know. */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { PROGRAM, startProgram, temporaryFolder } from "../support/program.ts";

function kumpel(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("a stopped program is reset by the watchdog, and the next run says that it ended without a word", {
  timeout: 300_000,
}, async () => {
  const data = temporaryFolder();
  const options = ["run", "--demo", "--machine", "s9", "--http-port", "0", "--data", data, "--log-level", "info"];
  const first = startProgram(...options);
  await first.seen(/watchdog armed/);
  // The whole process stands still, as in an endless loop: no timer fires, no signal is heard.
  process.kill(first.pid, "SIGSTOP");
  expect(await first.ended(120_000)).toBe("SIGKILL");
  expect(first.stderr()).toContain("The emulated board's watchdog was not fed in time: board reset, supply off");

  const second = startProgram(...options);
  await second.seen(/watchdog armed/);
  process.kill(second.pid, "SIGTERM");
  await second.ended(120_000);
  const told = kumpel("incidents", "--data", data, "--json");
  const report = JSON.parse(told.stdout) as { incidents: { kind: string; text: string }[]; openRun: number | null };
  expect(report.incidents.map(({ kind }) => kind)).toEqual(["uncleanEnd", "stop"]);
  expect(report.openRun).toBeNull();
  expect(kumpel("incidents", "--data", data).stdout).toMatch(/why it last stopped: .+\n$/);
  fs.rmSync(data, { recursive: true });
});

test("a shutdown is acknowledged over the command line once, and bad words get one sentence", () => {
  const data = temporaryFolder();
  fs.writeFileSync(path.join(data, "shutdown.json"), '{"reason":"fan 2 stands still","atWallMs":1}');
  expect(kumpel("incidents", "--data", data, "--acknowledge")).toMatchObject({
    status: 0,
    stdout: "acknowledged: fan 2 stands still\n",
  });
  const again = kumpel("incidents", "--data", data, "--acknowledge");
  expect(again.status).toBe(2);
  expect(again.stderr).toMatch(/holds no shutdown \(shutdown\.json\): there is nothing to acknowledge\.\n$/);
  expect(kumpel("incidents", "--data", data).stderr).toMatch(/holds no incidents; give the folder/);
  expect(kumpel("incidents").stderr).toMatch(/^No folder: give --data DIR/);
  fs.rmSync(data, { recursive: true });
});
