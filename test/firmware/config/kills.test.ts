/** Real kills: a process that changes settings in a real folder is killed at random points; what is left must be whole. */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { SettingsStore } from "#firmware/config/settings-store.ts";
import { FolderStore } from "#hal/linux/folder-store.ts";
import { ROOT, temporaryFolder } from "../../support/program.ts";

/** All 500 take minutes: `KILLS=500 npx vitest run test/firmware/config/kills.test.ts`. */
const KILLS = Number(process.env["KILLS"] ?? 40);
const KILL_WINDOW_MS = 25;

async function writerProgram(folder: string): Promise<string> {
  const outfile = path.join(folder, "writer.cjs");
  await build({
    entryPoints: [path.join(ROOT, "test/firmware/config/kill-writer.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    logLevel: "error",
  });
  return outfile;
}

/** Numbers that the writer said were on disk. */
function confirmedBy(writer: ChildProcess): { last: () => number; first: Promise<void> } {
  let text = "";
  let told: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    told = resolve;
  });
  writer.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
    if (text.includes("\n")) told();
  });
  return { last: () => Number(text.slice(0, text.lastIndexOf("\n")).split("\n").at(-1)), first };
}

const LIMIT_MS = 20_000 + KILLS * 2_000;

test(`${KILLS} kills in the middle of changes: settings are whole, none that were confirmed are lost`, {
  timeout: LIMIT_MS,
}, async () => {
  const folder = temporaryFolder();
  const program = await writerProgram(folder);
  const data = path.join(folder, "data");
  let highest = 0;
  const lost: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = spawn(process.execPath, [program, data], { stdio: ["ignore", "pipe", "inherit"] });
    const confirmed = confirmedBy(writer);
    await confirmed.first;
    await new Promise((resolve) => setTimeout(resolve, (kill * 7.3) % KILL_WINDOW_MS));
    const closed = new Promise((resolve) => writer.once("close", resolve));
    writer.kill("SIGKILL");
    await closed;
    const store = new SettingsStore(await FolderStore.open(data));
    const { source, settings, problems } = await store.load();
    const number = settings.network.metrics.port;
    const { fan_min_pct } = settings.cooling;
    const isWhole = fan_min_pct === number % 30 && settings.tuning.frequency_mhz === 50 + (number % 900);
    const isAfter = number >= Math.max(confirmed.last(), highest);
    if (source !== "file" || problems.length > 0 || !isWhole || !isAfter)
      lost.push(JSON.stringify({ kill, source, problems, number, confirmed: confirmed.last(), highest }));
    highest = number;
  }
  expect(lost).toEqual([]);
  expect(highest).toBeGreaterThan(KILLS);
  expect(fs.readdirSync(data).filter((name) => name.includes(".bad-"))).toEqual([]);
});
