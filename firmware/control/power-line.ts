/**
 * The one owner of the line that powers the hashboards. Chains may ask for power; only the thermal supervisor permits
 * it (sensors and fans proven first) and only it may cut. A cut is latched until the process ends.
 */
import type { PowerSwitch } from "#hal/control-board.ts";
import type { Log } from "../log.ts";

/** What chains see: they can ask, nothing else. */
export interface PowerRequest {
  /** Resolves when the supply has been switched on. Never resolves after a cut. */
  request(): Promise<void>;
}

export class PowerLine implements PowerRequest {
  readonly #switch: PowerSwitch;
  readonly #log: Log;
  readonly #waiting: (() => void)[] = [];
  #isPermitted = false;
  #isOn = false;
  #switchingOn: Promise<void> | null = null;
  #cutReason: string | null = null;

  constructor(powerSwitch: PowerSwitch, log: Log) {
    this.#switch = powerSwitch;
    this.#log = log;
  }

  /** True from the moment that power was asked for until its end was confirmed. */
  get isOn(): boolean {
    return this.#isOn;
  }

  /** Why power is cut, or null. */
  get cutReason(): string | null {
    return this.#cutReason;
  }

  request(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      this.#switchOnIfDue().catch(reject);
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
    this.#isOn = false;
    this.#log.info({ reason }, "hashboard power off");
  }

  async #switchOnIfDue(): Promise<void> {
    if (this.#cutReason !== null || !this.#isPermitted || this.#waiting.length === 0) return;
    this.#switchingOn ??= this.#switchOn();
    await this.#switchingOn;
    // A cut may have come while the switch was on its way: it wins, and nobody is told that there is power.
    if (this.#isCut()) return this.#switch.setEnabled(false);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #switchOn(): Promise<void> {
    this.#isOn = true;
    await this.#switch.setEnabled(true);
    this.#log.info("hashboard power on");
  }

  #isCut(): boolean {
    return this.#cutReason !== null;
  }
}
