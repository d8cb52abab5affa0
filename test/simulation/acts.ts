/** From the names of the fault table to what they do. */
import { SeededRandom } from "#hal/emulator/prng.ts";
import { BOARD_ACTS } from "./acts-board.ts";
import { OUTSIDE_ACTS } from "./acts-outside.ts";
import type { PlannedFault } from "./fault-plan.ts";
import type { FaultName, FaultTarget } from "./fault-table.ts";
import type { Stage } from "./stage.ts";

/** Begins a fault and returns what ends it; null where the machine has nothing that could break in this way. */
export type Act = (stage: Stage, random: SeededRandom) => (() => void) | null;

const ACTS: Readonly<Record<FaultName, Act>> = { ...BOARD_ACTS, ...OUTSIDE_ACTS };

interface RunningFault {
  readonly fault: PlannedFault;
  readonly end: () => void;
}

/** Carries a plan out on a stage. */
export class FaultDriver {
  /** Faults that took place, by name. */
  readonly injected = new Map<FaultName, number>();
  /** When the last fault ended; null while one holds. */
  clearSinceMs: number | null = 0;
  readonly #stage: Stage;
  readonly #plan: readonly PlannedFault[];
  #next = 0;
  #running: RunningFault[] = [];
  readonly #endedAtMs = new Map<FaultTarget, number>();

  constructor(stage: Stage, plan: readonly PlannedFault[]) {
    this.#stage = stage;
    this.#plan = plan;
  }

  /** When something is due next. */
  get nextMs(): number {
    const begins = this.#plan[this.#next]?.atMs ?? Number.POSITIVE_INFINITY;
    return this.#running.reduce((earliest, { fault }) => Math.min(earliest, fault.endMs), begins);
  }

  get names(): readonly FaultName[] {
    return this.#running.map(({ fault }) => fault.name);
  }

  /** True while a fault of this target holds, and for so long after it. */
  isRecent(target: FaultTarget, withinMs: number): boolean {
    if (this.#running.some(({ fault }) => fault.target === target)) return true;
    const endedAtMs = this.#endedAtMs.get(target);
    return endedAtMs !== undefined && this.#stage.clock.nowMs() - endedAtMs < withinMs;
  }

  /** Begins and ends what is due. */
  tend(): void {
    const nowMs = this.#stage.clock.nowMs();
    const over = this.#running.filter(({ fault }) => fault.endMs <= nowMs);
    for (const { fault, end } of over) {
      end();
      this.#endedAtMs.set(fault.target, nowMs);
    }
    if (over.length > 0) this.#running = this.#running.filter((running) => !over.includes(running));
    for (let fault = this.#plan[this.#next]; fault !== undefined && fault.atMs <= nowMs; ) {
      this.#begin(fault);
      fault = this.#plan[++this.#next];
    }
    if (this.#running.length > 0) this.clearSinceMs = null;
    else this.clearSinceMs ??= nowMs;
  }

  endAll(): void {
    for (const { end } of this.#running) end();
    this.#running = [];
  }

  #begin(fault: PlannedFault): void {
    const end = ACTS[fault.name](this.#stage, new SeededRandom(fault.seed));
    if (end === null) return;
    this.injected.set(fault.name, (this.injected.get(fault.name) ?? 0) + 1);
    this.#running.push({ fault, end });
  }
}
