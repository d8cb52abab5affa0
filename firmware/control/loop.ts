/** Runs a step at a period until it is told to stop; the next run starts a period after the last one ended. */
import { type Clock, LATE, pause, within } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";

export interface LoopOptions {
  name: string;
  clock: Clock;
  periodMs: number;
  signal: AbortSignal;
  /** A turn that takes longer ends the loop: whoever waits for it must know. Absent: no limit. */
  deadlineMs?: number;
  /** Called after each turn: the loop is alive. */
  beat?: (nowMs: number) => void;
  /** What one turn does; a rejection ends the loop with it. */
  turn: () => Promise<void> | void;
}

/** Resolves when `signal` aborts; rejects with what a turn threw, or with `LOOP_STUCK`. */
export async function runLoop(options: LoopOptions): Promise<void> {
  const { clock, periodMs, signal } = options;
  if (signal.aborted) return;
  do {
    await runTurn(options);
    options.beat?.(clock.nowMs());
  } while (await pause(clock, periodMs, signal));
}

async function runTurn({ name, clock, deadlineMs, turn }: LoopOptions): Promise<void> {
  if (deadlineMs === undefined) return turn();
  if ((await within(clock, deadlineMs, Promise.resolve(turn()))) !== LATE) return;
  throw new KumpelError("LOOP_STUCK", `the ${name} loop did not finish a turn within ${deadlineMs / 1000} s`);
}
