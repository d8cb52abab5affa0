/** Runs a step at a period until it is told to stop; the next run starts a period after the last one ended. */
import { type Clock, sleep } from "#hal/clock.ts";
import { isKumpelError } from "#hal/errors.ts";

export interface LoopOptions {
  clock: Clock;
  periodMs: number;
  signal: AbortSignal;
  /** What one turn does; a rejection ends the loop with it. */
  turn: () => Promise<void> | void;
}

/** Resolves when `signal` aborts; rejects with what a turn threw. */
export async function runLoop(options: LoopOptions): Promise<void> {
  const { clock, periodMs, signal, turn } = options;
  while (!signal.aborted) {
    await turn();
    try {
      await sleep(clock, periodMs, signal);
    } catch (error) {
      if (isKumpelError(error, "ABORTED")) return;
      throw error;
    }
  }
}
