/** The command line of `kumpel hil`. */
import { parseArgs } from "node:util";
import { SUITES, type SuiteName } from "../hil/step.ts";
import { argumentsError, usageError } from "./usage.ts";

export const HIL_HELP = `kumpel hil: checks a machine step by step, a real one on a bench or its emulated twin.

  kumpel hil --target emulator:NAME|TARGET.toml --suite smoke|full [OPTIONS]

  --target emulator:NAME  an emulated machine, in virtual time: a full suite takes seconds
  --target FILE.toml      a real machine as the file describes it (docs/HIL.md); steps that give power to the hashboards
                          are refused unless it says allow_energising = true
  --suite smoke           plug, devices, fans, power-up, enumeration, baud change, ramp, power-down: about a minute
  --suite full            and each chip's registers, jobs with known nonces, a minute of mining against a local pool
  --real-time             emulated machines: in real time, chains behind pseudo-terminals
  --seed N                emulated machines: 0 .. 4294967295 (default 1); the same seed gives the same run
  --emulated-chips        target files: the board's serial devices end in the chip emulator (test machines)
  --json FILE|-           the outcome as JSON; - is standard output
  --junit FILE|-          the outcome as JUnit XML
  --data DIR              where the miner of the mining step keeps its data (default: nowhere)
  --verbose               what was seen in steps that passed, too

Ctrl-C and SIGTERM end it within two seconds, hashboards off first; so does every step that fails.
Exit codes: 0 every step passed or had nothing to check, 1 a step failed or was refused, 2 wrong usage or target file,
3 the hardware cannot be reached.
`;

export interface HilCommandOptions {
  readonly target:
    | { readonly kind: "emulated"; readonly name: string }
    | { readonly kind: "file"; readonly path: string };
  readonly suite: SuiteName;
  readonly isRealTime: boolean;
  readonly seed: number;
  /** The real board's serial devices end in the chip emulator. */
  readonly areChipsEmulated: boolean;
  readonly json: string | null;
  readonly junit: string | null;
  readonly data: string | null;
  readonly isVerbose: boolean;
}

const EMULATOR = "emulator:";
const SEED_MAX = 2 ** 32 - 1;

/** @throws KumpelError `USAGE` with one sentence. */
export function parseHilOptions(args: readonly string[]): HilCommandOptions {
  const values = parseOrExplain(args);
  const name = values.target;
  if (name === undefined) throw usageError("--target is missing: give emulator:NAME or a target file.");
  const suite = SUITES.find((one) => one === values.suite);
  if (suite === undefined) {
    const given = values.suite === undefined ? "is missing" : `"${values.suite}" is unknown`;
    throw usageError(`--suite ${given}: choose smoke or full.`);
  }
  const isEmulated = name.startsWith(EMULATOR);
  for (const option of ["real-time", "seed"] as const)
    if (!isEmulated && values[option] !== undefined)
      throw usageError(
        `--${option} is for emulated machines, but "${name}" is a target file; leave one of the two out.`,
      );
  const areChipsEmulated = values["emulated-chips"] === true;
  if (isEmulated && areChipsEmulated)
    throw usageError(`--emulated-chips is for a real board, but "${name}" is emulated as a whole; leave it out.`);
  const { json = null, junit = null, data = null } = values;
  if (json === "-" && junit === "-") throw usageError("--json and --junit cannot both go to standard output.");
  return {
    target: isEmulated ? { kind: "emulated", name: name.slice(EMULATOR.length) } : { kind: "file", path: name },
    suite,
    isRealTime: values["real-time"] === true,
    seed: parseSeed(values.seed),
    areChipsEmulated,
    json,
    junit,
    data,
    isVerbose: values.verbose === true,
  };
}

function parseSeed(text: string | undefined): number {
  if (text === undefined) return 1;
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= SEED_MAX) return seed;
  throw usageError(`--seed "${text}" is no whole number from 0 to ${SEED_MAX}.`);
}

function parseOrExplain(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        target: text,
        suite: text,
        "real-time": flag,
        seed: text,
        "emulated-chips": flag,
        json: text,
        junit: text,
        data: text,
        verbose: flag,
      },
    }).values;
  } catch (error) {
    throw argumentsError(error, "kumpel hil");
  }
}
