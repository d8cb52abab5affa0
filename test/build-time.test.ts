/** The time that the program tells as that of its build is the source's own, so that the same source gives the same bytes. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { buildWallMs } from "../scripts/build-time.mjs";
import { PROGRAM, ROOT, temporaryFolder } from "./support/program.ts";

const NOW_MS = 1_800_000_000_000;
const COMMITTED_S = 1_790_000_000;

function commitIn(folder: string): void {
  const date = `${COMMITTED_S} +0000`;
  const who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org", "-c", "commit.gpgsign=false"];
  const env = { ...process.env, GIT_COMMITTER_DATE: date, GIT_AUTHOR_DATE: date };
  execFileSync("git", ["init", "--quiet", folder]);
  execFileSync("git", ["-C", folder, ...who, "commit", "--quiet", "--allow-empty", "-m", "all"], { env });
}

test("SOURCE_DATE_EPOCH goes before the commit, the commit before now", () => {
  const folder = temporaryFolder();
  expect(buildWallMs({}, folder, NOW_MS)).toBe(NOW_MS);
  commitIn(folder);
  expect(buildWallMs({}, folder, NOW_MS)).toBe(COMMITTED_S * 1000);
  expect(buildWallMs({ SOURCE_DATE_EPOCH: "" }, folder, NOW_MS)).toBe(COMMITTED_S * 1000);
  expect(buildWallMs({ SOURCE_DATE_EPOCH: "1700000000" }, folder, NOW_MS)).toBe(1_700_000_000_000);
  expect(() => buildWallMs({ SOURCE_DATE_EPOCH: "today" }, folder, NOW_MS)).toThrow(
    'SOURCE_DATE_EPOCH is "today": must be whole seconds since 1970',
  );
  // A copy that lies in somebody else's repository: his commits are not ours.
  const inside = path.join(folder, "copy");
  fs.mkdirSync(inside);
  expect(buildWallMs({}, inside, NOW_MS)).toBe(NOW_MS);
});

test("the bundle carries it", () => {
  const { built } = JSON.parse(execFileSync(process.execPath, [PROGRAM, "version", "--json"], { encoding: "utf8" }));
  const wanted = buildWallMs(process.env, ROOT, Number.NaN);
  if (Number.isNaN(wanted)) expect(built).toMatch(/^\d{4}-/);
  else expect(built).toBe(new Date(wanted).toISOString());
});
