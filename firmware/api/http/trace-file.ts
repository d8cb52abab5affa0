/** Hands out a recording of the data folder as it is on the disk, also while it is still being written. */
import fs from "node:fs";
import path from "node:path";
import type { FastifyReply } from "fastify";
import { z } from "zod";

/** As `startTrace` names them, and the older half of one that keeps the newest. */
export const traceFileWish = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9][\w-]{0,55}\.trace(\.1)?$/i, "must be the name of a recording, such as kumpel.trace")
    .default("kumpel.trace"),
});

/** Null: it is on its way; else why not. */
export async function sendTraceFile(reply: FastifyReply, folder: string, name: string): Promise<string | null> {
  let handle: fs.promises.FileHandle;
  try {
    handle = await fs.promises.open(
      path.join(folder, name),
      fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK,
    );
  } catch {
    return `there is no recording ${name} in the data folder`;
  }
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    return `${name} is no file`;
  }
  void reply
    .header("content-type", "text/plain; charset=utf-8")
    .header("content-disposition", `attachment; filename="${name}"`);
  // As much as there is now: what is written meanwhile would make a file that never ends.
  if (stat.size === 0) {
    await handle.close();
    await reply.send("");
  } else await reply.send(handle.createReadStream({ start: 0, end: stat.size - 1 }));
  return null;
}
