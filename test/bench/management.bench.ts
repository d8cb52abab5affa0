/**
 * What the management plane can do to mining: the whole program mines while clients load its API, while a browser has many
 * tabs of its page open, or while the worker is ended, filled or hung, beside the same program left alone in each round;
 * medians. The tabs also beside the same tabs behind a relay, which shows the board one of them: what a browser costs that
 * runs on the same processors is not the board's. And how quick reads are meanwhile. PAIRS=5 rounds (the default) take three
 * quarters of an hour; LOADS=api,ended,memory,loop,tabs chooses.
 */
import http from "node:http";
import path from "node:path";
import type { RunReport } from "#firmware/cli/run-report.ts";
import type { LocalPool } from "#hal/emulator/local-pool.ts";
import { type Started, tokenHeader } from "../support/program.ts";
import { median, progress, report } from "./bench.ts";
import { ALONE, LOADS, programUnder, RELAYED, startLoad } from "./management-loads.ts";
import {
  benchFolder,
  createPool,
  endGroup,
  failBench,
  LOOPBACK,
  POOL_DIFFICULTY,
  portOf,
  reportOf,
  sleep,
  startMiner,
  untilAllHash,
} from "./whole-program.ts";

const PAIRS = Number(process.env["PAIRS"] ?? 5);
const CHOSEN = (process.env["LOADS"] ?? LOADS.join()).split(",");
/** So many that the p99 is not the second worst of a run. */
const BLOCKS = 600;
const BLOCK_MS = 60;
/** So that blocks meet every phase of the program's own timers. */
const BLOCK_JITTER_MS = 20;
const SHARES_MIN = 300;
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

interface Reads {
  readonly reads: readonly number[];
  readonly parallel: readonly number[];
}

interface Run extends Reads {
  readonly report: RunReport;
  /** What is to be said of the load. */
  readonly note: string;
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
        if (response.statusCode !== 200) reject(new Error(`${target}: status ${response.statusCode}`));
        response.on("end", () => resolve(performance.now() - beganAtMs));
      })
      .on("error", reject);
  });
}

async function run(bundle: string, folder: string, load: string, measuresReads: boolean): Promise<Run> {
  const reportFile = path.join(folder, `report-${load}.json`);
  const pool: LocalPool = createPool();
  const miner = startMiner(programUnder(load, bundle, folder), await pool.start(), reportFile);
  try {
    await untilAllHash(miner);
    const stopLoad = await startLoad(miner, load);
    let reads: Reads;
    let note = "";
    try {
      pool.setDifficulty(POOL_DIFFICULTY);
      reads = await play(pool, measuresReads ? miner : null);
    } finally {
      note = await stopLoad();
    }
    const written = await reportOf(miner, reportFile, { notifies: BLOCKS, shares: SHARES_MIN });
    return { report: written, ...reads, note };
  } finally {
    await endGroup(miner);
    await pool.stop();
  }
}

/** New blocks, between which somebody may read. */
async function play(pool: LocalPool, miner: Started | null): Promise<Reads> {
  const reads: number[] = [];
  const parallel: number[] = [];
  for (let i = 0; i < BLOCKS; i++) {
    await sleep(BLOCK_MS + (Math.random() - 0.5) * BLOCK_JITTER_MS);
    pool.newBlock();
    if (miner === null) continue;
    reads.push(await read(miner, READS[i % READS.length] ?? "/health"));
    if (i % 15 !== 14) continue;
    const beganAtMs = performance.now();
    await Promise.all(Array.from({ length: 10 }, (_, n) => read(miner, READS[n % READS.length] ?? "/health")));
    parallel.push(performance.now() - beganAtMs);
  }
  return { reads, parallel };
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

function compare(name: string, calm: readonly Run[], loaded: readonly Run[]): void {
  for (const [figure, of] of FIGURES) {
    const references = calm.map(({ report: r }) => of(r) ?? Number.NaN);
    const values = loaded.map(({ report: r }) => of(r) ?? Number.NaN);
    const reference = median(references);
    const value = median(values);
    const atMost = reference + Math.max(WORSE_SHARE * reference, WORSE_MS);
    report({
      name: `${name}: ${figure}`,
      unit: "ms",
      value,
      reference,
      ratio: value / reference,
      budget: { of: "value", atMost: Math.round(atMost * 1000) / 1000 },
      note: `medians of ${values.join(" ")} and ${references.join(" ")}`,
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

/** One run of each kind after the other, so that each has its references beside it. */
async function rounds(program: string, folder: string): Promise<ReadonlyMap<string, readonly Run[]>> {
  const kinds = [ALONE, ...(CHOSEN.includes("tabs") ? [RELAYED] : []), ...CHOSEN];
  const runs = new Map(kinds.map((kind) => [kind, [] as Run[]]));
  for (let round = 0; round < PAIRS; round++) {
    for (const [kind, ofKind] of runs) {
      progress(`  round ${round + 1} of ${PAIRS}, ${kind}, about a minute ...`);
      const made = await run(program, folder, kind, false).catch((error: unknown) =>
        again(error, program, folder, kind),
      );
      progress(`    ${FIGURES.map(([, of]) => of(made.report)).join(" ")} ms ${made.note}`);
      ofKind.push(made);
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
  const unknown = CHOSEN.find((load) => !LOADS.includes(load));
  if (unknown !== undefined) throw new Error(`LOADS "${unknown}" is unknown; choose of ${LOADS.join()}`);
  const folder = benchFolder();
  const program = process.argv[2] ?? "";
  const runs = await rounds(program, folder);
  const of = (kind: string): readonly Run[] => runs.get(kind) ?? [];
  for (const load of CHOSEN) compare(load, of(ALONE), of(load));
  if (CHOSEN.includes("tabs")) {
    compare("tabs beside the same tabs of which the board sees one", of(RELAYED), of("tabs"));
    holdMainJob("tabs", of("tabs"));
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
}

main().catch(failBench);
