/** One suite on one opened target: who the boards are, which working point that gives, and the run itself. */
import { chooseOperatingPoint, type OperatingPoint } from "#drivers/hashboards/operating-point.ts";
import { readBoardIdentities } from "../hardware/board-identities.ts";
import type { Log } from "../log.ts";
import { VERSION } from "../version.ts";
import { HilBench, type HilTarget } from "./bench.ts";
import { type HilReport, reportOf } from "./report.ts";
import { runSuite, type SuiteRun } from "./run-suite.ts";
import type { HilStep, StepResult, SuiteName } from "./step.ts";
import { stepsOf } from "./suite.ts";

export interface HilOptions {
  readonly target: HilTarget;
  readonly suite: SuiteName;
  /** Absent: those of the suite. */
  readonly steps?: readonly HilStep[];
  readonly log: Log;
  readonly frequencyMhz: number | null;
  readonly workMv: number | null;
  readonly onBegin: (step: HilStep) => void;
  readonly onResult: (result: StepResult) => void;
  readonly signal: AbortSignal;
}

/** @throws KumpelError as `chooseOperatingPoint` does, where the target may be energised. */
export async function runHil(options: HilOptions): Promise<{ report: HilReport; run: SuiteRun }> {
  const { target, suite, log, signal, onBegin, onResult } = options;
  const { board, clock } = target.platform;
  const startedAtMs = clock.wallTimeMs();
  const identities = await readBoardIdentities(board, target.support);
  const bench = new HilBench({ target, log, identities, operatingPoint: workingPoint(options, identities) });
  const run = await runSuite({ bench, steps: options.steps ?? stepsOf(suite), signal, onBegin, onResult });
  const facts = {
    version: VERSION,
    target: target.name,
    machine: target.hashboard.model,
    controlBoard: board.name,
    suite,
    emulated: target.scales.label,
    startedAtMs,
  };
  return { report: reportOf(facts, run), run };
}

type Identities = Awaited<ReturnType<typeof readBoardIdentities>>;

/** Where nothing may be energised the row's numbers do: they are never set. */
function workingPoint({ target, frequencyMhz, workMv }: HilOptions, identities: Identities): OperatingPoint {
  const { hashboard: model, support, platform, mayEnergise } = target;
  return chooseOperatingPoint({
    model,
    support,
    identities: identities.map(({ identity }) => identity),
    owner: { frequencyMhz, workMv },
    acceptsUnconfirmed: platform.acceptsUnconfirmed || !mayEnergise,
    hints: { frequency: "tuning.frequency_mhz", voltage: "tuning.work_voltage_mv" },
  });
}
