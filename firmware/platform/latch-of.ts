/** The latched shutdown of a data folder, for commands that run beside no miner. */
import type { FileStore } from "#hal/file-store.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { ShutdownLatch } from "../incidents/shutdown-latch.ts";
import { createLog } from "../log.ts";

export function latchOf(store: FileStore): ShutdownLatch {
  return new ShutdownLatch({ log: createLog("warn"), clock: new SystemClock(), store });
}
