/**
 * Many seeds, each in a process of its own, as many at a time as there are processors. Every finished seed is a line in the
 * results file; a later start skips those of the same program and the same settings.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { SimulateOptions } from "./options.ts";
import type { SeedResult } from "./run-seed.ts";

export interface ResultLine extends SeedResult {
  /** Fingerprint of the program: what another one found proves nothing about this one. */
  readonly program: string;
  readonly hours: number;
  readonly faults: string;
  readonly ticket: number;
  readonly wallS: number;
}

export interface ManyResult {
  readonly lines: readonly ResultLine[];
  /** Seeds whose process broke. */
  readonly broken: readonly number[];
  readonly reused: number;
  readonly isStopped: boolean;
}

export interface ManyEvents {
  onProgress(done: number, total: number, violations: number): void;
  /** Told as soon as it ends: hours may follow. */
  onViolated(result: SeedResult): void;
  /** With what its process had to say. */
  onBroken(seed: number, text: string): void;
}

export async function runMany(options: SimulateOptions, signal: AbortSignal, events: ManyEvents): Promise<ManyResult> {
  const source = process.argv[1] ?? "";
  const program = createHash("sha256").update(fs.readFileSync(source)).digest("hex").slice(0, 16);
  // A copy of its own: the file may be made anew while hours of seeds still wait.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-simulate-"));
  const copy = path.join(folder, "simulate.cjs");
  fs.copyFileSync(source, copy);
  try {
    return await new ManySeeds(options, program, copy, events).run(signal);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

class ManySeeds {
  readonly #options: SimulateOptions;
  readonly #program: string;
  readonly #file: string;
  readonly #events: ManyEvents;
  readonly #lines: ResultLine[];
  readonly #broken: number[] = [];

  constructor(options: SimulateOptions, program: string, file: string, events: ManyEvents) {
    this.#options = options;
    this.#program = program;
    this.#file = file;
    this.#events = events;
    this.#lines = readLines(options.results).filter((line) => this.#fits(line));
  }

  async run(signal: AbortSignal): Promise<ManyResult> {
    const { seed, seeds, jobs } = this.#options;
    const done = new Set(this.#lines.map((line) => line.seed));
    const reused = done.size;
    const waiting = Array.from({ length: seeds }, (_, i) => seed + i).filter((each) => !done.has(each));
    for (const line of this.#lines) if (line.violations.length > 0) this.#events.onViolated(line);
    this.#tell();
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined && !signal.aborted; next = waiting.shift()) {
        await this.#runOne(next, signal);
        this.#tell();
      }
    };
    await Promise.all(Array.from({ length: Math.min(jobs, waiting.length) }, worker));
    const lines = this.#lines.sort((a, b) => a.seed - b.seed);
    return { lines, broken: this.#broken, reused, isStopped: signal.aborted };
  }

  #fits(line: ResultLine): boolean {
    const { machine, hours, faults, ticket, seed, seeds } = this.#options;
    return (
      line.program === this.#program &&
      line.machine === machine &&
      line.hours === hours &&
      line.faults === faults &&
      line.ticket === ticket &&
      line.seed >= seed &&
      line.seed < seed + seeds
    );
  }

  #tell(): void {
    const violations = this.#lines.reduce((sum, line) => sum + line.violations.length, 0);
    this.#events.onProgress(this.#lines.length + this.#broken.length, this.#options.seeds, violations);
  }

  async #runOne(seed: number, signal: AbortSignal): Promise<void> {
    const { machine, hours, faults, ticket, results } = this.#options;
    const words = ["--machine", machine, "--seed", `${seed}`, "--hours", `${hours}`, "--faults", faults];
    const startedMs = performance.now();
    const { text, complaint } = await runChild(
      this.#file,
      [...words, "--ticket", `${ticket}`, "--report", "-"],
      signal,
    );
    if (signal.aborted) return;
    const runs = text === null ? null : (JSON.parse(text) as { runs: SeedResult[] }).runs;
    const result = runs?.[0];
    if (result === undefined) {
      this.#broken.push(seed);
      this.#events.onBroken(seed, complaint);
      return;
    }
    const wallS = (performance.now() - startedMs) / 1000;
    const line: ResultLine = { ...result, program: this.#program, hours, faults, ticket, wallS };
    fs.appendFileSync(results, `${JSON.stringify(line)}\n`);
    this.#lines.push(line);
    if (line.violations.length > 0) this.#events.onViolated(line);
  }
}

interface ChildEnd {
  /** Standard output of a run that ended with 0 or 1; null of one that broke. */
  readonly text: string | null;
  readonly complaint: string;
}

function runChild(file: string, args: readonly string[], signal: AbortSignal): Promise<ChildEnd> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [file, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    const onAbort = (): void => void child.kill();
    signal.addEventListener("abort", onAbort, { once: true });
    let text = "";
    let complaint = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      complaint += chunk;
    });
    child.on("error", (error) => resolve({ text: null, complaint: error.message }));
    child.on("close", (code) => {
      signal.removeEventListener("abort", onAbort);
      resolve({ text: code === 0 || code === 1 ? text : null, complaint });
    });
  });
}

/** A last line that was cut short by a power cut is no result. */
function readLines(file: string): ResultLine[] {
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as ResultLine];
      } catch (error) {
        if (error instanceof SyntaxError) return [];
        throw error;
      }
    });
}
