/**
 * The control board's watchdog as the kernel offers it: armed by the first order, fed by any write, and when nobody
 * feeds it, it resets the board, which drops every line to its level after boot.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import { settled } from "#hal/settled.ts";
import type { Watchdog } from "#hal/watchdog.ts";

/** What the kernel's drivers of these boards begin with, more or less. */
const DEFAULT_TIMEOUT_S = 60;
/** Drivers of these boards take no more; a wish above it is cut down, as a real one does. */
const LONGEST_TIMEOUT_S = 120;

export class WatchdogModel implements Watchdog {
  readonly #clock: Clock;
  readonly #onBite: () => void;
  #timeoutS = DEFAULT_TIMEOUT_S;
  #timer: TimerHandle | null = null;
  /** How often it was fed since the start. */
  feeds = 0;
  /** How often it has reset the board. */
  bites = 0;

  constructor(clock: Clock, onBite: () => void) {
    this.#clock = clock;
    this.#onBite = onBite;
  }

  get isArmed(): boolean {
    return this.#timer !== null;
  }

  setTimeoutS(seconds: number): Promise<number> {
    return settled(() => {
      this.#timeoutS = Math.min(Math.max(1, Math.ceil(seconds)), LONGEST_TIMEOUT_S);
      this.#restart();
      return this.#timeoutS;
    });
  }

  feed(): Promise<void> {
    return settled(() => {
      this.feeds++;
      this.#restart();
    });
  }

  disarm(): Promise<void> {
    return settled(() => this.stop());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #restart(): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(this.#timeoutS * 1000, () => {
      this.#timer = null;
      this.bites++;
      this.#onBite();
    });
  }
}
