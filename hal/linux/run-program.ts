/** Other programs of the system as child processes, without a shell and with an end to all they say. */
import { spawn } from "node:child_process";
import type { ProgramEnd, ProgramOptions } from "#hal/run-program.ts";

/** More than that of either output is not kept, nor of one line. */
const OUTPUT_MAX = 256 * 1024;

/** Never rejects: a program that is not there is an end as well. */
export function runProgram(program: string, args: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    const [stdout, stderr] = [new Output(options.onLine), new Output()];
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      // A child of its own may hold the pipes for ever: nobody reads them any more.
      child.stdout.destroy();
      child.stderr.destroy();
      end("late");
    }, options.limitMs);
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout.add(text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr.add(text));
    const end = (code: ProgramEnd["code"]): void => {
      clearTimeout(limit);
      resolve({ code, stdout: stdout.text, stderr: stderr.text });
    };
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") stderr.add(error.message);
      end(error.code === "ENOENT" ? "missing" : 1);
    });
    // A signal is no success.
    child.on("close", (code) => end(code ?? 1));
  });
}

class Output {
  text = "";
  readonly #onLine: ((line: string) => void) | undefined;
  #rest = "";

  constructor(onLine?: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(text: string): void {
    this.text = (this.text + text).slice(-OUTPUT_MAX);
    if (this.#onLine === undefined) return;
    const lines = (this.#rest + text).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-OUTPUT_MAX);
    for (const line of lines) this.#onLine(line);
  }
}
