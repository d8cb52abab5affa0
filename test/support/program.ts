/** Starts the program, or npm, as a person would, and watches what is left of it. */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const PROGRAM = path.join(ROOT, "dist/test/kumpel.cjs");

/** Every face of a demo on a port that the system picks, so that runs stand side by side. */
export const FREE_PORTS = ["http", "stock", "status", "cgminer", "metrics"].flatMap((face) => [`--${face}-port`, "0"]);

export interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves when a line on standard error matches. */
  seen(pattern: RegExp, deadlineMs?: number): Promise<void>;
  /** Exit code or signal name. */
  ended(deadlineMs?: number): Promise<number | string>;
}

/** In a process group of its own, so that a test can signal the whole group. */
export function start(command: string, args: readonly string[], env: Record<string, string> = {}): Started {
  const child = spawn(command, args, {
    cwd: ROOT,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const text = { stdout: "", stderr: "" };
  const waiters: (() => void)[] = [];
  const wake = (): void => {
    for (const waiter of waiters) waiter();
  };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      text[name] += chunk.toString();
      wake();
    });
  }
  const end = new Promise<number | string>((resolve) => {
    child.on("close", (code, signal) => {
      resolve(code ?? signal ?? "unknown");
      wake();
    });
  });
  return {
    child,
    pid: child.pid ?? 0,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    seen: (pattern, deadlineMs = 50_000) =>
      within(
        deadlineMs,
        `${pattern} on standard error`,
        () => text.stderr,
        new Promise((resolve) => {
          const check = (): void => {
            if (pattern.test(text.stderr)) resolve();
          };
          waiters.push(check);
          check();
        }),
      ),
    ended: (deadlineMs = 50_000) => within(deadlineMs, "the end of the process", () => text.stderr, end),
  };
}

export function startProgram(...args: string[]): Started {
  return start(process.execPath, [PROGRAM, ...args]);
}

/** Header for the own API, with the token that a first start shows. */
export function tokenHeader(started: Started): { authorization: string } {
  return { authorization: `Bearer ${/kmp_[0-9a-f]{8}_[\w-]{32}/.exec(started.stderr())?.[0] ?? ""}` };
}

/** Runs to the end and gives everything it said. */
export async function runProgram(
  ...args: string[]
): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const started = startProgram(...args);
  const code = await started.ended();
  return { code, stdout: started.stdout(), stderr: started.stderr() };
}

async function within<T>(deadlineMs: number, what: string, context: () => string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what}\n${context()}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Processes of a process group that still live, with their command lines. */
export function livingGroup(groupId: number): string[] {
  return fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (Number(group) !== groupId || state === "Z") return [];
        return [fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")];
      } catch {
        return [];
      }
    });
}

/** Ids of the processes below `pid`. */
export function descendants(pid: number): number[] {
  const children = fs
    .readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
  return [...children, ...children.flatMap(descendants)];
}

const temporaryFolders: string[] = [];

/** Goes away with the test's process where that ends in order; a worker that is ended leaves it. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-test-"));
  if (temporaryFolders.length === 0) process.once("exit", removeTemporaryFolders);
  temporaryFolders.push(folder);
  return folder;
}

function removeTemporaryFolders(): void {
  for (const folder of temporaryFolders) fs.rmSync(folder, { recursive: true, force: true });
}
