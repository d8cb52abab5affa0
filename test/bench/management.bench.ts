/**
 * What the management plane can do to mining: the whole program mines while clients load its API, while a browser has many
 * tabs of its page open, or while the worker is ended, filled or hung, beside the same program left alone in each round;
 * medians. The tabs also beside the same tabs behind a relay, which shows the board one of them: what a browser costs that
 * runs on the same processors is not the board's; an endless loop in the worker also beside one in a process that has nothing
 * to do with it. And how quick reads are meanwhile. PAIRS=5 rounds (the default) take about half an hour;
 * LOADS=api,ended,memory,loop,tabs chooses.
 */
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import type { RunReport } from "#firmware/cli/run-report.ts";
import type { LocalPool } from "#hal/emulator/local-pool.ts";
import { type Started, start, tokenHeader } from "../support/program.ts";
import { progress, report } from "./bench.ts";
import { CHIP_TICKET, createPool, LOOPBACK, portOf, sleep, startMiner, untilAllHash } from "./whole-program.ts";

const PAIRS = Number(process.env["PAIRS"] ?? 5);
const LOADS = (process.env["LOADS"] ?? "api,ended,memory,loop,tabs").split(",");
const BLOCKS = 150;
const BLOCK_MS = 100;
const POOL_DIFFICULTY = CHIP_TICKET / 4;
const SOCKETS = 50;
const REQUESTS_PER_S = 20;
const TABS = 20;
/** They start slowly at the lowest priority. */
const TABS_LIMIT_MS = 300_000;
const READS = [
  "/health",
  "/summary",
  "/snapshot",
  "/pools",
  "/settings",
  "/sensors",
  "/tuning",
  "/chains/0/chips",
  "/history",
];
const ALONE = "alone";
const RELAYED = "relayed tabs";
/** A process that has nothing to do with the board and never rests, at the lowest priority, as the plane's worker is. */
const NEIGHBOUR = "busy neighbour";
/** Whichever is larger. */
const WORSE_SHARE = 0.1;
const WORSE_MS = 0.2;

/** In the worker: what goes wrong there after a while. */
const SABOTAGE = {
  ended: "setInterval(() => process.exit(), 3000)",
  memory: "setTimeout(() => { const kept = []; for (;;) kept.push(new Array(1e5).fill(0).map(Math.random)); }, 3000)",
  loop: "setTimeout(() => { for (;;); }, 3000)",
} as const;

/** The program, whose worker goes wrong in that way. */
function saboteur(program: string, kind: keyof typeof SABOTAGE, folder: string): string {
  const file = path.join(folder, `${kind}.cjs`);
  const real = JSON.stringify(path.resolve(program));
  fs.writeFileSync(
    file,
    `const { isMainThread } = require("node:worker_threads");\nif (!isMainThread) { ${SABOTAGE[kind]} }\nrequire(${real});\n`,
  );
  return file;
}

interface Run {
  readonly report: RunReport;
  readonly reads: readonly number[];
  readonly parallel: readonly number[];
}

/**
 * Puts the load on the miner; resolves, once it is there, to what takes it off. Clients are other machines: a process of
 * their own, and what their own work costs is not the plane's doing.
 */
async function startClients(miner: Started, load: string): Promise<() => Promise<void>> {
  if (load === NEIGHBOUR) {
    const busy = start("nice", ["-n", "19", process.execPath, "-e", "for(;;);"]);
    return async () => {
      busy.child.kill("SIGKILL");
      await busy.ended();
    };
  }
  if (load !== "api" && load !== "tabs" && load !== RELAYED) return async () => undefined;
  const { authorization } = tokenHeader(miner);
  const words =
    load === "api"
      ? ["api-clients.mjs", portOf(miner), authorization, String(SOCKETS), String(REQUESTS_PER_S)]
      : ["browser-tabs.mjs", portOf(miner), authorization.replace("Bearer ", ""), String(TABS)];
  if (load === RELAYED) words.push("relayed");
  const [file = "", ...args] = words;
  const client = start("chrt", ["--idle", "0", process.execPath, path.resolve("test/bench", file), ...args]);
  const stop = async (): Promise<void> => {
    client.child.kill("SIGTERM");
    await client.ended();
  };
  if (load === "api") return stop;
  const open = new Promise<void>((resolve) => client.child.stdout?.once("data", () => resolve()));
  const ended = client.ended(TABS_LIMIT_MS).then(
    (code) => `they ended with ${code}`,
    () => `they were not there within ${TABS_LIMIT_MS / 1000} s`,
  );
  const failure = await Promise.race([open, ended]);
  if (typeof failure !== "string") return stop;
  client.child.kill("SIGTERM");
  throw new Error(`${TABS} tabs of the page: ${failure}\n${client.stderr()}`);
}

function read(miner: Started, target: string): Promise<number> {
  const beganAtMs = performance.now();
  return new Promise((resolve, reject) => {
    const options = {
      host: LOOPBACK,
      port: portOf(miner),
      path: `/api/v1${target}`,
      headers: { ...tokenHeader(miner) },
    };
    http
      .get(options, (response) => {
        response.resume();
        response.on("end", () => resolve(performance.now() - beganAtMs));
      })
      .on("error", reject);
  });
}

async function run(program: string, folder: string, load: string, measuresReads: boolean): Promise<Run> {
  const reportFile = path.join(folder, "report.json");
  const pool: LocalPool = createPool();
  const miner = startMiner(program, await pool.start(), reportFile);
  const reads: number[] = [];
  const parallel: number[] = [];
  let stopClients: (() => Promise<void>) | null = null;
  try {
    await untilAllHash(miner);
    pool.setDifficulty(POOL_DIFFICULTY);
    stopClients = await startClients(miner, load);
    for (let i = 0; i < BLOCKS; i++) {
      await sleep(BLOCK_MS + (Math.random() - 0.5) * 20);
      pool.newBlock();
      if (!measuresReads) continue;
      const target = READS[i % READS.length] ?? "/health";
      reads.push(await read(miner, target));
      if (i % 15 !== 14) continue;
      const beganAtMs = performance.now();
      await Promise.all(Array.from({ length: 10 }, (_, n) => read(miner, READS[n % READS.length] ?? "/health")));
      parallel.push(performance.now() - beganAtMs);
    }
  } finally {
    await stopClients?.();
    miner.child.kill("SIGTERM");
    await miner.ended();
    await pool.stop();
  }
  return { report: JSON.parse(fs.readFileSync(reportFile, "utf8")) as RunReport, reads, parallel };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Name, figure, and what the main job allows it to be. */
const FIGURES = [
  ["notify to last chain, p50", (r: RunReport) => r.latency_ms.notify_to_last_chain.p50, 1],
  ["notify to last chain, p99", (r: RunReport) => r.latency_ms.notify_to_last_chain.p99, 5],
  ["nonce to submit, p50", (r: RunReport) => r.latency_ms.nonce_to_submit.p50, 0.5],
  ["nonce to submit, p99", (r: RunReport) => r.latency_ms.nonce_to_submit.p99, null],
] as const;

function compare(load: string, calm: readonly Run[], loaded: readonly Run[]): void {
  for (const [name, of] of FIGURES) {
    const reference = median(calm.map(({ report: r }) => of(r) ?? Number.NaN));
    const value = median(loaded.map(({ report: r }) => of(r) ?? Number.NaN));
    const atMost = reference + Math.max(WORSE_SHARE * reference, WORSE_MS);
    report({
      name: `${load}: ${name}`,
      unit: "ms",
      value,
      reference,
      ratio: value / reference,
      budget: { of: "value", atMost: Math.round(atMost * 1000) / 1000 },
      note: `medians of ${calm.length} rounds`,
    });
  }
}

/** Against what the main job promises, whatever a run beside it shows. */
function holdMainJob(load: string, runs: readonly Run[]): void {
  for (const [name, of, atMost] of FIGURES) {
    if (atMost === null) continue;
    const value = median(runs.map(({ report: r }) => of(r) ?? Number.NaN));
    report({
      name: `${load}: ${name}, the main job's limit`,
      unit: "ms",
      value,
      budget: { of: "value", atMost },
      note: `median of ${runs.length} runs`,
    });
  }
}

/** One run of each kind after the other, so that each has its reference beside it. */
async function rounds(program: string, folder: string): Promise<ReadonlyMap<string, readonly Run[]>> {
  const references = { tabs: [RELAYED], loop: [NEIGHBOUR] } as Readonly<Record<string, readonly string[]>>;
  const kinds = [ALONE, ...LOADS.flatMap((load) => [...(references[load] ?? []), load])];
  const runs = new Map(kinds.map((kind) => [kind, [] as Run[]]));
  for (let round = 0; round < PAIRS; round++) {
    for (const [kind, ofKind] of runs) {
      progress(`  round ${round + 1} of ${PAIRS}, ${kind}, about a minute ...`);
      const other = kind in SABOTAGE ? saboteur(program, kind as keyof typeof SABOTAGE, folder) : program;
      ofKind.push(await run(other, folder, kind, false).catch((error: unknown) => again(error, other, folder, kind)));
    }
  }
  return runs;
}

/** A run that did not come about, say since a browser was too slow to start, costs its minute and not all the others. */
function again(error: unknown, program: string, folder: string, kind: string): Promise<Run> {
  progress(`  ${kind} once more, since ${error instanceof Error ? error.message : String(error)}`);
  return run(program, folder, kind, false);
}

async function main(): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-bench-"));
  const program = process.argv[2] ?? "";
  try {
    const runs = await rounds(program, folder);
    const of = (kind: string): readonly Run[] => runs.get(kind) ?? [];
    for (const load of LOADS) compare(load, of(ALONE), of(load));
    if (LOADS.includes("loop")) compare("loop beside a busy neighbour", of(NEIGHBOUR), of("loop"));
    if (LOADS.includes("tabs")) {
      compare(`${TABS} tabs beside the same tabs of which the board sees one`, of(RELAYED), of("tabs"));
      holdMainJob(`${TABS} tabs`, of("tabs"));
    }
    progress("  reads while mining, about a minute ...");
    const { reads, parallel } = await run(program, folder, ALONE, true);
    const note = `${reads.length} reads of ${READS.length} routes`;
    report({
      name: "reads while mining, p99",
      unit: "ms",
      value: quantile(reads, 0.99),
      budget: { of: "value", atMost: 100 },
      note,
    });
    report({
      name: "ten reads in parallel, slowest",
      unit: "ms",
      value: Math.max(...parallel),
      budget: { of: "value", atMost: 1_000 },
    });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
