/** Runs a step at a period until it is told to stop; the next run starts a period after the last one ended. */
import { type Clock, pause } from "#hal/clock.ts";

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
  if (signal.aborted) return;
  do await turn();
  while (await pause(clock, periodMs, signal));
}
