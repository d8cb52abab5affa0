/**
 * The whole program: three emulated S21 chains behind pseudo-terminals and a pool in this process that voids all work ten
 * times a second. Latencies are the program's own (its run report), memory is what the system says of it.
 */
import fs from "node:fs";
import path from "node:path";
import type { RunReport } from "#firmware/cli/run-report.ts";
import type { LocalPool } from "#hal/emulator/local-pool.ts";
import type { Started } from "../support/program.ts";
import { progress, report } from "./bench.ts";
import {
  benchFolder,
  createPool,
  endGroup,
  failBench,
  POOL_DIFFICULTY,
  reportOf,
  sleep,
  startMiner,
  untilAllHash,
} from "./whole-program.ts";

const REPLACED_JOBS = 400;
const BLOCK_MS = 100;
/** So that blocks meet every phase of the program's own timers. */
const BLOCK_JITTER_MS = 20;
const SHARES_MIN = 300;

function residentMib(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1]) / 1024;
}

interface Run {
  readonly report: RunReport;
  /** Highest of the samples taken each second. */
  readonly residentMib: number;
}

async function mine(miner: Started, pool: LocalPool, reportFile: string): Promise<Run> {
  await untilAllHash(miner);
  pool.setDifficulty(POOL_DIFFICULTY);
  progress(`  ${REPLACED_JOBS} new blocks, ${(REPLACED_JOBS * BLOCK_MS) / 1000} s ...`);
  const samples: number[] = [];
  const sampler = setInterval(() => samples.push(residentMib(miner.pid)), 1_000);
  try {
    for (let i = 0; i < REPLACED_JOBS; i++) {
      await sleep(BLOCK_MS + (Math.random() - 0.5) * BLOCK_JITTER_MS);
      pool.newBlock();
    }
  } finally {
    clearInterval(sampler);
  }
  const atLeast = { notifies: REPLACED_JOBS, shares: SHARES_MIN };
  return { report: await reportOf(miner, reportFile, atLeast), residentMib: Math.max(...samples) };
}

function reportRows({ report: run, residentMib: highest }: Run): void {
  const { notify_to_first_work: first, notify_to_last_chain: last, nonce_to_submit: submit } = run.latency_ms;
  const jobs = `${run.pool.notifies} notifies, ${run.chains.length} chains of ${run.chains[0]?.chips} ${run.chains[0]?.chip}`;
  const shares = `${run.shares.accepted} shares accepted of ${run.shares.submitted}`;
  const latency = (name: string, value: number | null, atMost: number | null, note: string): void =>
    report({ name, unit: "ms", value, note, ...(atMost === null ? {} : { budget: { of: "value", atMost } }) });
  latency("notify to first work, p50", first.p50, null, jobs);
  latency("notify to first work, p99", first.p99, null, jobs);
  latency("notify to last chain's job written, p50", last.p50, 1, jobs);
  latency("notify to last chain's job written, p99", last.p99, 5, jobs);
  latency("nonce bytes to submit on the socket, p50", submit.p50, 0.5, shares);
  latency("nonce bytes to submit on the socket, p99", submit.p99, null, shares);
  const budget = { of: "value", atMost: 110 } as const;
  const note = `Node ${process.versions.node}`;
  report({ name: "resident memory while mining, highest", unit: "MiB", value: highest, budget, note });
  report({ name: "resident memory, run report", unit: "MiB", value: run.process.rss_mib, budget, note });
}

async function main(): Promise<void> {
  const reportFile = path.join(benchFolder(), "report.json");
  const pool = createPool();
  const miner = startMiner(process.argv[2] ?? "", await pool.start(), reportFile);
  try {
    progress("  starting the program, about 12 s ...");
    reportRows(await mine(miner, pool, reportFile));
  } finally {
    await endGroup(miner);
    await pool.stop();
  }
}

main().catch(failBench);
