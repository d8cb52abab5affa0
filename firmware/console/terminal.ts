/**
 * The console as a person meets it: a line with history and completion, Ctrl-C for what runs, Ctrl-D to leave, and on a
 * serial line a login before anything else.
 */
import { type Clock, pause } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { ConsoleClient } from "./client.ts";
import { type ConsoleContext, type Screen, sizeOf } from "./command.ts";
import { type ConsoleOutput, LineEditor } from "./line-editor.ts";
import { completions, runLine } from "./shell.ts";

const PROMPT = "kumpel> ";
const LOGIN_TRIES = 3;
const LOGIN_PAUSE_MS = 5_000;
const AWAY: unique symbol = Symbol("away");

export interface TerminalOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: ConsoleOutput;
  readonly client: ConsoleClient;
  readonly clock: Clock;
  readonly effectMs: number;
  /** Oldest first; of whoever needs no login. */
  readonly history: readonly string[];
  readonly onHistory: (lines: readonly string[]) => void;
  /** Nobody gets in without a token of the own API, and with it he may do what the token may. */
  readonly needsLogin: boolean;
  /** Whoever went away without leaving is logged out; null = he is trusted to stay. */
  readonly idleMs: number | null;
  /** The program is asked to end. */
  readonly signal: AbortSignal;
}

/**
 * Until the person leaves or the program has to end; with a login one person comes after the other.
 * @returns gone when the terminal itself went away
 */
export async function runTerminal(options: TerminalOptions): Promise<"ended" | "gone"> {
  const { input, signal } = options;
  const over = new AbortController();
  const end = (): void => over.abort();
  for (const event of ["end", "close", "error"]) input.on(event, end);
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const inner = { ...options, signal: over.signal };
  if (options.needsLogin) while (!over.signal.aborted) await serveNext(inner);
  else await new Session(inner, options.client).run();
  // What is still under way in a stream that broke must not end the program.
  for (const event of ["end", "close"]) input.off(event, end);
  return signal.aborted || !over.signal.aborted ? "ended" : "gone";
}

async function serveNext(options: TerminalOptions): Promise<void> {
  const client = await logIn(options);
  if (client !== null) await new Session({ ...options, history: [], onHistory: () => undefined }, client).run();
}

function screenOf(output: ConsoleOutput): Screen {
  return {
    width: () => sizeOf(output).columns,
    rows: () => sizeOf(output).rows,
    isTerminal: true,
    write: (text) => void output.write(text.replace(/\r?\n/g, "\r\n")),
  };
}

/** Null: nobody who is known came. Its editor ends with it, so that a token is left nowhere. */
async function logIn(options: TerminalOptions): Promise<ConsoleClient | null> {
  const { output, clock, signal } = options;
  const screen = screenOf(output);
  const editor = new LineEditor({
    ...options,
    isMuted: true,
    history: [],
    onHistory: () => undefined,
    complete: () => Promise.resolve([[], ""]),
    onInterrupt: () => undefined,
  });
  const close = (): void => editor.close();
  signal.addEventListener("abort", close, { once: true });
  try {
    for (let attempt = 0; attempt < LOGIN_TRIES; attempt++) {
      screen.write("Kumpel console. A token of the own API lets you in.\n");
      const token = await editor.askNow("token: ");
      if (editor.isClosed || signal.aborted) {
        screen.write("\n");
        return null;
      }
      screen.write("\n");
      if (token === null || token.trim() === "") continue;
      const client = await checked(options.client, token.trim(), screen);
      if (client !== null) return client;
    }
    await pause(clock, LOGIN_PAUSE_MS, signal);
    return null;
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}

async function checked(client: ConsoleClient, token: string, screen: Screen): Promise<ConsoleClient | null> {
  try {
    const known = await client.logIn(token);
    if (known === null) screen.write("This token is not known.\n");
    return known;
  } catch (error) {
    if (!isKumpelError(error)) throw error;
    screen.write(`${errorText(error)}\n`);
    return null;
  }
}

/** Of one person, until he leaves. */
class Session {
  readonly #options: TerminalOptions;
  readonly #client: ConsoleClient;
  readonly #editor: LineEditor;
  readonly #screen: Screen;
  /** Of the command that runs. */
  #running: AbortController | null = null;
  /** He left, or it is over for all: ends what runs, and effects that would be told later. */
  readonly #left = new AbortController();
  #lastInputMs: number;

  constructor(options: TerminalOptions, client: ConsoleClient) {
    this.#options = options;
    this.#client = client;
    const screen = screenOf(options.output);
    // A command that still waits for its answer has nothing to tell the next person.
    this.#screen = { ...screen, write: (text) => void (this.#left.signal.aborted || screen.write(text)) };
    this.#lastInputMs = options.clock.nowMs();
    this.#editor = new LineEditor({
      ...options,
      isMuted: false,
      complete: (line) => completions(line, this.#context(this.#left.signal)),
      onInterrupt: () => this.#running?.abort(),
      onClose: () => this.#left.abort(),
    });
  }

  async run(): Promise<void> {
    const { input, clock, signal } = this.#options;
    const close = (): void => this.#editor.close();
    const wake = (): void => {
      this.#lastInputMs = clock.nowMs();
    };
    input.on("data", wake);
    signal.addEventListener("abort", close, { once: true });
    if (signal.aborted) close();
    const left = new Promise<void>((resolve) => this.#left.signal.addEventListener("abort", () => resolve()));
    await Promise.race([this.#serve(), left]);
    close();
    input.off("data", wake);
    signal.removeEventListener("abort", close);
  }

  /** Commands until the person leaves (Ctrl-D, exit) or has been away for too long. */
  async #serve(): Promise<void> {
    this.#screen.write("help lists the commands; Tab completes; Ctrl-D leaves.\n");
    for (;;) {
      const line = await this.#inTime(this.#editor.askCommand(PROMPT));
      if (line === AWAY) this.#screen.write("\nLogged out, since nobody typed anything for a while.\n");
      if (line === AWAY || line === null || /^\s*(exit|quit)\s*$/.test(line)) return;
      this.#running = new AbortController();
      await runLine(line, this.#context(AbortSignal.any([this.#running.signal, this.#left.signal])));
      this.#running = null;
    }
  }

  async #inTime(line: Promise<string | null>): Promise<string | null | typeof AWAY> {
    const { clock, idleMs } = this.#options;
    if (idleMs === null) return line;
    this.#lastInputMs = clock.nowMs();
    for (;;) {
      const leftMs = idleMs - (clock.nowMs() - this.#lastInputMs);
      if (leftMs <= 0) return AWAY;
      const stop = new AbortController();
      const first = await Promise.race([line, pause(clock, leftMs, stop.signal).then((): typeof AWAY => AWAY)]);
      stop.abort();
      if (first !== AWAY) return first;
    }
  }

  /** Ctrl-C and whoever is away say no. */
  async #confirm(question: string): Promise<boolean> {
    const answer = await this.#inTime(this.#editor.askNow(`${question} [yes/no] `));
    return typeof answer === "string" && answer.trim() === "yes";
  }

  #context(signal: AbortSignal): ConsoleContext {
    const { clock, effectMs } = this.#options;
    return {
      client: this.#client,
      clock,
      screen: this.#screen,
      isJson: false,
      signal,
      effectMs,
      confirm: (question) => this.#confirm(question),
      later: (task) => void this.#tellLater(task),
    };
  }

  async #tellLater(task: (signal: AbortSignal) => Promise<string>): Promise<void> {
    let text: string;
    try {
      text = await task(this.#left.signal);
    } catch (error) {
      if (!isKumpelError(error)) throw error;
      text = errorText(error);
    }
    if (!this.#left.signal.aborted) this.#editor.showAbove(text);
  }
}
