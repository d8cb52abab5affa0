/** The end of everything that runs side by side. */
import { errorText } from "#hal/errors.ts";
import type { Log } from "./log.ts";

/**
 * Settles when the parts have ended; then `stop` is aborted. What broke first is told at once: the stop that follows may
 * fail, too, and then only that would be heard of.
 */
export function watchedParts(
  parts: Promise<void>,
  stop: AbortController,
  log: Log,
): Promise<[PromiseSettledResult<void>]> {
  const tell = (error: unknown): never => {
    if (!stop.signal.aborted) log.fatal(`stops, since a part of it broke: ${errorText(error)}`);
    throw error;
  };
  return Promise.allSettled([parts.catch(tell).finally(() => stop.abort())]);
}
