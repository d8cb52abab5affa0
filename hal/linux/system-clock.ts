/** Real time. The only place, besides the program's entry, that reads the system's clocks. */
import { performance } from "node:perf_hooks";
import type { Clock, TimerHandle } from "#hal/clock.ts";

/** Node fires a longer timer at once; such a wait is cut into pieces. */
const DELAY_MAX_MS = 2 ** 31 - 1;

export class SystemClock implements Clock {
  nowMs(): number {
    return performance.now();
  }

  wallTimeMs(): number {
    return Date.now();
  }

  setTimer(delayMs: number, callback: () => void): TimerHandle {
    const dueMs = performance.now() + delayMs;
    let timer: NodeJS.Timeout;
    const fire = (): void => {
      // Node's timers may fire up to a millisecond early, and prescribed waits must never be cut short.
      const restMs = dueMs - performance.now();
      if (restMs > 0) timer = setTimeout(fire, Math.min(DELAY_MAX_MS, Math.ceil(restMs)));
      else callback();
    };
    timer = setTimeout(fire, Math.min(DELAY_MAX_MS, Math.max(0, Math.ceil(delayMs))));
    return { cancel: () => clearTimeout(timer) };
  }
}
