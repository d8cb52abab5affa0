/** One suite on an emulated machine in virtual time, as `kumpel hil` runs it, with faults planted before or at a step. */
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import type { HilTarget } from "#firmware/hil/bench.ts";
import type { HilReport } from "#firmware/hil/report.ts";
import { runHil } from "#firmware/hil/run-hil.ts";
import type { SuiteRun } from "#firmware/hil/run-suite.ts";
import type { HilStep, StepName, StepResult, SuiteName } from "#firmware/hil/step.ts";
import { createLog } from "#firmware/log.ts";
import { openVirtualTarget } from "#firmware/platform/hil-target.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";

export interface HilRigOptions {
  readonly machine?: string;
  readonly suite?: SuiteName;
  readonly seed?: number;
  /** Before the board is opened. */
  readonly plant?: (world: EmulatedWorld) => void;
  /** When a step begins; called with what aborts the run, in so many ms. */
  readonly onBegin?: (name: StepName, world: EmulatedWorld, abort: (reason: string, inMs: number) => void) => void;
  readonly steps?: readonly HilStep[];
  readonly target?: Partial<HilTarget>;
}

export interface HilOutcome {
  readonly report: HilReport;
  readonly run: SuiteRun;
  readonly world: EmulatedWorld;
  readonly results: readonly StepResult[];
  readonly abortedAtMs: number | null;
}

export async function runOnEmulator(options: HilRigOptions = {}): Promise<HilOutcome> {
  const machine = options.machine ?? "s21";
  let world: EmulatedWorld | null = null;
  const opened = await openVirtualTarget(machine, {
    seed: options.seed ?? 1,
    prepare: (made) => {
      world = made;
      options.plant?.(made);
    },
  });
  const made = world as EmulatedWorld | null;
  if (made === null) throw new Error("no world was made");
  const { platform, hashboard, scales, store, during } = opened;
  const target: HilTarget = {
    name: `emulator:${machine}`,
    platform,
    hashboard,
    support: boardSupport(machine),
    scales,
    isExperimentalAccepted: true,
    mayEnergise: true,
    expectedChains: null,
    expectedFans: null,
    boardName: null,
    hardwareErrorPct: 1,
    miningS: 60,
    store,
    ...options.target,
  };
  const stop = new AbortController();
  const abortIn = (reason: string, inMs: number): void => {
    platform.clock.setTimer(inMs, () => {
      abortedAtMs = platform.clock.nowMs();
      stop.abort(new Error(reason));
    });
  };
  let abortedAtMs: number | null = null;
  const results: StepResult[] = [];
  try {
    const { report, run } = await during(
      runHil({
        target,
        suite: options.suite ?? "full",
        log: createLog("silent"),
        frequencyMhz: null,
        workMv: null,
        ...(options.steps === undefined ? {} : { steps: options.steps }),
        onBegin: ({ name }) => options.onBegin?.(name, made, abortIn),
        onResult: (result) => results.push(result),
        signal: stop.signal,
      }),
    );
    return { report, run, world: made, results, abortedAtMs };
  } finally {
    await platform.stop();
  }
}

/** Nothing has power, and every chip is held in reset. */
export function isOff(world: EmulatedWorld): boolean {
  return !world.powerIsOn && world.chains.every(({ model }) => !model.isRunning);
}
