/** Logging: pino, JSON lines to standard error, since standard output belongs to results. */
import type { Logger } from "pino";
import pino from "pino";

export type Log = Logger;
export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Root logger; parts take children of it (`log.child({ part: "chain", chain: 1 })`).
 * @param onLine gets each line, too.
 */
export function createLog(level: LogLevel, onLine?: (line: string) => void): Log {
  const destination = pino.destination({ fd: 2, sync: true });
  // A log that cannot be written (closed terminal, full disk) must not end the miner.
  destination.on("error", () => undefined);
  const family: Log[] = [];
  const onChild = (child: Log): void => void family.push(child);
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, onChild };
  const write = (line: string): void => {
    destination.write(line);
    onLine?.(line);
  };
  const log = onLine === undefined ? pino(options, destination) : pino(options, { write });
  families.set(log, family);
  return log;
}

/** Children by their root: each has a level of its own. */
const families = new WeakMap<Log, Log[]>();

/** From now on, of a root and everything that was made from it. */
export function setLogLevel(log: Log, level: LogLevel): void {
  for (const member of [log, ...(families.get(log) ?? [])]) member.level = level;
}
