/** The outcome of a run as JSON; docs/HIL.md explains the fields, and the schema holds them to it. */
import { z } from "zod";
import { verdictOf } from "./decide.ts";
import type { SuiteRun } from "./run-suite.ts";
import { STEP_NAMES, type StepResult, SUITES, type SuiteName, VERDICTS, type Verdict } from "./step.ts";

export const hilReportSchema = z.strictObject({
  version: z.string(),
  target: z.string(),
  machine: z.string(),
  control_board: z.string(),
  suite: z.enum(SUITES),
  /** What is not real in this run; null where everything is. */
  emulated: z.string().nullable(),
  /** ISO 8601, by the target's clock: a virtual one begins on 1 January 2026. */
  started_at: z.string(),
  seconds: z.number(),
  verdict: z.enum(["passed", "failed", "refused"]),
  /** Why it ended early, or null. */
  stopped: z.string().nullable(),
  /** Power was never asked for, or every switch confirmed that it is off. */
  power_off_confirmed: z.boolean(),
  counts: z.strictObject(
    Object.fromEntries(VERDICTS.map((verdict) => [verdict, z.number().int()])) as Record<Verdict, z.ZodNumber>,
  ),
  steps: z.array(
    z.strictObject({
      name: z.enum(STEP_NAMES),
      title: z.string(),
      energising: z.boolean(),
      verdict: z.enum(VERDICTS),
      seconds: z.number(),
      /** Problems of a step that failed, the reason of one that did not run, else what was seen. */
      messages: z.array(z.string()),
    }),
  ),
});

export type HilReport = z.infer<typeof hilReportSchema>;

export interface ReportFacts {
  readonly version: string;
  readonly target: string;
  readonly machine: string;
  readonly controlBoard: string;
  readonly suite: SuiteName;
  readonly emulated: string | null;
  readonly startedAtMs: number;
}

export function reportOf(facts: ReportFacts, run: SuiteRun): HilReport {
  const { results, stopReason, isOffConfirmed } = run;
  const count = (verdict: Verdict): number => results.filter((one) => one.verdict === verdict).length;
  const verdict = isOffConfirmed ? verdictOf(results, stopReason) : "failed";
  return {
    version: facts.version,
    target: facts.target,
    machine: facts.machine,
    control_board: facts.controlBoard,
    suite: facts.suite,
    emulated: facts.emulated,
    started_at: new Date(facts.startedAtMs).toISOString(),
    seconds: rounded(results.reduce((sum, { seconds }) => sum + seconds, 0)),
    verdict,
    stopped: stopReason,
    power_off_confirmed: isOffConfirmed,
    counts: {
      passed: count("passed"),
      failed: count("failed"),
      refused: count("refused"),
      skipped: count("skipped"),
      not_applicable: count("not_applicable"),
    },
    steps: results.map(({ name, title, isEnergising, verdict: of, seconds, messages }) => {
      return { name, title, energising: isEnergising, verdict: of, seconds: rounded(seconds), messages: [...messages] };
    }),
  };
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  passed: "ok",
  failed: "FAILED",
  refused: "refused",
  skipped: "skipped",
  not_applicable: "n/a",
};

/** One line for each step, and its messages below where it did not simply pass. */
export function stepText({ name, title, verdict, seconds, messages }: StepResult, isVerbose: boolean): string {
  const time = verdict === "refused" || verdict === "skipped" ? "" : `${seconds.toFixed(1)} s`;
  const head = `${WORDS[verdict].padEnd(8)}${name.padEnd(15)}${time.padStart(8)}  ${title}\n`;
  if (verdict === "passed" && !isVerbose) return head;
  return head + messages.map((message) => `        ${message}\n`).join("");
}

export function summaryText({
  verdict,
  counts,
  power_off_confirmed: isOff,
  target,
  suite,
  stopped,
}: HilReport): string {
  const parts = Object.entries(counts).flatMap(([name, n]) => (n === 0 ? [] : [`${n} ${name.replace("_", " ")}`]));
  const power = isOff ? "power is off" : "POWER IS NOT CONFIRMED TO BE OFF: pull the plug";
  const why = stopped === null ? "" : ` (${stopped})`;
  return `${suite} on ${target}: ${verdict}${why}; ${parts.join(", ")}; ${power}\n`;
}
