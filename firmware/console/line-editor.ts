/**
 * One person's line: editing, completion and history are Node's own readline. Lines that come while nobody waits for one are
 * kept for later, in their order. Nothing of it outlives `close`: the next person gets an editor of his own.
 */
import { createInterface, type Interface } from "node:readline";
import { PassThrough, Writable } from "node:stream";
import { sizeOf } from "./command.ts";

const HISTORY_MAX = 500;

export type ConsoleOutput = NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number };

export interface LineEditorOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: ConsoleOutput;
  /** What is typed is neither shown nor remembered: for secrets. */
  readonly isMuted: boolean;
  /** Oldest first. */
  readonly history: readonly string[];
  readonly onHistory: (lines: readonly string[]) => void;
  readonly complete: (line: string) => Promise<[string[], string]>;
  /** Ctrl-C at a time when nothing is asked. */
  readonly onInterrupt: () => void;
  readonly onClose?: () => void;
}

interface Question {
  readonly isCommand: boolean;
  readonly answer: (line: string | null) => void;
}

export class LineEditor {
  readonly #options: LineEditorOptions;
  readonly #lines: Interface;
  readonly #keys = new PassThrough();
  /** Lines that were typed ahead. */
  readonly #queue: string[] = [];
  /** Newest first, as readline has it. */
  #history: string[];
  #question: Question | null = null;
  #isQuiet: boolean;
  #isClosed = false;

  constructor(options: LineEditorOptions) {
    this.#options = options;
    this.#isQuiet = options.isMuted;
    this.#history = [...options.history].reverse();
    // A terminal's raw mode is set through its own stream; any other is cut loose with whatever is half typed in it.
    const isTty = "isTTY" in options.input;
    if (!isTty) options.input.pipe(this.#keys);
    this.#lines = createInterface({
      input: isTty ? options.input : this.#keys,
      output: this.#shown(),
      terminal: true,
      history: [...this.#history],
      historySize: options.isMuted ? 0 : HISTORY_MAX,
      removeHistoryDuplicates: true,
      completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
        void options.complete(line).then((result) => done(null, result));
      },
    });
    this.#lines.on("line", (line: string) => this.#take(line));
    this.#lines.on("history", (lines: string[]) => this.#remember(lines));
    this.#lines.on("SIGINT", () => this.#interrupt());
    this.#lines.on("close", () => this.close());
  }

  /** The person left (Ctrl-D), or the line is gone. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The next command, typed ahead or typed now; null: the person left. */
  askCommand(prompt: string): Promise<string | null> {
    const ahead = this.#queue.shift();
    if (ahead === undefined) return this.#ask(prompt, true);
    this.#options.output.write(`${prompt}${ahead}\r\n`);
    return Promise.resolve(ahead);
  }

  /** An answer to what was just shown: nothing that was typed before counts. Null: cancelled (Ctrl-C), or the person left. */
  askNow(prompt: string): Promise<string | null> {
    return this.#ask(prompt, false);
  }

  /** Puts a text above the line that is being typed. */
  showAbove(text: string): void {
    if (this.#isClosed) return;
    this.#options.output.write(`\r\u001b[K${text.replace(/\r?\n/g, "\r\n")}\r\n`);
    if (this.#question !== null) this.#lines.prompt(true);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue.length = 0;
    this.#options.input.unpipe(this.#keys);
    this.#lines.close();
    this.#answer(null);
    this.#options.onClose?.();
  }

  #ask(prompt: string, isCommand: boolean): Promise<string | null> {
    if (this.#isClosed) return Promise.resolve(null);
    return new Promise((resolve) => {
      this.#question = { isCommand, answer: resolve };
      if (this.#options.isMuted) {
        this.#options.output.write(prompt);
        return;
      }
      this.#lines.setPrompt(prompt);
      this.#lines.prompt(true);
    });
  }

  #answer(line: string | null): void {
    const question = this.#question;
    this.#question = null;
    question?.answer(line);
  }

  #take(line: string): void {
    if (this.#question !== null) this.#answer(line);
    else if (!this.#options.isMuted) this.#queue.push(line);
  }

  /** Answers to questions are no commands that anybody wants back. */
  #remember(lines: string[]): void {
    if (this.#options.isMuted || this.#question?.isCommand === false) {
      lines.splice(0, lines.length, ...this.#history);
      return;
    }
    this.#history = [...lines];
    this.#options.onHistory([...lines].reverse());
  }

  /** Drops what is typed, and what was typed ahead; a question is answered with nothing. */
  #interrupt(): void {
    const { output, onInterrupt, isMuted } = this.#options;
    const isEmpty = this.#lines.line === "";
    this.#queue.length = 0;
    this.#isQuiet = true;
    this.#lines.write(null, { ctrl: true, name: "e" });
    this.#lines.write(null, { ctrl: true, name: "u" });
    this.#isQuiet = isMuted;
    if (this.#question === null) {
      onInterrupt();
      return;
    }
    output.write(isEmpty && this.#question.isCommand && !isMuted ? "\r\nCtrl-D leaves.\r\n" : "\r\n");
    if (this.#question.isCommand) this.#lines.prompt();
    else this.#answer(null);
  }

  /** What readline writes, as far as it may be seen. */
  #shown(): Writable {
    const { output } = this.#options;
    const shown = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        if (!this.#isQuiet) output.write(chunk);
        done();
      },
    });
    return Object.defineProperty(shown, "columns", { get: () => sizeOf(output).columns });
  }
}
