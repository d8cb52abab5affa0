/** The file of a capture. Nobody else may read it: pool lines tell who mines where. */
import fs from "node:fs";
import { errorText, KumpelError } from "#hal/errors.ts";

export interface TraceFile {
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

export type OpenTraceFile = (path: string) => Promise<TraceFile>;

/** A link that somebody left under the name must not lead the writing elsewhere. */
const FLAGS = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_TRUNC | fs.constants.O_NOFOLLOW;

/** A file that is there already stays as FILE.1, in place of an older one; links are not followed. @throws KumpelError `USAGE`. */
export async function openTraceFile(path: string): Promise<TraceFile> {
  try {
    const isThere = await fs.promises.lstat(path).then(
      (stat) => stat.isFile() && stat.size > 0,
      () => false,
    );
    if (isThere) await fs.promises.rename(path, `${path}.1`);
    const handle = await fs.promises.open(path, FLAGS, 0o600);
    return {
      append: async (text) => {
        await handle.writeFile(text);
      },
      close: () => handle.close(),
    };
  } catch (cause) {
    const message = `The trace "${path}" cannot be written (${errorText(cause)}): name a file in a folder that is there.`;
    throw new KumpelError("USAGE", message, { cause });
  }
}
