/**
 * The one owner of the line that powers the hashboards. Chains may ask for power; only the thermal supervisor permits
 * it (sensors and fans proven first). It, and the end of the program, cut it; a cut is latched until the process ends.
 */
import type { PowerSwitch } from "#hal/control-board.ts";
import type { Log } from "../log.ts";

/** What chains see: they can ask, nothing else. */
export interface PowerRequest {
  /** Resolves when the supply has been switched on. Never resolves after a cut; rejects when the switch failed. */
  request(): Promise<void>;
}

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

export class PowerLine implements PowerRequest {
  readonly #switch: PowerSwitch;
  readonly #log: Log;
  #waiting: Waiter[] = [];
  #isPermitted = false;
  #isOffConfirmed = false;
  #switchingOn: Promise<void> | null = null;
  #cutReason: string | null = null;

  constructor(powerSwitch: PowerSwitch, log: Log) {
    this.#switch = powerSwitch;
    this.#log = log;
  }

  /** True unless the switch has confirmed that it is off: what is unknown counts as on. */
  get isOn(): boolean {
    return !this.#isOffConfirmed;
  }

  /** Why power is cut, or null. */
  get cutReason(): string | null {
    return this.#cutReason;
  }

  /** First act of a run: whatever an earlier process left, the line is off from here on. */
  async begin(): Promise<void> {
    await this.#switch.setEnabled(false);
    if (this.#switchingOn === null) this.#isOffConfirmed = true;
  }

  request(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      void this.#switchOnIfDue();
    });
  }

  /** Sensors and fans are proven: power may go on. */
  async permit(): Promise<void> {
    if (this.#isPermitted) return;
    this.#isPermitted = true;
    await this.#switchOnIfDue();
  }

  /** Switches off, for good; resolves when the switch has confirmed it. */
  async cut(reason: string): Promise<void> {
    this.#cutReason ??= reason;
    await this.#switch.setEnabled(false);
    if (this.#switchingOn !== null) {
      // An order to switch on may still be under way and end after ours: off has the last word.
      await this.#switchingOn.catch(() => undefined);
      await this.#switch.setEnabled(false);
    }
    this.#isOffConfirmed = true;
    this.#log.info({ reason }, "hashboard power off");
  }

  async #switchOnIfDue(): Promise<void> {
    if (this.#cutReason !== null || !this.#isPermitted || this.#waiting.length === 0) return;
    try {
      this.#switchingOn ??= this.#switchOn();
      await this.#switchingOn;
    } catch (error) {
      // The next request tries again.
      this.#switchingOn = null;
      for (const waiter of this.#takeWaiting()) waiter.reject(error);
      return;
    }
    if (this.#isCut()) return;
    for (const waiter of this.#takeWaiting()) waiter.resolve();
  }

  async #switchOn(): Promise<void> {
    this.#isOffConfirmed = false;
    await this.#switch.setEnabled(true);
    this.#log.info("hashboard power on");
  }

  #takeWaiting(): Waiter[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  #isCut(): boolean {
    return this.#cutReason !== null;
  }
}
