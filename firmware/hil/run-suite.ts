/**
 * Runs a suite: one step after the other, each with a deadline. Whatever ends a step that has power (its own failure, its
 * deadline, heat, a lost board, a signal), the power goes off before anything else is done or told.
 */
import { LATE, within } from "#hal/clock.ts";
import { errorText, isKumpelError, type KumpelError } from "#hal/errors.ts";
import { type HilBench, reasonOf } from "./bench.ts";
import { decideStep } from "./decide.ts";
import type { Finding } from "./finding.ts";
import { watchHeat } from "./heat-watch.ts";
import type { HilStep, StepResult } from "./step.ts";

/** What a step that was told to stop gets before it is left alone. */
const STOP_LIMIT_MS = 1_000;

export interface SuiteRun {
  readonly results: readonly StepResult[];
  /** Why it ended early, or null. */
  readonly stopReason: string | null;
  /** Power was never asked for, or every switch confirmed that it is off. */
  readonly isOffConfirmed: boolean;
  /** What the board did not answer to at all; null = it was there. */
  readonly unreachable: KumpelError | null;
}

export interface SuiteOptions {
  readonly bench: HilBench;
  readonly steps: readonly HilStep[];
  /** Told of each result as it comes. */
  readonly onResult: (result: StepResult) => void;
  readonly onBegin: (step: HilStep) => void;
  /** Aborts with a reason in one sentence. */
  readonly signal: AbortSignal;
}

/** Codes that mean: there is nothing to test here. */
const UNREACHABLE = ["EMULATOR_LOST", "HOBBY_CONTROL_FAILED", "GPIO_FAILED", "PWM_FAILED", "REGISTERS_FAILED"] as const;

export async function runSuite(options: SuiteOptions): Promise<SuiteRun> {
  const { bench, steps, signal } = options;
  const { clock } = bench.target.platform;
  const results: StepResult[] = [];
  let wasEnergised = false;
  let unreachable: KumpelError | null = null;
  const note = (result: StepResult): void => {
    results.push(result);
    options.onResult(result);
  };
  await safeStart(bench);
  for (const step of steps) {
    const stopReason = stopReasonOf(signal, unreachable);
    const { mayEnergise } = bench.target;
    const decision = decideStep(step, { results, mayEnergise, wasEnergised, stopReason });
    const { name, title, isEnergising } = step;
    if (decision.kind === "leave") {
      const { verdict, reason } = decision;
      note({ name, title, isEnergising, verdict, seconds: 0, messages: [reason] });
      continue;
    }
    options.onBegin(step);
    const startMs = clock.nowMs();
    const { finding, error } = await runStep(bench, step, signal);
    wasEnergised ||= bench.isEnergised;
    const problems = [...finding.problems];
    if (problems.length > 0 && bench.isEnergised) problems.push(...(await powerOff(bench)));
    // A link may break a moment before its board is known to be gone.
    unreachable = isKumpelError(error, ...UNREACHABLE) ? error : (unreachable ?? bench.lost);
    note({ name, title, isEnergising, ...verdictWords(finding, problems), seconds: (clock.nowMs() - startMs) / 1_000 });
  }
  if (bench.isEnergised) await powerOff(bench);
  const isOffConfirmed = !bench.isEnergised;
  return { results, stopReason: stopReasonOf(signal, null), isOffConfirmed, unreachable: unreachable ?? bench.lost };
}

function stopReasonOf(signal: AbortSignal, unreachable: KumpelError | null): string | null {
  if (unreachable !== null) return "the board cannot be reached";
  return signal.aborted ? errorText(signal.reason) : null;
}

/** An earlier run may have been killed with power on. */
async function safeStart(bench: HilBench): Promise<void> {
  for (const connector of bench.target.platform.board.chains) await connector.setReset(true);
  // Controllers that have not been started yet cannot confirm; what they hold off stays off.
  await bench.makeSafe().catch((error: unknown) => bench.log.info(`safe start: ${reasonOf(error)}`));
}

function verdictWords(finding: Finding, problems: readonly string[]): Pick<StepResult, "verdict" | "messages"> {
  if (problems.length > 0) return { verdict: "failed", messages: problems };
  if (finding.notApplicable !== undefined) return { verdict: "not_applicable", messages: [finding.notApplicable] };
  return { verdict: "passed", messages: finding.notes };
}

/** What could not be switched off, as problems. */
async function powerOff(bench: HilBench): Promise<string[]> {
  try {
    await bench.makeSafe();
    return [];
  } catch (error) {
    return [`power is not confirmed to be off (${reasonOf(error)}): pull the plug`];
  }
}

interface StepEnd {
  readonly finding: Finding;
  readonly error: unknown;
}

async function runStep(bench: HilBench, step: HilStep, outer: AbortSignal): Promise<StepEnd> {
  const { platform, hashboard } = bench.target;
  const { clock, board } = platform;
  const stop = new AbortController();
  const reasons: string[] = [];
  const end = (reason: string): void => {
    if (stop.signal.aborted) return;
    reasons.push(reason);
    stop.abort();
  };
  const onOuter = (): void => end(errorText(outer.reason));
  outer.addEventListener("abort", onOuter, { once: true });
  const deadline = clock.setTimer(step.deadlineS * 1_000, () => end(`not done within ${step.deadlineS} s`));
  bench.onBroken = (error) => end(error.message);
  // The miner, where one runs, sets its own listener for a lost board; ours is set anew for every step.
  board.onLost((error) => {
    if (isKumpelError(error)) bench.lost = error;
    end(errorText(error));
  });
  const heatStop = new AbortController();
  const sensors = bench.devices.sensors.filter(({ chainIndex }) => bench.plugged.includes(chainIndex));
  const heat = watchesItself(step)
    ? Promise.resolve()
    : watchHeat({ clock, sensors, boardMaxC: hashboard.temperatureLimits.boardMaxC, onTooHot: end }, heatStop.signal);
  try {
    return await outcome(bench, step, stop.signal, reasons);
  } finally {
    deadline.cancel();
    outer.removeEventListener("abort", onOuter);
    bench.onBroken = () => undefined;
    heatStop.abort();
    await within(clock, STOP_LIMIT_MS, heat);
  }
}

/** Without power nothing gets hot, and the miner has a supervision of its own. */
function watchesItself({ isEnergising, name }: HilStep): boolean {
  return !isEnergising || name === "mining" || name === "power-down";
}

async function outcome(
  bench: HilBench,
  step: HilStep,
  signal: AbortSignal,
  reasons: readonly string[],
): Promise<StepEnd> {
  const { clock } = bench.target.platform;
  const running = step.run(bench, signal).then(
    (finding): StepEnd => ({ finding, error: null }),
    (error: unknown): StepEnd => ({ finding: { problems: [reasonOf(error)], notes: [] }, error }),
  );
  const aborted = new Promise<typeof LATE>((resolve) => {
    // A step that does not hear its signal must not hold up the way to the safe state.
    const late = (): void => void within(clock, STOP_LIMIT_MS, running).then(() => resolve(LATE));
    if (signal.aborted) late();
    else signal.addEventListener("abort", late, { once: true });
  });
  const first = await Promise.race([running, aborted]);
  const [reason] = reasons;
  if (reason === undefined && first !== LATE) return first;
  const ended = first === LATE ? null : first.error;
  const offFailure = isKumpelError(ended, "ABORTED") || ended === null ? [] : [reasonOf(ended)];
  const why = reason ?? "it did not stop when it was told to";
  return { finding: { problems: [why, ...offFailure], notes: [] }, error: ended };
}
