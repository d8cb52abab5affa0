/** Lets an LED of the board blink so that somebody finds the machine; it ends by itself. */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { ControlBoard, Led } from "#hal/control-board.ts";
import { errorText } from "#hal/errors.ts";
import type { Log } from "../log.ts";

const HALF_PERIOD_MS = 400;
export const LOCATE_LIMIT_MS = 600_000;

export class LocateLight {
  readonly #led: Led | null;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: TimerHandle | null = null;
  #untilMs = 0;

  constructor(board: Pick<ControlBoard, "leds">, clock: Clock, log: Log) {
    this.#led = board.leds.red ?? board.leds.green;
    this.#clock = clock;
    this.#log = log;
  }

  get isOn(): boolean {
    return this.#timer !== null;
  }

  /** False where the board has no LED that is known. */
  set(isOn: boolean): boolean {
    if (this.#led === null) return false;
    this.#untilMs = isOn ? this.#clock.nowMs() + LOCATE_LIMIT_MS : 0;
    if (isOn && this.#timer === null) this.#blink(this.#led, true);
    else if (!isOn) this.#end(this.#led);
    return true;
  }

  #blink(led: Led, isLit: boolean): void {
    if (this.#clock.nowMs() >= this.#untilMs) {
      this.#end(led);
      return;
    }
    this.#light(led, isLit);
    this.#timer = this.#clock.setTimer(HALF_PERIOD_MS, () => this.#blink(led, !isLit));
  }

  #end(led: Led): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#light(led, false);
  }

  #light(led: Led, isLit: boolean): void {
    led.set(isLit).catch((error: unknown) => this.#log.debug(`locate: ${errorText(error)}`));
  }
}
