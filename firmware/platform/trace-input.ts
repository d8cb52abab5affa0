/** Bytes of what the owner names: a file, standard input, or a file that grows. */
import fs from "node:fs";
import { type Clock, pause } from "#hal/clock.ts";
import { errorText, KumpelError } from "#hal/errors.ts";

const CHUNK_BYTES = 1024 * 1024;
const POLL_MS = 250;

function unreadable(path: string, cause: unknown): KumpelError {
  return new KumpelError("USAGE", `"${path}" cannot be read (${errorText(cause)}): name a file that is there.`, {
    cause,
  });
}

async function openFile(path: string): Promise<fs.promises.FileHandle> {
  try {
    const handle = await fs.promises.open(path, "r");
    if ((await handle.stat()).isDirectory()) {
      await handle.close();
      throw new Error("it is a folder");
    }
    return handle;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** @param path a file, or `-` for standard input. A chunk is valid until the next one. @throws KumpelError `USAGE`. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  if (path === "-") {
    for await (const chunk of process.stdin) yield chunk as Buffer;
    return;
  }
  const handle = await openFile(path);
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES);
    for (let bytes = -1; bytes !== 0; ) {
      bytes = (await handle.read(buffer, 0, CHUNK_BYTES)).bytesRead;
      if (bytes > 0) yield buffer.subarray(0, bytes);
    }
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    await handle.close();
  }
}

/** What `followFile` gives where the file was replaced or cut: a new one begins. */
export const RESTARTED = Symbol("restarted");

/** What is there, then what is added, until the signal. Another file under the same name is read from its beginning. */
export async function* followFile(
  path: string,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array | typeof RESTARTED> {
  let handle = await openFile(path);
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let position = 0;
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
      position += bytesRead;
      if (bytesRead > 0) {
        yield buffer.subarray(0, bytesRead);
        continue;
      }
      if (!(await pause(clock, POLL_MS, signal))) return;
      const there = await fs.promises.stat(path).catch(() => null);
      const mine = await handle.stat();
      const isCut = mine.size < position;
      if (there === null || (there.ino === mine.ino && !isCut)) continue;
      await handle.close();
      handle = await openFile(path);
      position = 0;
      yield RESTARTED;
    }
  } finally {
    await handle.close();
  }
}
