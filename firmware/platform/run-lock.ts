/** One run at a time in a data folder: two would write over each other's receipts, settings and console. */
import fs from "node:fs";
import path from "node:path";
import { errorText, KumpelError } from "#hal/errors.ts";

export const LOCK_FILE = "run.lock";

/** @returns what gives the folder free again. @throws KumpelError `USAGE`: another run has it. */
export function lockFolder(folder: string): () => void {
  const file = path.join(folder, LOCK_FILE);
  const mine = `${process.pid} ${startOf(process.pid) ?? ""}\n`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      fs.writeFileSync(file, mine, { flag: "wx", mode: 0o600 });
      return () => release(file, mine);
    } catch (error) {
      // A folder that nobody can write to has its own way of saying so.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") return () => undefined;
    }
    const holder = livingHolder(file);
    if (holder !== null)
      throw new KumpelError(
        "USAGE",
        `--data "${folder}" is in use by a Kumpel that runs (process ${holder}): stop it, or give another folder.`,
      );
    if (!remove(file)) return () => undefined;
  }
  throw new KumpelError("USAGE", `--data "${folder}" cannot be locked (${file} comes back): give another folder.`);
}

/** Process that wrote the lock, if it still runs; a number that was given to another process since does not count. */
function livingHolder(file: string): number | null {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch {
    return null;
  }
  const [, pid, began] = /^(\d+) (\d*)\n$/.exec(text) ?? [];
  if (pid === undefined || began === undefined) return null;
  const now = startOf(Number(pid));
  return now !== null && now === began ? Number(pid) : null;
}

/** When a process began, in the kernel's ticks since its boot; null: there is no such process. */
function startOf(pid: number): string | null {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? null : (rest[18] ?? null);
  } catch {
    return null;
  }
}

function release(file: string, mine: string): void {
  try {
    if (fs.readFileSync(file, "utf8") === mine) remove(file);
  } catch {
    // It went already.
  }
}

/** False: the disk takes no more writes, and so holds nobody's lock for longer than its process lives. */
function remove(file: string): boolean {
  try {
    fs.rmSync(file, { force: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EROFS") return false;
    throw new KumpelError("USAGE", `"${file}" of an earlier run cannot be removed (${errorText(error)}): remove it.`);
  }
}
