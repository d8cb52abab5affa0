/** The command line of `npm run simulate`. A wrong word ends with one sentence that names it and what to do. */
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { LOG_LEVELS, type LogLevel } from "#firmware/log.ts";
import { isMachineName, MACHINE_NAMES, type MachineName } from "#hal/emulator/machines.ts";
import { chooseFaults, FAULTS } from "./fault-table.ts";
import { defaultTicket } from "./run-seed.ts";

export class UsageError extends Error {}

export interface SimulateOptions {
  readonly machine: MachineName;
  readonly seed: number;
  readonly seeds: number;
  readonly hours: number;
  readonly faults: string;
  readonly ticket: number;
  readonly jobs: number;
  /** Where the report goes; null = nowhere. */
  readonly report: string | null;
  readonly results: string;
  readonly isHeapRun: boolean;
  readonly isJson: boolean;
  readonly logLevel: LogLevel;
}

export const HELP = `npm run simulate [-- OPTIONS]: the firmware on an emulated machine in virtual time, with faults, all from a seed.

  --machine NAME     ${MACHINE_NAMES.join(" ")} (default s21)
  --seed N           0 .. 4294967295 (default 1)
  --hours H          virtual hours (default 24)
  --faults LIST      all, none, or names with commas between (default all); --faults list shows them
  --ticket D         difficulty of the chips' ticket, a power of two (default: about 10 nonces a second for the machine)
  --seeds N          N seeds from --seed on, on all processors; finished ones are not run again
  --jobs N           processes at a time with --seeds (default: all processors)
  --results FILE     JSON lines of the finished seeds (default: a file in the system's temporary folder)
  --report FILE|-    one JSON object; - is standard output
  --json             the same as --report -
  --heap             measures the heap after a collection, past an hour of warm-up and at the end
  --log LEVEL        the firmware's log on standard error: ${LOG_LEVELS.join(" ")} (default silent)

A violated invariant prints one line that replays it. Exit codes: 0 every invariant held, 1 one did not, 2 wrong usage,
3 a process of a run broke. Ctrl-C ends a run of many seeds; it goes on where it was when started again.
`;

export function readOptions(args: readonly string[]): SimulateOptions | "help" | "faults" {
  const values = parse(args);
  if (values.help === true) return "help";
  if (values.faults === "list") return "faults";
  const machine = values.machine ?? "s21";
  if (!isMachineName(machine))
    throw new UsageError(`--machine "${machine}" is unknown; choose one of: ${MACHINE_NAMES.join(" ")}`);
  const faults = values.faults ?? "all";
  const kinds = chooseFaults(faults);
  if ("unknown" in kinds)
    throw new UsageError(
      `--faults: "${kinds.unknown}" is no fault; "npm run simulate -- --faults list" shows the names`,
    );
  const ticket = number("--ticket", values.ticket, defaultTicket(machine), 1, 2 ** 31);
  if (!Number.isInteger(Math.log2(ticket))) throw new UsageError(`--ticket ${ticket} is no power of two: give one`);
  const level = LOG_LEVELS.find((each) => each === (values.log ?? "silent"));
  if (level === undefined)
    throw new UsageError(`--log "${values.log}" is unknown; choose one of: ${LOG_LEVELS.join(" ")}`);
  const processors = os.availableParallelism();
  return {
    machine,
    faults,
    ticket,
    seed: whole("--seed", values.seed, 1, 0, 2 ** 32 - 1),
    seeds: whole("--seeds", values.seeds, 0, 1, 1_000_000),
    hours: number("--hours", values.hours, 24, 0.01, 10_000),
    jobs: whole("--jobs", values.jobs, processors, 1, 1_024),
    report: values.json === true ? "-" : (values.report ?? null),
    results: values.results ?? path.join(os.tmpdir(), "kumpel-simulate.jsonl"),
    isHeapRun: values.heap ?? false,
    isJson: values.json ?? false,
    logLevel: level,
  };
}

function parse(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const options = {
    machine: text,
    seed: text,
    seeds: text,
    hours: text,
    faults: text,
    ticket: text,
    jobs: text,
    results: text,
    report: text,
    log: text,
    json: flag,
    heap: flag,
    help: flag,
  };
  try {
    return parseArgs({ args: [...args], allowPositionals: false, options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string | undefined, usual: number, min: number, max: number): number {
  if (text === undefined) return usual;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= min && value <= max) return value;
  throw new UsageError(`${name} "${text}" is no number from ${min} to ${max}`);
}

function whole(name: string, text: string | undefined, usual: number, min: number, max: number): number {
  const value = number(name, text, usual, min, max);
  if (!Number.isInteger(value)) throw new UsageError(`${name} "${text}" is no whole number`);
  return value;
}

/** The fault table as lines. */
export function faultLines(): string {
  const width = Math.max(...FAULTS.map(({ name }) => name.length));
  return FAULTS.map(({ name, what }) => `${name.padEnd(width)}  ${what}\n`).join("");
}
