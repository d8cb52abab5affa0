/**
 * Time as an argument. Production hands in the system clock, tests and simulation a virtual one that only moves when
 * it is told to; nothing else in the project may read the time or set a timer.
 */
import { KumpelError } from "./errors.ts";

export interface TimerHandle {
  /** Stops the timer; harmless when it has fired already. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds from an arbitrary start, with fraction. Every control loop uses this one. */
  nowMs(): number;
  /** Unix time in milliseconds. It may jump (no battery clock, NTP): for display and block times only. */
  wallTimeMs(): number;
  /** Calls `callback` once, not before `delayMs` from now; a negative delay counts as 0. */
  setTimer(delayMs: number, callback: () => void): TimerHandle;
}

/**
 * Resolves after `delayMs`; rejects with `ABORTED` as soon as `signal` aborts.
 */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(abortError());
      return;
    }
    const onAbort = (): void => {
      timer.cancel();
      reject(abortError());
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Like `sleep`, for loops: resolves with false as soon as `signal` aborts, with true when the time is over. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<boolean> {
  return sleep(clock, delayMs, signal).then(
    () => true,
    () => false,
  );
}

/** What `within` resolves with when the time was over first. */
export const LATE = Symbol("late");

/** Outcome of `promise`, or `LATE` when it has none after `limitMs`; the promise itself goes on. */
export async function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T | typeof LATE> {
  let timer: TimerHandle | null = null;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = clock.setTimer(limitMs, () => resolve(LATE));
  });
  return Promise.race([promise, late]).finally(() => timer?.cancel());
}

function abortError(): KumpelError {
  return new KumpelError("ABORTED", "stopped before the wait was over");
}
