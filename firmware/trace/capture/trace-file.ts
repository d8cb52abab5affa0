/** The file of a capture. Nobody else may read it: pool lines tell who mines where. */
import fs from "node:fs";
import { errorText, KumpelError } from "#hal/errors.ts";

export interface TraceFile {
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

export type OpenTraceFile = (path: string) => Promise<TraceFile>;

/** A file that is there already stays as FILE.1, in place of an older one. @throws KumpelError `USAGE`. */
export async function openTraceFile(path: string): Promise<TraceFile> {
  try {
    const isThere = await fs.promises.stat(path).then(
      (stat) => stat.isFile() && stat.size > 0,
      () => false,
    );
    if (isThere) await fs.promises.rename(path, `${path}.1`);
    const handle = await fs.promises.open(path, "w", 0o600);
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
