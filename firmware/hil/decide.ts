/** What happens with the next step, and what a whole run is worth: pure. */
import type { HilStep, StepName, StepResult, Verdict } from "./step.ts";

export interface RunState {
  readonly results: readonly StepResult[];
  readonly mayEnergise: boolean;
  /** Power was asked for in this run. */
  readonly wasEnergised: boolean;
  /** Why nothing more may run, or null. */
  readonly stopReason: string | null;
}

export type Decision =
  | { readonly kind: "run" }
  | { readonly kind: "leave"; readonly verdict: "refused" | "skipped"; readonly reason: string };

const GOOD: readonly Verdict[] = ["passed", "not_applicable"];

export function decideStep(step: HilStep, state: RunState): Decision {
  const isLast = step.name === "power-down";
  if (state.stopReason !== null) return { kind: "leave", verdict: "skipped", reason: state.stopReason };
  if (step.isEnergising && !state.mayEnergise) {
    const reason = "the target file does not allow it (allow_energising = true would)";
    return { kind: "leave", verdict: "refused", reason };
  }
  if (isLast && !state.wasEnergised) return { kind: "leave", verdict: "skipped", reason: "nothing was switched on" };
  const missing = step.needs.find((name) => !isGood(state.results, name));
  if (missing !== undefined) return { kind: "leave", verdict: "skipped", reason: `it needs ${missing}` };
  const failed = state.results.find(({ isEnergising, verdict }) => isEnergising && verdict === "failed");
  // A machine that has shown a fault under power gets none again in this run.
  if (step.isEnergising && !isLast && failed !== undefined)
    return { kind: "leave", verdict: "skipped", reason: `${failed.name} failed` };
  return { kind: "run" };
}

function isGood(results: readonly StepResult[], name: StepName): boolean {
  const result = results.find((one) => one.name === name);
  // A step that the suite does not have is not missed.
  return result === undefined || GOOD.includes(result.verdict);
}

/** Passed only when every step did, or had nothing to check. */
export function verdictOf(results: readonly StepResult[], stopReason: string | null): "passed" | "failed" | "refused" {
  if (stopReason !== null || results.some(({ verdict }) => verdict === "failed" || verdict === "skipped"))
    return "failed";
  return results.some(({ verdict }) => verdict === "refused") ? "refused" : "passed";
}
