/**
 * Pauses the whole machine and lets it go on: power off, chains ready to start again by themselves. Several causes may hold
 * it at once (no pool, the owner); it goes on when the last of them is gone.
 */
import { errorText } from "#hal/errors.ts";
import type { IncidentSink } from "../incidents/incident-log.ts";
import type { Log } from "../log.ts";

export type PauseCause = "noPool" | "owner";

export interface Pausable {
  pause(reason: string): void;
  resume(reason: string): void;
}

export interface PauseControlOptions {
  log: Log;
  chains: readonly Pausable[];
  /** Power off, not for good. */
  suspendPower: (reason: string) => Promise<void>;
  /** Whoever asks for power waits as long as it is held. */
  holdPower: (isHeld: boolean) => void;
  /** The next start begins at the starting voltage again. */
  onSuspended: () => void;
  incidents: IncidentSink;
}

export class PauseControl {
  readonly #options: PauseControlOptions;
  /** Causes that hold the machine, with their words. */
  readonly #causes = new Map<PauseCause, string>();
  readonly #deferred: (() => Promise<void>)[] = [];

  constructor(options: PauseControlOptions) {
    this.#options = options;
  }

  /** Why the machine is paused, or null. */
  get reason(): string | null {
    return this.#causes.size === 0 ? null : [...this.#causes.values()].join("; ");
  }

  isHeldBy(cause: PauseCause): boolean {
    return this.#causes.has(cause);
  }

  pause(cause: PauseCause, reason: string): void {
    const isFirst = this.#causes.size === 0;
    this.#causes.set(cause, reason);
    if (!isFirst) return;
    const { log, chains, suspendPower, holdPower, onSuspended } = this.#options;
    log.info({ cause }, `paused: ${reason}`);
    this.#options.incidents.note("pause", `paused: ${reason}`);
    holdPower(true);
    for (const chain of chains) chain.pause(reason);
    onSuspended();
    suspendPower(reason).catch((error: unknown) => log.error(`pause: power off is not confirmed: ${errorText(error)}`));
  }

  /** What would start a chain waits for the end of a pause: a chain that is off knows of none. */
  async whenRunning(start: () => Promise<void>): Promise<void> {
    if (this.reason === null) await start();
    else this.#deferred.push(start);
  }

  resume(cause: PauseCause, reason: string): void {
    if (!this.#causes.delete(cause) || this.#causes.size > 0) return;
    const { log, chains, holdPower } = this.#options;
    holdPower(false);
    log.info({ cause }, `goes on: ${reason}`);
    this.#options.incidents.note("resume", `goes on: ${reason}`);
    for (const chain of chains) chain.resume(reason);
    for (const start of this.#deferred.splice(0))
      start().catch((error: unknown) => log.error(`a chain does not start after the pause: ${errorText(error)}`));
  }
}
