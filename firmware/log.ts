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
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (onLine === undefined) return pino(options, destination);
  const write = (line: string): void => {
    destination.write(line);
    onLine(line);
  };
  return pino(options, { write });
}
