/** Shell of the watchdog's decision: arms the device, feeds it once a second, and lets it go at an orderly end only. */
import { type Clock, pause } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import type { Watchdog } from "#hal/watchdog.ts";
import type { Log } from "../log.ts";
import { decideWatchdog, type Heartbeats } from "./heartbeats.ts";

const PERIOD_MS = 1_000;
/** Far more than the longest turn of a loop, far less than a board takes to burn without its fans. */
const TIMEOUT_S = 15;

export interface WatchdogLoopOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** Null: the board has none that is known; then a hang is ended by nobody but the supply's and controllers' own. */
  readonly device: Watchdog | null;
  readonly heartbeats: Heartbeats;
  /** It is not fed any more, for this reason; told once for each time. */
  readonly onStarved: (reason: string) => void;
}

export class WatchdogLoop {
  readonly #options: WatchdogLoopOptions;
  #timeoutS: number | null = null;
  #isStarved = false;

  constructor(options: WatchdogLoopOptions) {
    this.#options = options;
  }

  /** Seconds until the board is reset when the program hangs; null = nothing would reset it. */
  get timeoutS(): number | null {
    return this.#timeoutS;
  }

  /** Resolves when `signal` aborts. A watchdog that cannot be used is told and then missed: mining goes on. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, device, log } = this.#options;
    if (device === null) {
      log.info("this board has no watchdog that is known: a hang of the program would not reset it");
      return;
    }
    try {
      this.#timeoutS = await device.setTimeoutS(TIMEOUT_S);
      log.info({ timeoutS: this.#timeoutS }, "watchdog armed");
    } catch (error) {
      log.error(`no watchdog guards this run: ${errorText(error)}`);
      return;
    }
    let dueAtMs = clock.nowMs();
    do {
      await this.#turn(device, dueAtMs);
      dueAtMs = clock.nowMs() + PERIOD_MS;
    } while (await pause(clock, PERIOD_MS, signal));
  }

  /** The orderly end, once power is confirmed to be off. Otherwise it goes on running and resets the board. */
  async disarm(): Promise<void> {
    if (this.#timeoutS === null) return;
    try {
      await this.#options.device?.disarm();
      this.#timeoutS = null;
    } catch (error) {
      this.#options.log.warn(`the watchdog goes on running: ${errorText(error)}`);
    }
  }

  async #turn(device: Watchdog, dueAtMs: number): Promise<void> {
    const { clock, heartbeats, log, onStarved } = this.#options;
    const decision = decideWatchdog(heartbeats.all, dueAtMs, clock.nowMs());
    if (decision.kind === "starve") {
      if (!this.#isStarved) {
        log.error({ timeoutS: this.#timeoutS }, `the watchdog is not fed: ${decision.reason}`);
        onStarved(decision.reason);
      }
      this.#isStarved = true;
      return;
    }
    this.#isStarved = false;
    try {
      await device.feed();
    } catch (error) {
      log.error(`the watchdog cannot be fed: ${errorText(error)}`);
    }
  }
}
