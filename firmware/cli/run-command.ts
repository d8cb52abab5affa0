/** `kumpel run`: builds the machine, shows it, ends it cleanly, writes the report. */
import fs from "node:fs";
import path from "node:path";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { tightenLimits } from "#drivers/hashboards/limits.ts";
import { chooseOperatingPoint } from "#drivers/hashboards/operating-point.ts";
import { type Clock, pause } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import { ManagementHost } from "../api/management-host.ts";
import { type BoardIdentity, describeIdentity, readBoardIdentities } from "../hardware/board-identities.ts";
import { createLog, type Log } from "../log.ts";
import { Miner } from "../miner.ts";
import type { OwnerSettings, RealMachine } from "../platform/choose-board.ts";
import type { DataFolder } from "../platform/data-folder.ts";
import { emulationScales, LOOPBACK, type Platform, type Scales } from "../platform/platform.ts";
import type { PoolGroup } from "../pool/pool-groups.ts";
import { poolSettings } from "../pool/pool-settings.ts";
import { takeSnapshot } from "../snapshot-builder.ts";
import { machineHashesPerS } from "../stats/promised-hashrate.ts";
import { parsePoolUrl } from "../stratum/pool-url.ts";
import { AGENT, VERSION } from "../version.ts";
import { warmUp } from "../warm-up.ts";
import { DEMO_PASSWORD, DEMO_USER } from "./pool-options.ts";
import { ProcessMeter } from "./process-meter.ts";
import { type ParsedRunOptions, parseRunOptions, RUN_HELP, type RunOptions } from "./run-options.ts";
import { buildReport, type RunReport } from "./run-report.ts";
import { StatusPrinter } from "./status-printer.ts";
import { EXIT, usageError } from "./usage.ts";

const DEFAULT_HTTP_PORT = 8080;

/** What the command needs of its process; `main.ts` hands it in. */
export interface CommandContext {
  readonly programPath: string;
  readonly openPlatform: (options: RunOptions, scales: Scales, log: Log) => Promise<Platform>;
  /** Calls the listener once, with the name of the signal (or the kind of failure) that asks the process to end. */
  readonly onStopSignal: (listener: (name: string) => void) => void;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly isTerminal: boolean;
  readonly columns: () => number;
  /** Finds the real board; rejects with one sentence where there is none or where the owner must say more. */
  readonly openDataFolder: (folder: string | null) => Promise<DataFolder>;
  readonly findMachine: (owner: OwnerSettings) => Promise<RealMachine>;
  /** Scales of a real machine. */
  readonly realScales: () => Scales;
  /** Hash chains of an emulated machine. */
  readonly chainCountOf: (machine: string) => number;
}

export async function runCommand(args: readonly string[], context: CommandContext): Promise<number> {
  if (args.includes("--help")) {
    context.stdout(RUN_HELP);
    return EXIT.done;
  }
  const parsed = parseRunOptions(args, context.isTerminal);
  assertReportWritable(parsed.report);
  const options = await withMachine(parsed, context);
  const { hashboard } = options;
  const stop = new AbortController();
  let stopReason = "the run was asked to last so long";
  context.onStopSignal((name) => {
    stopReason = name;
    stop.abort();
  });
  const log = createLog(options.logLevel);
  const scales = scalesOf(options, context);
  const data = await context.openDataFolder(options.data);
  if (!data.isKept && !options.isDemo) log.warn("receipts go with the end of this run; --data DIR keeps them");
  // Whatever fails from here on: a temporary folder goes.
  try {
    const platform = await context.openPlatform(options, scales, log);
    try {
      warmUp();
      const identities = await readBoardIdentities(platform.board, boardSupport(hashboard.model));
      for (const board of identities) log.info({ chain: board.chainIndex }, describeIdentity(board));
      const miner = createMiner(options, { platform, scales, identities, data }, log);
      return await new Run(options, context, platform, miner, log).untilStopped(stop, () => stopReason);
    } finally {
      await platform.stop();
    }
  } finally {
    await data.close();
  }
}

async function withMachine({ target, ...rest }: ParsedRunOptions, context: CommandContext): Promise<RunOptions> {
  if (target.kind === "emulated") return Object.assign({}, rest, { hashboard: target.hashboard, real: null });
  const real = await context.findMachine(target.owner);
  return Object.assign({}, rest, { hashboard: real.hashboard, real });
}

function scalesOf({ hashboard, real, chipTicket, poolGroups }: RunOptions, context: CommandContext): Scales {
  if (real !== null) return context.realScales();
  const hashesPerS = machineHashesPerS(hashboard, context.chainCountOf(hashboard.model));
  return emulationScales(hashesPerS, chipTicket, poolGroups.length === 0);
}

interface Surroundings {
  readonly platform: Platform;
  readonly scales: Scales;
  readonly identities: readonly BoardIdentity[];
  readonly data: DataFolder;
}

function createMiner(options: RunOptions, { platform, scales, identities, data }: Surroundings, log: Log): Miner {
  const support = boardSupport(options.hashboard.model);
  const operatingPoint = chooseOperatingPoint({
    model: options.hashboard,
    support,
    identities: identities.map(({ identity }) => identity),
    owner: { frequencyMhz: options.frequencyMhz, workMv: options.workMv },
    acceptsUnconfirmed: platform.acceptsUnconfirmed,
    hints: { frequency: "--frequency MHZ", voltage: "--work-voltage MV" },
  });
  const { suggestDifficulty, label: emulationLabel, ...rest } = scales;
  const limitHints = { board: "--board-limit", chip: "--chip-limit" };
  return new Miner({
    log,
    hashboard: tightenLimits(options.hashboard, options, limitHints),
    support,
    operatingPoint,
    identities,
    isExperimentalAccepted: options.real?.settings.isExperimentalAccepted ?? platform.acceptsUnconfirmed,
    emulationLabel,
    agent: AGENT,
    ...rest,
    board: platform.board,
    clock: platform.clock,
    random: platform.random,
    network: platform.network,
    poolGroups: poolGroupsOf(options, platform, suggestDifficulty),
    store: data.store,
  });
}

/** The owner's pools, or the built-in one. */
function poolGroupsOf(options: RunOptions, platform: Platform, suggestDifficulty: number | null): PoolGroup[] {
  if (options.poolGroups.length === 0) {
    const address = parsePoolUrl(`${LOOPBACK}:${platform.localPoolPort ?? 0}`);
    return [{ quota: 1, pools: [poolSettings(address, DEMO_USER, DEMO_PASSWORD, { suggestDifficulty })] }];
  }
  return options.poolGroups.map(({ quota, pools }) => {
    return { quota, pools: pools.map((pool) => Object.assign({}, pool, { suggestDifficulty })) };
  });
}

/** A wrong report path must be known before the run, not after five minutes. */
function assertReportWritable(report: string | null): void {
  if (report === null || report === "-") return;
  if (report === "") throw usageError('--report "" names no file; give a path, or - for standard output.');
  const folder = path.dirname(path.resolve(report));
  try {
    fs.accessSync(folder, fs.constants.W_OK);
    if (report.endsWith(path.sep)) throw new Error("a folder");
    if (fs.existsSync(report)) {
      const kind = fs.statSync(report);
      // A pipe without a reader would block the whole program when the report is due.
      if (!kind.isFile() && !kind.isCharacterDevice()) throw new Error("no file");
      fs.accessSync(report, fs.constants.W_OK);
    }
  } catch {
    throw usageError(
      `--report "${report}" cannot be written: name a file in a folder that is there and writable (${folder} was tried).`,
    );
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #context: CommandContext;
  readonly #platform: Platform;
  readonly #miner: Miner;
  readonly #meter: ProcessMeter;
  readonly #log: Log;

  constructor(options: RunOptions, context: CommandContext, platform: Platform, miner: Miner, log: Log) {
    this.#options = options;
    this.#context = context;
    this.#platform = platform;
    this.#miner = miner;
    this.#log = log;
    this.#meter = new ProcessMeter(platform.clock);
  }

  async untilStopped(stop: AbortController, stopReason: () => string): Promise<number> {
    const { clock } = this.#platform;
    const management = this.#createManagement();
    const printer = new StatusPrinter(this.#context, clock);
    const timer = this.#options.forMs === null ? null : clock.setTimer(this.#options.forMs, () => stop.abort());
    let failure: unknown = null;
    // What the chains did is told as it was when the stop came, not after everything was switched off.
    let atStop = takeSnapshot(this.#miner.parts);
    stop.signal.addEventListener("abort", () => {
      atStop = takeSnapshot(this.#miner.parts);
    });
    const guard = (task: Promise<void>): Promise<void> =>
      task.catch((error: unknown) => {
        failure ??= error;
        stop.abort();
      });
    const tasks = [
      guard(this.#miner.run(stop.signal)),
      guard(management.run(stop.signal)),
      guard(this.#publish(management, printer, clock, stop.signal)),
    ];
    await Promise.all(tasks);
    timer?.cancel();
    const { chains, hashrate } = atStop;
    const snapshot = { ...takeSnapshot(this.#miner.parts), chains, hashrate };
    printer.end(snapshot);
    const reason = failure === null ? stopReason() : errorText(failure);
    const report = buildReport({
      version: VERSION,
      snapshot,
      process: this.#meter.read(),
      httpPort: management.port,
      endReason: reason,
    });
    this.#meter.close();
    const isWritten = this.#writeReport(report);
    if (failure !== null) throw failure instanceof Error ? failure : new Error(errorText(failure));
    return isWritten ? this.#exitCode(report, atStop.pool.reason) : EXIT.failed;
  }

  #createManagement(): ManagementHost {
    const { httpPort } = this.#options;
    return new ManagementHost({
      log: this.#log.child({ part: "management" }),
      clock: this.#platform.clock,
      programPath: this.#context.programPath,
      worker: {
        role: "management",
        host: LOOPBACK,
        port: httpPort ?? DEFAULT_HTTP_PORT,
        isPortDefault: httpPort === null,
        version: VERSION,
      },
    });
  }

  async #publish(management: ManagementHost, printer: StatusPrinter, clock: Clock, signal: AbortSignal): Promise<void> {
    do {
      const snapshot = takeSnapshot(this.#miner.parts);
      management.publish(snapshot);
      printer.show(snapshot, management.port);
    } while (await pause(clock, 1_000, signal));
  }

  /** False, with a sentence, when the report could not be written. */
  #writeReport(report: RunReport): boolean {
    const { report: target } = this.#options;
    if (target === null) return true;
    const text = `${JSON.stringify(report, null, 2)}\n`;
    if (target === "-") this.#context.stdout(text);
    else {
      try {
        fs.writeFileSync(target, text);
      } catch (error) {
        this.#context.stderr(
          `The report could not be written to ${target} (${errorText(error)}); choose another path.\n`,
        );
        return false;
      }
    }
    return true;
  }

  #exitCode(report: RunReport, poolReason: string): number {
    if (!report.end.hashboards_off) return EXIT.failed;
    const neverHadPool = this.#options.forMs !== null && report.pool.notifies === 0;
    if (neverHadPool) {
      this.#context.stderr(
        `Pool ${report.pool.url} never gave a job (${poolReason}): check address, user and that the pool runs.\n`,
      );
      return EXIT.unreachable;
    }
    return EXIT.done;
  }
}
