/**
 * Time that moves only when it is told to. Due timers fire in the order (time, then order of setting), and between
 * two of them every promise that became ready runs, so that code under test meets the same order on every run.
 * Promises run on the microtask queue alone: a turn of the event loop costs three times as much as an event's own work.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import { EventHeap, type HeapEvent } from "./event-heap.ts";

/** 1 January 2026, 00:00 UTC: any fixed date will do, as long as it is the same on every run. */
const DEFAULT_WALL_START_MS = Date.UTC(2026, 0, 1);
/** Cancelled timers stay in the heap until their time; beyond this share of the heap they are swept out. */
const SWEEP_MIN_CANCELLED = 64;
/** Now and then the event loop has its turn: signals, real sockets beside the virtual world, reports of test tools. */
const EVENTS_PER_LOOP_TURN = 256;

interface Timer extends HeapEvent {
  callback: (() => void) | null;
}

export class VirtualClock implements Clock {
  readonly #timers = new EventHeap<Timer>();
  #nowMs = 0;
  #wallOffsetMs: number;
  #sequence = 0;
  #cancelled = 0;
  #isAdvancing = false;
  #events = 0;
  /** Called after each event and the promises that follow from it. */
  onEvent: (() => void) | null = null;

  constructor(options: { wallStartMs?: number } = {}) {
    this.#wallOffsetMs = options.wallStartMs ?? DEFAULT_WALL_START_MS;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallTimeMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  /** Makes the wall clock jump, as NTP does on a board without a battery clock. `nowMs` goes on as before. */
  jumpWallTime(deltaMs: number): void {
    this.#wallOffsetMs += deltaMs;
  }

  /** Timers fired since the start. */
  get events(): number {
    return this.#events;
  }

  get pendingTimers(): number {
    return this.#timers.size - this.#cancelled;
  }

  setTimer(delayMs: number, callback: () => void): TimerHandle {
    const timer: Timer = { timeMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#timers.push(timer);
    return { cancel: () => this.#cancel(timer) };
  }

  /** Moves time on by `ms` and fires everything that falls due. */
  async advance(ms: number): Promise<void> {
    await this.#run(this.#nowMs + ms, () => false);
  }

  /**
   * Moves time on until `predicate` is true, asked after every event.
   * @returns false when `limitMs` passed first.
   */
  runUntil(predicate: () => boolean, limitMs: number): Promise<boolean> {
    return this.#run(this.#nowMs + limitMs, predicate);
  }

  async #run(endMs: number, isDone: () => boolean): Promise<boolean> {
    if (this.#isAdvancing) throw new Error("the virtual clock is being advanced already");
    this.#isAdvancing = true;
    try {
      await loopTurn();
      while (!isDone()) {
        const next = this.#nextDue(endMs);
        if (next === undefined) {
          this.#nowMs = endMs;
          return isDone();
        }
        this.#nowMs = next.timeMs;
        const callback = next.callback;
        next.callback = null;
        callback?.();
        await (++this.#events % EVENTS_PER_LOOP_TURN === 0 ? loopTurn() : drainPromises());
        this.onEvent?.();
      }
      return true;
    } finally {
      this.#isAdvancing = false;
    }
  }

  #nextDue(endMs: number): Timer | undefined {
    for (;;) {
      const first = this.#timers.peek();
      if (first === undefined || first.timeMs > endMs) return undefined;
      this.#timers.pop();
      if (first.callback !== null) return first;
      this.#cancelled--;
    }
  }

  #cancel(timer: Timer): void {
    if (timer.callback === null) return;
    timer.callback = null;
    this.#cancelled++;
    if (this.#cancelled < SWEEP_MIN_CANCELLED || this.#cancelled * 2 < this.#timers.size) return;
    this.#timers.filter((t) => t.callback !== null);
    this.#cancelled = 0;
  }
}

/** Whatever promises are ready, and those that follow from them, have run when it resolves: a tick comes after them all. */
function drainPromises(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

/** The same, and one turn of the event loop. */
function loopTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
