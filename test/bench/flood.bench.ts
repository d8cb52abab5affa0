/**
 * A pool that floods the whole program with jobs, 500 in 5 s, one in ten of them clean, beside the same program under a calm
 * pool. Latencies are the program's own; only clean jobs have one, since the others change the next pull alone.
 */
import path from "node:path";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import type { RunReport } from "#firmware/cli/run-report.ts";
import type { LocalPool } from "#hal/emulator/local-pool.ts";
import { type Started, tokenHeader } from "../support/program.ts";
import { progress, report } from "./bench.ts";
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

const JOBS = 500;
const FLOOD_MS = 5_000;
const CLEAN_EVERY = 10;
const FLOODS = 3;
const SHARES_MIN = 100;
/** The last job must be on the chips within this. */
const NEWEST_LIMIT_MS = 1_000;

interface Run {
  readonly report: RunReport;
  /** Works written to all chains from the first to the last job of the floods. */
  readonly works: number;
  readonly seconds: number;
}

async function jobsWritten(miner: Started): Promise<number> {
  const answer = await fetch(`http://${LOOPBACK}:${portOf(miner)}/api/v1/snapshot`, { headers: tokenHeader(miner) });
  const { chains } = (await answer.json()) as MinerSnapshot;
  return chains.reduce((sum, { link }) => sum + link.jobsWritten, 0);
}

/** @param jobs in `FLOOD_MS`; the clean ones among them are the same in number for either run. */
async function play(pool: LocalPool, jobs: number, cleanEvery: number): Promise<void> {
  const beganAtMs = performance.now();
  for (let i = 0; i < jobs; i++) {
    if (i % cleanEvery === cleanEvery - 1) pool.newBlock();
    else pool.refresh();
    await sleep(beganAtMs + ((i + 1) * FLOOD_MS) / jobs - performance.now());
  }
}

async function run(jobs: number, cleanEvery: number, folder: string): Promise<Run> {
  const reportFile = path.join(folder, `report-${jobs}.json`);
  const pool = createPool();
  const miner = startMiner(process.argv[2] ?? "", await pool.start(), reportFile);
  try {
    await untilAllHash(miner);
    pool.setDifficulty(POOL_DIFFICULTY);
    pool.newBlock();
    // The snapshot is a second old at the most.
    await sleep(2_000);
    const before = await jobsWritten(miner);
    const beganAtMs = performance.now();
    for (let i = 0; i < FLOODS; i++) await play(pool, jobs, cleanEvery);
    await sleep(NEWEST_LIMIT_MS);
    const works = (await jobsWritten(miner)) - before;
    const seconds = (performance.now() - beganAtMs) / 1000;
    const atLeast = { notifies: FLOODS * jobs, shares: SHARES_MIN };
    return { report: await reportOf(miner, reportFile, atLeast), works, seconds };
  } finally {
    await endGroup(miner);
    await pool.stop();
  }
}

function reportRows(calm: Run, flood: Run): void {
  const latency = (name: string, of: (report: RunReport) => number | null, atMost: number | null, note = ""): void => {
    const [value, reference] = [of(flood.report), of(calm.report)];
    const ratio = value === null || reference === null ? null : value / reference;
    const budget = atMost === null ? {} : { budget: { of: "value", atMost } as const };
    report({ name: `flood: ${name}`, unit: "ms", value, reference, ratio, note, ...budget });
  };
  const notifies = `${flood.report.pool.notifies} notifies; reference: ${calm.report.pool.notifies} in the same time`;
  latency("clean notify to last chain's job written, p50", (r) => r.latency_ms.notify_to_last_chain.p50, 1, notifies);
  latency("clean notify to last chain's job written, p99", (r) => r.latency_ms.notify_to_last_chain.p99, null);
  const shares = `${flood.report.shares.accepted} shares accepted of ${flood.report.shares.submitted}`;
  latency("nonce bytes to submit on the socket, p50", (r) => r.latency_ms.nonce_to_submit.p50, 0.5, shares);
  latency("nonce bytes to submit on the socket, p99", (r) => r.latency_ms.nonce_to_submit.p99, null);
  const [value, reference] = [flood.works / flood.seconds, calm.works / calm.seconds];
  report({
    name: "flood: works written",
    unit: "1/s",
    value,
    reference,
    ratio: value / reference,
    budget: { of: "ratio", atMost: 1.2 },
    note: "equally many clean jobs in both: the others cost no work",
  });
}

async function main(): Promise<void> {
  const folder = benchFolder();
  progress("  the program under a calm pool, about 30 s ...");
  const calm = await run(JOBS / CLEAN_EVERY, 1, folder);
  progress(`  the program under ${FLOODS} floods of ${JOBS} jobs, about 30 s ...`);
  reportRows(calm, await run(JOBS, CLEAN_EVERY, folder));
}

main().catch(failBench);
