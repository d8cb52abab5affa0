/**
 * Sessions of browsers as the main thread remembers them, so that they outlive the worker that serves them: a restart of
 * the miner, or of the worker, throws nobody out. They go with the process. Only digests are kept, never a cookie's value.
 */
import type { Clock } from "#hal/clock.ts";

export interface KeptSession {
  /** Of the cookie's value. */
  readonly digest: string;
  readonly tokenId: string;
  /** From now on: the two threads have clocks of their own. */
  readonly leftMs: number;
}

export class SessionMemory {
  readonly #clock: Clock;
  #sessions: readonly KeptSession[] = [];
  #atMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(sessions: readonly KeptSession[]): void {
    this.#sessions = sessions;
    this.#atMs = this.#clock.nowMs();
  }

  /** Those that have not ended meanwhile. */
  get living(): KeptSession[] {
    const passedMs = this.#clock.nowMs() - this.#atMs;
    return this.#sessions
      .map((session) => ({ ...session, leftMs: session.leftMs - passedMs }))
      .filter(({ leftMs }) => leftMs > 0);
  }
}
