/** `kumpel trace`: reads what passed between host and chips, whoever wrote it down. */
import { parseArgs } from "node:util";
import { CHIPS, type ChipRow } from "#drivers/bm13xx/chips.ts";
import type { GivenFacts } from "../trace/chain-facts.ts";
import { chipNamed } from "../trace/wire-format.ts";
import { convertInput, decodeInput, diffInputs, verifyInput } from "./trace-actions.ts";
import type { TraceContext } from "./trace-context.ts";
import { TRACE_HELP } from "./trace-help.ts";
import { argumentsError, EXIT, usageError } from "./usage.ts";

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const OPTIONS = {
  help: flag,
  json: flag,
  stats: flag,
  hex: flag,
  follow: flag,
  all: flag,
  chip: text,
  chips: text,
  interval: text,
  chain: text,
  gap: text,
  scale: text,
  ticket: text,
} as const;
type OptionName = keyof typeof OPTIONS;

const COMMON = ["help", "json", "chip", "chips", "interval"] as const;
/** What each action takes besides. */
const TAKES: Readonly<Record<string, readonly OptionName[]>> = {
  decode: [...COMMON, "stats", "hex", "follow"],
  diff: [...COMMON, "all", "chain", "gap"],
  verify: [...COMMON, "scale", "ticket"],
  convert: ["help", "chip", "chips", "interval"],
};
const FILES: Readonly<Record<string, readonly string[]>> = {
  decode: ["FILE"],
  diff: ["A", "B"],
  verify: ["FILE"],
  convert: ["FILE"],
};
const DEFAULT_GAP_MS = 100;
/** The easiest that emulated chips report; real ones begin at 1. */
const TICKET_MIN = 1e-9;

/** @throws KumpelError `USAGE` with one sentence. */
export async function traceCommand(args: readonly string[], context: TraceContext): Promise<number> {
  const { values, positionals } = parseOrExplain(args);
  const [action, ...files] = positionals;
  if (values.help === true) {
    context.stdout(TRACE_HELP);
    return EXIT.done;
  }
  const takes = action === undefined ? undefined : TAKES[action];
  if (action === undefined || takes === undefined) {
    const said = action === undefined ? "kumpel trace needs an action" : `kumpel trace "${action}" is unknown`;
    throw usageError(`${said}; choose one of: ${Object.keys(TAKES).join(" ")}.`);
  }
  const wrong = (Object.keys(values) as OptionName[]).find((name) => !takes.includes(name));
  if (wrong !== undefined) throw usageError(`kumpel trace ${action} takes no --${wrong}; see kumpel trace --help.`);
  const wanted = FILES[action] ?? [];
  if (files.length !== wanted.length || files.includes("")) {
    throw usageError(
      `kumpel trace ${action} takes ${wanted.join(" and ")}, not ${files.length} of them; - is standard input.`,
    );
  }
  const [first = "", second = ""] = files;
  const given = givenFacts(values);
  const isJson = values.json ?? false;
  switch (action) {
    case "decode": {
      const isFollowed = values.follow ?? false;
      if (isFollowed && first === "-")
        throw usageError("--follow waits for a file to grow; standard input is read to its end anyway.");
      const options = { isJson, isStats: values.stats ?? false, hasHex: values.hex ?? false, isFollowed };
      return decodeInput(first, given, options, context);
    }
    case "diff": {
      if (first === "-" && second === "-")
        throw usageError("Standard input can be read once only; name a file for A or B.");
      const gapMs = values.gap === "off" ? null : (number(values.gap, "--gap", 0, 1e6) ?? DEFAULT_GAP_MS);
      const chain = number(values.chain, "--chain", 0, 255);
      return diffInputs([first, second], given, { isJson, isWhole: values.all ?? false, gapMs, chain }, context);
    }
    case "verify": {
      const scale = number(values.scale, "--scale", 1, Number.MAX_VALUE);
      const ticket = number(values.ticket, "--ticket", TICKET_MIN, 2 ** 32);
      return verifyInput(first, given, { isJson, scale, ticket }, context);
    }
    default:
      return convertInput(first, given, context);
  }
}

function parseOrExplain(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw argumentsError(error, "kumpel trace");
  }
}

function givenFacts({ chip, chips, interval }: { chip?: string; chips?: string; interval?: string }): GivenFacts {
  return {
    chip: chipOf(chip),
    chipCount: whole(chips, "--chips", 1, 256),
    addressInterval: whole(interval, "--interval", 1, 256),
  };
}

function chipOf(name: string | undefined): ChipRow | null {
  if (name === undefined || name === "auto") return null;
  const row = chipNamed(name);
  if (row !== null) return row;
  const known = Object.keys(CHIPS).map((chip) => chip.toLowerCase());
  throw usageError(`--chip "${name}" is unknown; choose one of: auto ${known.join(" ")}.`);
}

function number(value: string | undefined, option: string, low: number, high: number): number | null {
  if (value === undefined) return null;
  const parsed = Number(value);
  if (value.trim() !== "" && parsed >= low && parsed <= high) return parsed;
  throw usageError(`${option} "${value}" is no number from ${low} to ${high}; give one in that range.`);
}

function whole(value: string | undefined, option: string, low: number, high: number): number | null {
  const parsed = number(value, option, low, high);
  if (parsed === null || Number.isInteger(parsed)) return parsed;
  throw usageError(`${option} "${value}" is no whole number; give one from ${low} to ${high}.`);
}
