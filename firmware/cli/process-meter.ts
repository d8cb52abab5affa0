/** What this process costs: memory, CPU and event-loop delay since the meter was made. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "#hal/clock.ts";
import type { ProcessFigures } from "./run-report.ts";

/** The histogram measures from tick to tick, so this much of each value is no delay. */
const RESOLUTION_MS = 10;

export class ProcessMeter {
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #cpuAtStart = process.cpuUsage();
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedMs = clock.nowMs();
    this.#delay.enable();
  }

  read(): ProcessFigures {
    const cpu = process.cpuUsage(this.#cpuAtStart);
    const elapsedMs = Math.max(1, this.#clock.nowMs() - this.#startedMs);
    return {
      rssMib: Math.round(process.memoryUsage().rss / 1048576),
      cpuPctOfCore: Math.round((cpu.user + cpu.system) / 10 / elapsedMs),
      eventLoopDelayMs: { p50: this.#delayMs(50), p99: this.#delayMs(99) },
    };
  }

  close(): void {
    this.#delay.disable();
  }

  #delayMs(percentile: number): number | null {
    const ms = this.#delay.percentile(percentile) / 1e6 - RESOLUTION_MS;
    return Number.isFinite(ms) ? Math.round(Math.max(0, ms) * 1000) / 1000 : null;
  }
}
