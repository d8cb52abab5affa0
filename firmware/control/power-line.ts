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
  #cutReason: string | null = null;

  constructor(powerSwitch: PowerSwitch, log: Log) {
    this.#switch = powerSwitch;
    this.#log = log;
  }

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

  /** Switches off, for good. */
  async cut(reason: string): Promise<void> {
    this.#cutReason ??= reason;
    this.#isOn = false;
    await this.#switch.setEnabled(false);
    this.#log.info({ reason }, "hashboard power off");
  }

  async #switchOnIfDue(): Promise<void> {
    if (this.#cutReason !== null || !this.#isPermitted || this.#waiting.length === 0) return;
    if (!this.#isOn) {
      this.#isOn = true;
      await this.#switch.setEnabled(true);
      // A cut may have come while the switch was on its way: it wins.
      if (this.#cutReason !== null) {
        await this.#switch.setEnabled(false);
        return;
      }
      this.#log.info("hashboard power on");
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
