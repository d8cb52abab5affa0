/** `kumpel console`: talks to the running firmware, for a person at a terminal or a serial line, or for a script. */
import type { Duplex } from "node:stream";
import type { Clock } from "#hal/clock.ts";
import { consoleClient } from "../console/client.ts";
import { type ConsoleContext, sizeOf } from "../console/command.ts";
import { runLine, runWords } from "../console/shell.ts";
import { runTerminal } from "../console/terminal.ts";
import { runningSocket } from "./running-socket.ts";
import { EXIT, usageError } from "./usage.ts";

export const CONSOLE_HELP = `kumpel console [OPTIONS] [COMMAND ...]: looks at a running Kumpel, tunes it and steers it

  Without COMMAND: a prompt on a terminal, else the lines of standard input, one command each.
  --data DIR        data folder of the run; else the image's, or the one demo that runs here
  --on DEVICE       serve a serial device instead (the board's debug UART): login with a token of the own API
  --baud RATE       its rate (300 to 4000000, else 115200)
  --json            one JSON object (docs/CONSOLE.md) instead of text
  --effect SECONDS  tell what a change did after so long (0 to 600; else 10 at a prompt and 0 in scripts)

  kumpel console help lists the commands.
  Exit code 0: done; 1: refused, or what was checked does not hold; 2: wrong usage; 3: no firmware answers.
`;

export interface ConsoleHistoryStore {
  load(): string[];
  save(lines: readonly string[]): void;
}

export interface ConsoleCommandContext {
  readonly clock: Clock;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: (text: string) => void;
  readonly findSockets: () => Promise<string[]>;
  readonly openSerial: (device: string, baud: number) => Promise<Duplex>;
  readonly historyOf: (socketPath: string) => ConsoleHistoryStore;
  readonly onStopSignal: (listener: (name: string) => void) => void;
}

interface ConsoleOptions {
  readonly data: string | null;
  readonly device: string | null;
  readonly baud: number;
  readonly isJson: boolean;
  readonly effectS: number | null;
  readonly words: readonly string[];
}

const IDLE_MS = 15 * 60_000;
const PROMPT_EFFECT_S = 10;

export async function consoleCommand(args: readonly string[], context: ConsoleCommandContext): Promise<number> {
  if (args[0] === "--help") {
    context.stdout.write(CONSOLE_HELP);
    return EXIT.done;
  }
  const options = parseConsoleOptions(args);
  const socketPath = await runningSocket(options.data, context.findSockets);
  const stop = new AbortController();
  context.onStopSignal(() => stop.abort());
  const client = consoleClient(socketPath);
  const isPerson = options.words.length === 0 && context.stdin.isTTY && !options.isJson;
  if (options.device !== null || isPerson) {
    const port = options.device === null ? null : await context.openSerial(options.device, options.baud);
    const history = context.historyOf(socketPath);
    const end = await runTerminal({
      input: port ?? context.stdin,
      output: port ?? context.stdout,
      client,
      clock: context.clock,
      effectMs: (options.effectS ?? PROMPT_EFFECT_S) * 1000,
      history: port === null ? history.load() : [],
      onHistory: (lines) => {
        if (port === null) history.save(lines);
      },
      needsLogin: port !== null,
      idleMs: port === null ? null : IDLE_MS,
      signal: stop.signal,
    });
    port?.destroy();
    if (end === "ended" || port === null) return EXIT.done;
    context.stderr(`${options.device} went away: nobody is served there any more; start again when it is back.\n`);
    return EXIT.failed;
  }
  return runScript(options, context, { client, signal: stop.signal });
}

async function runScript(
  { words, isJson, effectS }: ConsoleOptions,
  { clock, stdout, stdin }: ConsoleCommandContext,
  parts: Pick<ConsoleContext, "client" | "signal">,
): Promise<number> {
  const screen = {
    width: () => sizeOf(stdout).columns,
    rows: () => sizeOf(stdout).rows,
    isTerminal: stdout.isTTY,
    write: (text: string) => void stdout.write(text),
  };
  const pending: Promise<void>[] = [];
  const context: ConsoleContext = {
    ...parts,
    clock,
    screen,
    isJson,
    effectMs: (effectS ?? 0) * 1000,
    confirm: () => Promise.resolve(false),
    later: (task) => void pending.push(task(parts.signal).then((text) => screen.write(`${text}\n`))),
  };
  let code: number = EXIT.done;
  if (words.length > 0) code = await runWords(words, context);
  else for await (const line of linesOf(stdin)) code = code || (await runLine(line, context));
  await Promise.all(pending);
  return code;
}

async function* linesOf(input: NodeJS.ReadStream): AsyncGenerator<string> {
  let rest = "";
  input.setEncoding("utf8");
  for await (const chunk of input) {
    const lines = (rest + String(chunk)).split(/\r?\n/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Options stand before the command's words, which may look like options: `freq 0 -12.5`. */
export function parseConsoleOptions(args: readonly string[]): ConsoleOptions {
  const found = new Map<string, string>();
  let at = 0;
  while (at < args.length && args[at]?.startsWith("--") === true) {
    const [, name = "", inline] = /^--([\w-]*)(?:=(.*))?$/s.exec(args[at] ?? "") ?? [];
    at++;
    if (name === "json") {
      found.set(name, "");
      continue;
    }
    if (!["data", "on", "baud", "effect"].includes(name))
      throw usageError(`kumpel console has no option --${name}; see kumpel console --help.`);
    const value = inline ?? args[at++];
    if (value === undefined || value === "") throw usageError(`--${name} lacks its value; see kumpel console --help.`);
    found.set(name, value);
  }
  const words = args.slice(at);
  const device = found.get("on") ?? null;
  if (device !== null && words.length > 0)
    throw usageError("--on serves whoever logs in there: give no command beside it.");
  return {
    data: found.get("data") ?? null,
    device,
    baud: numberIn(found.get("baud"), "--baud", 300, 4_000_000) ?? 115_200,
    isJson: found.has("json"),
    effectS: numberIn(found.get("effect"), "--effect", 0, 600),
    words,
  };
}

function numberIn(text: string | undefined, name: string, min: number, max: number): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usageError(`${name} "${text}" is no number of ${min} to ${max}.`);
}
