/** `kumpel hil`: one suite of checks against a real machine on a bench or its emulated twin, for people and for CI jobs. */
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { tightenLimits } from "#drivers/hashboards/limits.ts";
import { KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { HilTarget } from "../hil/bench.ts";
import { junitXml } from "../hil/junit.ts";
import { type HilReport, stepText, summaryText } from "../hil/report.ts";
import { runHil } from "../hil/run-hil.ts";
import { ownerOf, parseTargetFile, type TargetFile, targetSchema } from "../hil/target-file.ts";
import { createLog, type Log } from "../log.ts";
import type { OwnerSettings, RealMachine } from "../platform/choose-board.ts";
import type { OpenTarget } from "../platform/hil-target.ts";
import { HIL_HELP, type HilCommandOptions, parseHilOptions } from "./hil-options.ts";
import { EXIT } from "./usage.ts";

/** What the command needs of its process; `main.ts` hands it in. */
export interface HilContext {
  readonly openVirtual: (machine: string, options: { readonly seed: number }) => Promise<OpenTarget>;
  readonly openRealTime: (machine: string, seed: number) => Promise<OpenTarget>;
  readonly findMachine: (owner: OwnerSettings) => Promise<RealMachine>;
  readonly openBench: (machine: RealMachine, log: Log, areChipsEmulated: boolean) => Promise<OpenTarget>;
  readonly openData: (folder: string) => Promise<FileStore>;
  readonly readText: (path: string) => Promise<string>;
  readonly writeText: (file: string, text: string) => Promise<void>;
  readonly onStopSignal: (listener: (name: string) => void) => void;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

export async function hilCommand(args: readonly string[], context: HilContext): Promise<number> {
  if (args.includes("--help")) {
    context.stdout(HIL_HELP);
    return EXIT.done;
  }
  const options = parseHilOptions(args);
  const stop = new AbortController();
  context.onStopSignal((name) => stop.abort(new KumpelError("ABORTED", `stopped by ${name}`)));
  // The miner tells through the steps what it finds; its own log is for those who ask for it.
  const log = createLog(options.isVerbose ? "warn" : "silent");
  const { opened, target } = await openTarget(options, context, log);
  try {
    return await opened.during(runAndTell(options, context, target, log, stop.signal));
  } finally {
    await opened.platform.stop();
  }
}

async function runAndTell(
  options: HilCommandOptions,
  context: HilContext,
  { machine, ...target }: DescribedTarget,
  log: Log,
  signal: AbortSignal,
): Promise<number> {
  const say = isStdoutTaken(options) ? context.stderr : context.stdout;
  const { report, run } = await runHil({
    target,
    suite: options.suite,
    log,
    frequencyMhz: machine.tuning.frequency_mhz ?? null,
    workMv: machine.tuning.work_voltage_mv ?? null,
    onBegin: ({ name, title }) => context.stderr(`${name}: ${title} ...\n`),
    onResult: (result) => say(stepText(result, options.isVerbose)),
    signal,
  });
  say(summaryText(report));
  await writeReports(options, context, report);
  if (run.unreachable !== null) {
    context.stderr(`${run.unreachable.message}\n`);
    return EXIT.unreachable;
  }
  return report.verdict === "passed" ? EXIT.done : EXIT.failed;
}

/** Results that a program reads are alone on standard output. */
function isStdoutTaken({ json, junit }: HilCommandOptions): boolean {
  return json === "-" || junit === "-";
}

async function writeReports({ json, junit }: HilCommandOptions, context: HilContext, report: HilReport): Promise<void> {
  const put = async (to: string | null, text: string): Promise<void> => {
    if (to === "-") context.stdout(text);
    else if (to !== null) await context.writeText(to, text);
  };
  await put(json, `${JSON.stringify(report, null, 2)}\n`);
  await put(junit, junitXml(report));
}

type DescribedTarget = HilTarget & { readonly machine: TargetFile };

async function openTarget(options: HilCommandOptions, context: HilContext, log: Log) {
  const { target } = options;
  if (target.kind === "emulated") {
    const { openRealTime, openVirtual } = context;
    const { isRealTime, seed } = options;
    const opened = await (isRealTime ? openRealTime(target.name, seed) : openVirtual(target.name, { seed }));
    // Nothing can burn there.
    const file = targetSchema.parse({ allow_energising: true });
    return { opened, target: await describe(`emulator:${target.name}`, file, opened, options, context) };
  }
  const file = parseTargetFile(await context.readText(target.path), target.path);
  const machine = await context.findMachine(ownerOf(file));
  const opened = await context.openBench(machine, log, options.areChipsEmulated);
  try {
    return { opened, target: await describe(target.path, file, opened, options, context) };
  } catch (error) {
    await opened.platform.stop();
    throw error;
  }
}

async function describe(
  name: string,
  file: TargetFile,
  { platform, hashboard, scales, store }: OpenTarget,
  { data }: HilCommandOptions,
  context: HilContext,
): Promise<DescribedTarget> {
  const { expect, limits, machine } = file;
  const wish = { boardMaxC: limits.board_limit_c ?? null, chipMaxC: null };
  return {
    name,
    platform,
    hashboard: tightenLimits(hashboard, wish, { board: "limits.board_limit_c", chip: "" }),
    support: boardSupport(hashboard.model),
    scales,
    isExperimentalAccepted: platform.acceptsUnconfirmed || machine.accept_experimental,
    mayEnergise: file.allow_energising,
    expectedChains: expect.chains ?? null,
    expectedFans: expect.fans ?? null,
    boardName: expect.board_name ?? null,
    hardwareErrorPct: limits.hardware_error_pct,
    miningS: limits.mining_s,
    store: data === null ? store : await context.openData(data),
    machine: file,
  };
}
