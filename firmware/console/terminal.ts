/**
 * The console as a person meets it: a line with history and completion, Ctrl-C for what runs, Ctrl-D to leave, and on a
 * serial line a login before anything else. Line editing is Node's own readline.
 */
import { createInterface, type Interface } from "node:readline";
import { Writable } from "node:stream";
import { type Clock, pause } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { ConsoleClient } from "./client.ts";
import type { ConsoleContext, Screen } from "./command.ts";
import { completions, runLine } from "./shell.ts";

const PROMPT = "kumpel> ";
const HISTORY_MAX = 500;
const LOGIN_TRIES = 3;
const LOGIN_PAUSE_MS = 5_000;

export interface TerminalOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };
  readonly client: ConsoleClient;
  readonly clock: Clock;
  readonly effectMs: number;
  /** Oldest first. */
  readonly history: readonly string[];
  readonly onHistory: (lines: readonly string[]) => void;
  /** Nobody gets in without a token of the own API. */
  readonly needsLogin: boolean;
  /** Whoever went away without leaving is logged out; null = he is trusted to stay. */
  readonly idleMs: number | null;
  /** The program is asked to end. */
  readonly signal: AbortSignal;
}

/** Until the person leaves, the line is gone or the program has to end. */
export async function runTerminal(options: TerminalOptions): Promise<void> {
  const session = new Session(options);
  await session.run();
}

class Session {
  readonly #options: TerminalOptions;
  readonly #lines: Interface;
  readonly #screen: Screen;
  /** What is typed is not shown. */
  #isMuted = false;
  /** Of the command that runs. */
  #running: AbortController | null = null;
  /** Effects that will be told later. */
  readonly #later = new AbortController();
  readonly #isOver: Promise<void>;
  #end: () => void = () => undefined;
  #lastInputMs: number;

  constructor(options: TerminalOptions) {
    this.#options = options;
    const { input, output, history, clock } = options;
    this.#lastInputMs = clock.nowMs();
    const muffled = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#isMuted) output.write(chunk);
        done();
      },
    });
    this.#lines = createInterface({
      input,
      output: Object.assign(muffled, { columns: output.columns ?? 80 }),
      terminal: true,
      history: [...history].reverse(),
      historySize: HISTORY_MAX,
      removeHistoryDuplicates: true,
      prompt: PROMPT,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        void completions(line, this.#context(new AbortController().signal)).then((result) => done(null, result));
      },
    });
    this.#screen = {
      width: () => output.columns ?? 80,
      rows: () => output.rows ?? 24,
      isTerminal: true,
      write: (text) => void output.write(text.replace(/\r?\n/g, "\r\n")),
    };
    this.#isOver = new Promise((resolve) => (this.#end = resolve));
    this.#lines.on("close", () => this.#end());
    this.#lines.on("SIGINT", () => this.#interrupt());
    this.#lines.on("history", (lines: string[]) => options.onHistory([...lines].reverse()));
    input.on("data", () => (this.#lastInputMs = clock.nowMs()));
    if ("on" in output) output.on("resize", () => Object.assign(muffled, { columns: output.columns ?? 80 }));
    if (options.signal.aborted) this.#end();
    options.signal.addEventListener("abort", () => this.#end(), { once: true });
  }

  async run(): Promise<void> {
    const work = this.#options.needsLogin ? this.#serveForEver() : this.#serve();
    await Promise.race([work, this.#isOver]);
    this.#running?.abort();
    this.#later.abort();
    this.#lines.close();
  }

  /** A serial line has no end: after one person comes the next. */
  async #serveForEver(): Promise<void> {
    while (!this.#options.signal.aborted) {
      if (await this.#login()) await this.#serve();
    }
  }

  async #login(): Promise<boolean> {
    for (let attempt = 0; attempt < LOGIN_TRIES; attempt++) {
      this.#screen.write("Kumpel console. A token of the own API lets you in.\n");
      const token = (await this.#ask("token: ", true)).trim();
      this.#screen.write("\n");
      if (token === "") continue;
      try {
        if (await this.#options.client.checkToken(token)) return true;
        this.#screen.write("This token is not known.\n");
      } catch (error) {
        if (!isKumpelError(error)) throw error;
        this.#screen.write(`${errorText(error)}\n`);
      }
    }
    await pause(this.#options.clock, LOGIN_PAUSE_MS, this.#options.signal);
    return false;
  }

  /** Commands until the person leaves (Ctrl-D, exit) or has been away for too long. */
  async #serve(): Promise<void> {
    this.#screen.write("help lists the commands; Tab completes; Ctrl-D leaves.\n");
    for (;;) {
      const line = await this.#nextLine();
      if (line === null || /^\s*(exit|quit)\s*$/.test(line)) return;
      this.#running = new AbortController();
      await runLine(line, this.#context(this.#running.signal));
      this.#running = null;
    }
  }

  /** Null: he left or is away. */
  async #nextLine(): Promise<string | null> {
    const { clock, idleMs } = this.#options;
    const line = this.#ask(PROMPT, false);
    if (idleMs === null) return line;
    this.#lastInputMs = clock.nowMs();
    for (;;) {
      const leftMs = idleMs - (clock.nowMs() - this.#lastInputMs);
      if (leftMs <= 0) break;
      const stop = new AbortController();
      const first = await Promise.race([line, pause(clock, leftMs, stop.signal).then(() => null)]);
      stop.abort();
      if (first !== null) return first;
    }
    this.#screen.write("\nLogged out, since nobody typed anything for a while.\n");
    return null;
  }

  #ask(question: string, isMuted: boolean): Promise<string> {
    return new Promise((resolve) => {
      this.#lines.removeAllListeners("line");
      this.#lines.once("line", (line: string) => {
        this.#isMuted = false;
        resolve(line);
      });
      this.#lines.setPrompt(question);
      this.#lines.prompt();
      this.#isMuted = isMuted;
    });
  }

  #interrupt(): void {
    if (this.#running !== null) {
      this.#running.abort();
      return;
    }
    if (this.#lines.line === "") this.#screen.write("\nCtrl-D leaves.\n");
    else this.#screen.write("\n");
    this.#lines.write(null, { ctrl: true, name: "e" });
    this.#lines.write(null, { ctrl: true, name: "u" });
    this.#lines.prompt();
  }

  #context(signal: AbortSignal): ConsoleContext {
    const { client, clock, effectMs } = this.#options;
    return {
      client,
      clock,
      screen: this.#screen,
      isJson: false,
      signal,
      effectMs,
      confirm: async (question) => (await this.#ask(`${question} [yes/no] `, false)).trim() === "yes",
      later: (task) => void this.#tellLater(task),
    };
  }

  /** Above the line that is being typed, which then stands there again. */
  async #tellLater(task: (signal: AbortSignal) => Promise<string>): Promise<void> {
    let text: string;
    try {
      text = await task(this.#later.signal);
    } catch (error) {
      if (!isKumpelError(error)) throw error;
      text = errorText(error);
    }
    if (this.#later.signal.aborted) return;
    this.#screen.write(`\r\u001b[K${text}\n`);
    this.#lines.prompt(true);
  }
}
