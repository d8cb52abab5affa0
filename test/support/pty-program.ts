/** Starts the program on a pseudo-terminal and types into it, as a person does. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import { stripVTControlCharacters } from "node:util";
import koffi from "koffi";
import { loadPtyOpener } from "#hal/emulator/pty.ts";
import { PROGRAM, ROOT } from "./program.ts";

/** Linux: set the window size of a terminal. */
const TIOCSWINSZ = 0x5414;

export interface PtyProgram {
  /** All that was shown so far, without what moves the cursor. */
  text(): string;
  /** Forgets it, so that `sees` looks at what comes from now on. */
  clear(): void;
  type(text: string): void;
  /** Resolves when the text matches. */
  sees(pattern: RegExp, deadlineMs?: number): Promise<void>;
  ended(deadlineMs?: number): Promise<number | string>;
  close(): void;
}

export const KEY = { up: "\u001b[A", tab: "\t", enter: "\r", ctrlC: "\u0003", ctrlD: "\u0004" } as const;

export async function startOnPty(args: readonly string[], columns = 80, rows = 24): Promise<PtyProgram> {
  const openPty = await loadPtyOpener();
  const pty = openPty();
  const slave = fs.openSync(pty.path, fs.constants.O_RDWR | fs.constants.O_NOCTTY);
  setSize(slave, columns, rows);
  let text = "";
  const waiters = new Set<() => void>();
  pty.onData((chunk) => {
    text += Buffer.from(chunk).toString("utf8");
    for (const wake of waiters) wake();
  });
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: ROOT, stdio: [slave, slave, slave] });
  const end = new Promise<number | string>((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  fs.closeSync(slave);
  const within = async <T>(deadlineMs: number, what: string, promise: Promise<T>): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not within ${deadlineMs} ms: ${what}\n${text}`)), deadlineMs);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    text: () => plain(text),
    clear: () => (text = ""),
    type: (typed) => pty.write(Buffer.from(typed)),
    sees: (pattern, deadlineMs = 30_000) =>
      within(
        deadlineMs,
        String(pattern),
        new Promise<void>((resolve) => {
          const check = (): void => {
            if (!pattern.test(plain(text))) return;
            waiters.delete(check);
            resolve();
          };
          waiters.add(check);
          check();
        }),
      ),
    ended: (deadlineMs = 30_000) => within(deadlineMs, "the end of the process", end),
    close: () => {
      child.kill("SIGKILL");
      pty.close();
    },
  };
}

/** Without the sequences that move the cursor. */
function plain(text: string): string {
  return stripVTControlCharacters(text);
}

function setSize(fd: number, columns: number, rows: number): void {
  const size = Buffer.alloc(8);
  size.writeUInt16LE(rows, 0);
  size.writeUInt16LE(columns, 2);
  const ioctl = koffi.load("libc.so.6").func("int ioctl(int fd, unsigned long request, uint8_t *in)") as (
    fd: number,
    request: number,
    data: Buffer,
  ) => number;
  if (ioctl(fd, TIOCSWINSZ, size) !== 0) throw new Error("the window size of the pseudo-terminal cannot be set");
}
