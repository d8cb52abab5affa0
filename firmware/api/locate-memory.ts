/** Whether the locate light blinks, as far as the worker's own orders tell: nobody else orders it. */
import type { Clock } from "#hal/clock.ts";
import { LOCATE_LIMIT_MS } from "./locate-light.ts";

export class LocateMemory {
  readonly #clock: Pick<Clock, "nowMs">;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#clock.nowMs() < this.#untilMs;
  }

  /** A command that was carried out. */
  note(command: unknown): void {
    if (typeof command !== "object" || command === null || !("kind" in command) || command.kind !== "locate") return;
    const isOn = "isOn" in command && command.isOn === true;
    this.#untilMs = isOn ? this.#clock.nowMs() + LOCATE_LIMIT_MS : Number.NEGATIVE_INFINITY;
  }
}
