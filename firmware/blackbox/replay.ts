/**
 * Feeds a recording through today's decisions: each machine starts from its recorded state, gets the recorded inputs at
 * the recorded times, and what it decides is compared. Pure; the first difference of each machine ends its replay until
 * the recording gives its state anew.
 */
import { type ChainInput, type ChainState, stepChain } from "../chain/chain-machine.ts";
import { stepThermal } from "../control/thermal-decision.ts";
import type { ThermalInput, ThermalPlan, ThermalState } from "../control/thermal-types.ts";
import { type FailoverInput, type FailoverState, stepFailover } from "../pool/failover.ts";
import { type BlackBoxRecord, type RecordingHeader, recordSchema } from "./recording.ts";

export interface ReplayDifference {
  readonly line: number;
  readonly atMs: number;
  readonly machine: string;
  readonly input: unknown;
  readonly recorded: { readonly actions: readonly unknown[]; readonly reason: string };
  readonly today: { readonly actions: readonly unknown[]; readonly reason: string };
}

export interface ReplayResult {
  readonly header: RecordingHeader | null;
  readonly decisions: number;
  readonly uartChunks: number;
  readonly poolLines: number;
  /** Lines that are no records, by number and why. */
  readonly unreadable: readonly { readonly line: number; readonly text: string }[];
  /** Decisions of machines that this program does not have, or whose state was not recorded before. */
  readonly skipped: number;
  readonly differences: readonly ReplayDifference[];
}

interface Step {
  readonly state: unknown;
  readonly actions: readonly unknown[];
  readonly reason: string;
}

/** Undefined: an input that only another program knows. */
type StepOf = (state: unknown, input: unknown, context: unknown, nowMs: number) => Step | undefined;

/** The recording was written by the same types; a file that was tampered with fails in the step and is told. */
const MACHINES: Readonly<Record<string, StepOf>> = {
  thermal: (state, input, plan, nowMs) =>
    stepThermal(state as ThermalState, input as ThermalInput, plan as ThermalPlan, nowMs),
  chain: (state, input, _context, nowMs) => stepChain(state as ChainState, input as ChainInput, nowMs),
  failover: (state, input, _context, nowMs) => stepFailover(state as FailoverState, input as FailoverInput, nowMs),
};

interface Running {
  state: unknown;
  context: unknown;
}

export function replayRecording(text: string): ReplayResult {
  const machines = new Map<string, Running | "lost">();
  const differences: ReplayDifference[] = [];
  const unreadable: { line: number; text: string }[] = [];
  const counts = { decisions: 0, uartChunks: 0, poolLines: 0, skipped: 0 };
  let header: RecordingHeader | null = null;
  text.split("\n").forEach((line, i) => {
    if (line.trim() === "") return;
    const record = parseRecord(line);
    if (typeof record === "string") {
      unreadable.push({ line: i + 1, text: record });
      return;
    }
    switch (record.k) {
      case "kumpel black box":
        header = record;
        return;
      case "state":
        machines.set(record.m, { state: record.state, context: record.context });
        return;
      case "uart":
        counts.uartChunks++;
        return;
      case "pool":
        counts.poolLines++;
        return;
      case "note":
        return;
      case "step": {
        const difference = replayStep(record, machines, i + 1);
        if (difference === "skipped") counts.skipped++;
        else counts.decisions++;
        if (difference !== null && difference !== "skipped") differences.push(difference);
      }
    }
  });
  return { header, unreadable, differences, ...counts };
}

type StepRecord = Extract<BlackBoxRecord, { k: "step" }>;

function replayStep(
  record: StepRecord,
  machines: Map<string, Running | "lost">,
  line: number,
): ReplayDifference | "skipped" | null {
  const step = MACHINES[record.m.split(" ")[0] ?? ""];
  const running = machines.get(record.m);
  if (step === undefined || running === undefined || running === "lost") return "skipped";
  const today = tryStep(step, running, record);
  const isSame = today.reason === record.reason && JSON.stringify(today.actions) === JSON.stringify(record.actions);
  if (isSame) {
    running.state = today.state;
    return null;
  }
  // From here on its state would not be the recorded one any more.
  machines.set(record.m, "lost");
  return {
    line,
    atMs: record.t,
    machine: record.m,
    input: record.in,
    recorded: { actions: record.actions, reason: record.reason },
    today: { actions: today.actions, reason: today.reason },
  };
}

function tryStep(step: StepOf, { state, context }: Running, record: StepRecord): Step {
  try {
    const result = step(state, record.in, context, record.t);
    // A machine that was recorded by another program may know inputs that this one does not.
    if (result === undefined) throw new Error("it knows no such input");
    return result;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { state, actions: [], reason: `this program cannot take that state or input: ${why}` };
  }
}

function parseRecord(line: string): BlackBoxRecord | string {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return "no JSON";
  }
  const parsed = recordSchema.safeParse(value);
  return parsed.success ? parsed.data : "no record of a black box";
}
