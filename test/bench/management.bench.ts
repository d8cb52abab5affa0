/**
 * What the management plane can do to mining: the whole program mines while clients load its API, or while the worker is
 * ended, filled or hung, beside the same program left alone; medians of paired runs. And how quick reads are meanwhile.
 * PAIRS=5 (the default) of each kind take about 20 minutes; LOADS=api,ended,memory,loop chooses.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import type { RunReport } from "#firmware/cli/run-report.ts";
import type { LocalPool } from "#hal/emulator/local-pool.ts";
import { type Started, tokenHeader } from "../support/program.ts";
import { progress, report } from "./bench.ts";
import { CHIP_TICKET, createPool, LOOPBACK, portOf, sleep, startMiner, untilAllHash } from "./whole-program.ts";

const PAIRS = Number(process.env["PAIRS"] ?? 5);
const LOADS = (process.env["LOADS"] ?? "api,ended,memory,loop").split(",");
const BLOCKS = 150;
const BLOCK_MS = 100;
const POOL_DIFFICULTY = CHIP_TICKET / 4;
const SOCKETS = 50;
const REQUESTS_PER_S = 20;
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

/** In a process of its own: clients are somewhere else, too. */
function startClients(miner: Started): () => void {
  const { authorization } = tokenHeader(miner);
  const args = [
    path.resolve("test/bench/api-clients.mjs"),
    portOf(miner),
    authorization,
    String(SOCKETS),
    String(REQUESTS_PER_S),
  ];
  // Clients are other machines: what their own work costs is not the plane's doing.
  const child = spawn("nice", ["-n", "19", process.execPath, ...args], { stdio: "inherit" });
  return () => child.kill("SIGKILL");
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

async function run(program: string, folder: string, load: string | null, measuresReads: boolean): Promise<Run> {
  const reportFile = path.join(folder, "report.json");
  const pool: LocalPool = createPool();
  const miner = startMiner(program, await pool.start(), reportFile);
  const reads: number[] = [];
  const parallel: number[] = [];
  let stopClients: (() => void) | null = null;
  try {
    await untilAllHash(miner);
    pool.setDifficulty(POOL_DIFFICULTY);
    if (load === "api") stopClients = startClients(miner);
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
    stopClients?.();
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

const FIGURES = [
  ["notify to last chain, p50", (r: RunReport) => r.latency_ms.notify_to_last_chain.p50],
  ["notify to last chain, p99", (r: RunReport) => r.latency_ms.notify_to_last_chain.p99],
  ["nonce to submit, p50", (r: RunReport) => r.latency_ms.nonce_to_submit.p50],
  ["nonce to submit, p99", (r: RunReport) => r.latency_ms.nonce_to_submit.p99],
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
      note: `medians of ${calm.length} pairs`,
    });
  }
}

async function main(): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-bench-"));
  const program = process.argv[2] ?? "";
  try {
    for (const load of LOADS) {
      const [calm, loaded]: [Run[], Run[]] = [[], []];
      for (let pair = 0; pair < PAIRS; pair++) {
        progress(`  ${load}, pair ${pair + 1} of ${PAIRS}, about a minute ...`);
        calm.push(await run(program, folder, null, false));
        const other = load in SABOTAGE ? saboteur(program, load as keyof typeof SABOTAGE, folder) : program;
        loaded.push(await run(other, folder, load, false));
      }
      compare(load, calm, loaded);
    }
    progress("  reads while mining, about a minute ...");
    const { reads, parallel } = await run(program, folder, null, true);
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
