/** Entry of `npm run simulate`: one seed or many, progress on a terminal, summary, report, exit code. */
import fs from "node:fs";
import { type HeapReport, heapFigures } from "./heap-run.ts";
import { runMany } from "./many-seeds.ts";
import { faultLines, HELP, readOptions, type SimulateOptions, UsageError } from "./options.ts";
import { runSeed, type SeedOptions, type SeedResult, type Violation } from "./run-seed.ts";

const PROGRESS_EVERY_S = 600;
const BAR = 30;

interface Report {
  readonly machine: string;
  readonly seeds: readonly number[];
  readonly virtual_hours: number;
  readonly wall_s: number;
  /** Of this process; null where others did the work. */
  readonly cpu_s: number | null;
  readonly events: number;
  readonly faults_injected: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  readonly shares: SeedResult["shares"];
  readonly restarts: SeedResult["restarts"];
  readonly heap: HeapReport | null;
  readonly runs: readonly SeedResult[];
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === "help" || options === "faults") {
    process.stdout.write(options === "help" ? HELP : faultLines());
    return 0;
  }
  const startedMs = performance.now();
  const { runs, broken, heap } = options.seeds > 0 ? await many(options) : await one(options);
  const report = reportOf(options, runs, (performance.now() - startedMs) / 1000, heap);
  if (options.seeds === 0) for (const run of runs) sayViolations(run);
  say(summary(report));
  if (options.report === "-") process.stdout.write(`${JSON.stringify(report)}\n`);
  else if (options.report !== null) fs.writeFileSync(options.report, `${JSON.stringify(report, null, 1)}\n`);
  if (broken.length > 0) return 3;
  return report.violations.length > 0 || (heap !== null && heap.growth_mib >= 5) ? 1 : 0;
}

function sayViolations({ seed, violations }: SeedResult): void {
  for (const { invariant, at, text, faults, replay } of violations) {
    clearBar();
    const around = faults.length === 0 ? "no fault held" : `while ${faults.join(", ")} held`;
    say(`VIOLATED ${invariant} at ${at} s of seed ${seed}, ${around}: ${text}\n${replay}`);
  }
}

interface Outcome {
  readonly runs: readonly SeedResult[];
  readonly broken: readonly number[];
  readonly heap: HeapReport | null;
}

async function one(options: SimulateOptions): Promise<Outcome> {
  const heap = options.isHeapRun ? heapFigures() : null;
  let seconds = 0;
  const startedMs = performance.now();
  const seedOptions: SeedOptions = {
    ...options,
    everySecond: ({ store }) => {
      seconds++;
      heap?.look(seconds, store.files);
      if (seconds % PROGRESS_EVERY_S !== 0) return;
      const speed = seconds / ((performance.now() - startedMs) / 1000);
      bar(seconds / (options.hours * 3600), `${(seconds / 3600).toFixed(1)} h, ${speed.toFixed(0)} x real time`);
    },
  };
  const result = await runSeed(seedOptions);
  clearBar();
  return { runs: [result], broken: [], heap: heap?.result() ?? null };
}

async function many(options: SimulateOptions): Promise<Outcome> {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  const startedMs = performance.now();
  let first: number | null = null;
  const result = await runMany(options, stop.signal, {
    onProgress: (done, total, violations) => {
      first ??= done;
      const perSeedS = (performance.now() - startedMs) / 1000 / Math.max(1, done - first);
      const leftMin = done === first ? "?" : (((total - done) * perSeedS) / 60).toFixed(0);
      bar(done / total, `${done} of ${total} seeds, ${violations} violations, ${leftMin} min left`);
    },
    onViolated: sayViolations,
    onBroken: (seed, text) => say(`BROKEN: the process of seed ${seed} did not end as it should\n${text}`),
  });
  clearBar();
  if (result.reused > 0) say(`${result.reused} seeds were finished before, in ${options.results}`);
  if (result.isStopped) say(`stopped after ${result.lines.length} of ${options.seeds} seeds; start again to go on`);
  return { runs: result.lines, broken: result.broken, heap: null };
}

function reportOf(
  options: SimulateOptions,
  runs: readonly SeedResult[],
  wallS: number,
  heap: HeapReport | null,
): Report {
  const sum = (pick: (run: SeedResult) => number): number => runs.reduce((all, run) => all + pick(run), 0);
  const faults: Record<string, number> = {};
  for (const run of runs)
    for (const [name, count] of Object.entries(run.faultsInjected)) faults[name] = (faults[name] ?? 0) + count;
  return {
    machine: options.machine,
    seeds: runs.map(({ seed }) => seed),
    virtual_hours: sum((run) => run.virtualHours),
    wall_s: Number(wallS.toFixed(2)),
    cpu_s: options.seeds > 0 ? null : cpuS(),
    events: sum((run) => run.events),
    faults_injected: faults,
    violations: runs.flatMap((run) => run.violations),
    shares: {
      accepted: sum((run) => run.shares.accepted),
      rejected: sum((run) => run.shares.rejected),
      stale: sum((run) => run.shares.stale),
    },
    restarts: {
      faults: sum((run) => run.restarts.faults),
      itself: sum((run) => run.restarts.itself),
      watchdog: sum((run) => run.restarts.watchdog),
      owner: sum((run) => run.restarts.owner),
      acknowledged: sum((run) => run.restarts.acknowledged),
    },
    heap,
    runs,
  };
}

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return Number(((user + system) / 1e6).toFixed(2));
}

function summary(report: Report): string {
  const { seeds, virtual_hours: hours, wall_s: wallS, events, violations, shares, restarts, heap } = report;
  const faults = Object.values(report.faults_injected).reduce((a, b) => a + b, 0);
  const cpu = report.cpu_s === null ? "" : ` (${report.cpu_s} s of a processor)`;
  const lines = [
    `${report.machine}: ${seeds.length} seed(s), ${hours.toFixed(2)} virtual hours in ${wallS} s${cpu}, ${((hours * 3600) / wallS).toFixed(0)} x real time, ${events} events`,
    `faults ${faults}, restarts: ${restarts.faults} by faults, ${restarts.itself} by itself, ${restarts.watchdog} by the watchdog, ${restarts.owner} by the owner; ${restarts.acknowledged} shutdowns acknowledged`,
    `shares: ${shares.accepted} accepted, ${shares.rejected} rejected (${shares.stale} of them stale)`,
  ];
  if (heap !== null)
    lines.push(
      `heap ${heap.warm_mib} -> ${heap.end_mib} MiB, grown by ${heap.growth_mib}, without ${heap.files_mib} MiB of files; resident ${heap.rss_mib} MiB`,
    );
  if (report.runs.length === 1) lines.push(`trace ${report.runs[0]?.trace}`);
  lines.push(violations.length === 0 ? "every invariant held" : `${violations.length} violation(s)`);
  return lines.join("\n");
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function bar(share: number, text: string): void {
  if (!process.stderr.isTTY) return;
  const full = Math.round(BAR * Math.min(1, share));
  process.stderr.write(`\r[${"#".repeat(full)}${".".repeat(BAR - full)}] ${text}\u001b[K`);
}

function clearBar(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    say(
      error instanceof UsageError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error),
    );
    process.exitCode = error instanceof UsageError ? 2 : 3;
  },
);
