/** Text that the owner names on the command line: a file, or standard input. */
import fs from "node:fs";
import { text } from "node:stream/consumers";
import { errorText, KumpelError } from "#hal/errors.ts";

/** Recordings and captures are smaller by far; beyond it memory would be the next trouble. */
const MAX_BYTES = 256 * 1024 * 1024;

/** @param path a file, or `-` for standard input. @throws KumpelError `USAGE`. */
export async function readTextFile(path: string): Promise<string> {
  if (path === "-") return text(process.stdin);
  try {
    const stat = await fs.promises.stat(path);
    if (!stat.isFile()) throw new Error("it is no file");
    if (stat.size > MAX_BYTES) throw new Error(`it has ${stat.size} bytes, more than ${MAX_BYTES}`);
    return await fs.promises.readFile(path, "utf8");
  } catch (cause) {
    throw new KumpelError("USAGE", `"${path}" cannot be read (${errorText(cause)}): name a file that is there.`, {
      cause,
    });
  }
}

/** Nobody else may read it: it may hold passwords. @throws KumpelError `USAGE`: the owner named the file. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  try {
    await fs.promises.writeFile(file, text, { mode: 0o600 });
  } catch (error) {
    throw new KumpelError("USAGE", `"${file}" cannot be written (${errorText(error)}); give another path.`);
  }
}
