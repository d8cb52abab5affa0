/**
 * The one owner of the line that powers the hashboards. Chains may ask for power; only the thermal supervisor permits
 * it (sensors and fans proven first). It, and the end of the program, cut it; a cut is latched until the owner has
 * acknowledged its cause.
 */
import { errorText, KumpelError } from "#hal/errors.ts";
import type { Log } from "../log.ts";

/** What the line switches: the whole power train of the machine. */
export interface HashboardPower {
  /** Everything that comes before the chains' own start; slow where a supply ramps. */
  up(signal: AbortSignal): Promise<void>;
  /** All off; resolves when that was confirmed. */
  down(): Promise<void>;
}

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
  readonly #power: HashboardPower;
  readonly #log: Log;
  /** Aborts the present way up. */
  #upSignal = new AbortController();
  #waiting: Waiter[] = [];
  #isPermitted = false;
  #isOffConfirmed = false;
  #switchingOn: Promise<void> | null = null;
  #isSwitchedOn = false;
  #suspending: Promise<void> = Promise.resolve();
  /** A cut that may still be under way. */
  #cutting: Promise<void> = Promise.resolve();
  /** Paused: who asks waits. */
  #isHeld = false;
  #cutReason: string | null = null;
  /** The program ends: nothing switches on again. */
  #isEnded = false;

  constructor(power: HashboardPower, log: Log) {
    this.#power = power;
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

  /** First act of a run: whatever an earlier process left, the line is off from here on, or counts as on. */
  async begin(): Promise<void> {
    try {
      await this.#power.down();
      if (this.#switchingOn === null) this.#isOffConfirmed = true;
    } catch (error) {
      this.#log.error(`hashboard power is not confirmed to be off: ${errorText(error)}`);
    }
  }

  request(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      void this.#switchOnIfDue();
    });
  }

  /** Sensors and fans are proven: power may go on. Does not wait for it. */
  permit(): void {
    if (this.#isPermitted) return;
    this.#isPermitted = true;
    void this.#switchOnIfDue();
  }

  /** As `cut`, at the end of the program: nothing can lift it. */
  end(reason: string): Promise<void> {
    this.#isEnded = true;
    return this.cut(reason);
  }

  /** The owner has acknowledged what led to the cut: power may be asked for and permitted again. False at the end. */
  release(): boolean {
    if (this.#isEnded) return false;
    this.#cutReason = null;
    this.#isPermitted = false;
    this.#forgetWayUp();
    return true;
  }

  /** Switches off until it is released; resolves when the switch has confirmed it. */
  async cut(reason: string): Promise<void> {
    this.#cutReason ??= reason;
    this.#upSignal.abort();
    this.#cutting = this.#confirmedOff(this.#isSwitchedOn ? null : this.#switchingOn);
    await this.#cutting;
    this.#log.info({ reason }, "hashboard power off");
  }

  /** While it is held whoever asks for power waits. */
  setHeld(isHeld: boolean): void {
    this.#isHeld = isHeld;
    if (!isHeld) void this.#switchOnIfDue();
  }

  /** Switches off for now; the next request switches on again. Resolves when off has been confirmed. */
  async suspend(reason: string): Promise<void> {
    if (this.#cutReason !== null) return;
    const switching = this.#isSwitchedOn ? null : this.#switchingOn;
    this.#upSignal.abort();
    this.#forgetWayUp();
    this.#suspending = this.#confirmedOff(switching);
    await this.#suspending;
    this.#log.info({ reason }, "hashboard power off for now");
  }

  /** The next request begins a way up of its own. */
  #forgetWayUp(): void {
    this.#waiting = [];
    this.#switchingOn = null;
    this.#isSwitchedOn = false;
    this.#upSignal = new AbortController();
  }

  async #confirmedOff(switching: Promise<void> | null): Promise<void> {
    await this.#switchOff(switching);
    this.#isOffConfirmed = true;
  }

  /**
   * An order to switch on may still be under way and end after ours: off has the last word, also where the first one failed.
   * Rejects when the last one did.
   */
  async #switchOff(switching: Promise<void> | null): Promise<void> {
    const [first] = await Promise.allSettled([this.#power.down()]);
    if (switching !== null) {
      await switching.catch(() => undefined);
      await this.#power.down();
    } else if (first.status === "rejected") {
      throw first.reason;
    }
  }

  async #switchOnIfDue(): Promise<void> {
    if (this.#cutReason !== null || !this.#isPermitted || this.#isHeld || this.#waiting.length === 0) return;
    this.#switchingOn ??= this.#switchOn();
    const switching = this.#switchingOn;
    try {
      await switching;
    } catch (error) {
      // Cut, or paused meanwhile: whoever asked does not wait any more.
      if (this.#isCut() || this.#switchingOn !== switching) return;
      // Half a start is no state to stay in; the next request tries again.
      const down = await Promise.allSettled([this.#power.down()]);
      this.#isOffConfirmed = down[0].status === "fulfilled";
      this.#switchingOn = null;
      for (const waiter of this.#takeWaiting()) waiter.reject(error);
      return;
    }
    if (this.#isCut() || this.#switchingOn !== switching) return;
    for (const waiter of this.#takeWaiting()) waiter.resolve();
  }

  async #switchOn(): Promise<void> {
    // A pause or a cut that is still switching off comes first.
    await Promise.allSettled([this.#suspending, this.#cutting]);
    this.#isOffConfirmed = false;
    await this.#power.up(this.#upSignal.signal);
    this.#isSwitchedOn = true;
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

/** What the owner must hear at the end of a run whose switches did not confirm that they are off. */
export function offUnconfirmed(cause: unknown): KumpelError {
  const why = cause instanceof AggregateError ? cause.errors.map(errorText).join("; ") : errorText(cause);
  const text = `Power is not confirmed to be off (${why}): switch the machine off at its plug.`;
  return new KumpelError("PSU_FAILED", text, { cause });
}
