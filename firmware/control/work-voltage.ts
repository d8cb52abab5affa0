/**
 * Lowers the machine's voltage from the one that chips are started at to the one that they work at, once nobody is
 * starting any more. A chain that is started anew later is started at the working voltage, since the others hash on it.
 */
import { errorText } from "#hal/errors.ts";
import type { ChainPhase } from "../chain/chain-machine.ts";
import type { Log } from "../log.ts";

const STARTING: readonly ChainPhase[] = [
  "energising",
  "resetting",
  "settling",
  "enumerating",
  "addressing",
  "configuring",
  "ramping",
  "starting",
  "lowering",
];

/** True when a chain is on its way up, so that its sequence decides what the supply gives. */
export function isAnyStarting(phases: readonly ChainPhase[]): boolean {
  return phases.some((phase) => STARTING.includes(phase));
}

/** True when the voltage may go down: somebody hashes and nobody needs the higher one. */
export function isLoweringDue(phases: readonly ChainPhase[]): boolean {
  return phases.includes("hashing") && !isAnyStarting(phases);
}

export class WorkVoltage {
  readonly #lower: (signal: AbortSignal) => Promise<void>;
  readonly #log: Log;
  readonly #onFailed: (reason: string) => void;
  #isDone = false;
  #isLowering = false;
  /** Ends a change under way when power goes. */
  #changing = new AbortController();

  /** @param onFailed the supply does not follow: nobody knows what it gives, so power has to go. */
  constructor(lower: (signal: AbortSignal) => Promise<void>, log: Log, onFailed: (reason: string) => void) {
    this.#lower = lower;
    this.#log = log;
    this.#onFailed = onFailed;
  }

  /** Power went: the next start needs the starting voltage, and then this again. */
  rearm(): void {
    this.#isDone = false;
    this.#isLowering = false;
    this.#changing.abort();
    this.#changing = new AbortController();
  }

  /** The working voltage is reached, so that nobody else is changing it. */
  get isSettled(): boolean {
    return this.#isDone && !this.#isLowering;
  }

  /** Another working voltage while chips hash. @throws what the supply says; power is cut then, unless it went already. */
  async change(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#changing;
    try {
      await run(signal);
    } catch (error) {
      if (!signal.aborted) this.#onFailed(`the supply does not take another voltage: ${errorText(error)}`);
      throw error;
    }
  }

  /** Once a second. */
  review(phases: readonly ChainPhase[], signal: AbortSignal): void {
    if (this.#isDone || !isLoweringDue(phases)) return;
    this.#isDone = true;
    this.#isLowering = true;
    const changing = this.#changing;
    // A ramp that outlives its power would run into the next start's, and the supply would leap.
    const ending = AbortSignal.any([signal, changing.signal]);
    this.#lower(ending)
      .then(
        () => this.#log.info("working voltage reached"),
        (error: unknown) => {
          if (!ending.aborted) this.#onFailed(`the supply does not take the working voltage: ${errorText(error)}`);
        },
      )
      .finally(() => {
        if (changing === this.#changing) this.#isLowering = false;
      });
  }
}
