/** What a suite is made of: steps as data, and what one of them can say. */
import type { HilBench } from "./bench.ts";
import type { Finding } from "./finding.ts";

export const STEP_NAMES = [
  "plug",
  "devices",
  "fans",
  "power-up",
  "enumeration",
  "register-echo",
  "baud-change",
  "ramp",
  "known-work",
  "mining",
  "power-down",
] as const;
export type StepName = (typeof STEP_NAMES)[number];

export const VERDICTS = ["passed", "failed", "refused", "skipped", "not_applicable"] as const;
export type Verdict = (typeof VERDICTS)[number];

export const SUITES = ["smoke", "full"] as const;
export type SuiteName = (typeof SUITES)[number];

export interface HilStep {
  readonly name: StepName;
  readonly title: string;
  /** It gives power to the hashboards, or needs them to have it. */
  readonly isEnergising: boolean;
  /** Steps that must have passed, or had nothing to check. */
  readonly needs: readonly StepName[];
  readonly suites: readonly SuiteName[];
  /** Seconds after which it has failed; reckoned for real hardware. */
  readonly deadlineS: number;
  run(bench: HilBench, signal: AbortSignal): Promise<Finding>;
}

export interface StepResult {
  readonly name: StepName;
  readonly title: string;
  readonly isEnergising: boolean;
  readonly verdict: Verdict;
  readonly seconds: number;
  readonly messages: readonly string[];
}
