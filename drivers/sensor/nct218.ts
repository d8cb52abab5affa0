/**
 * NCT218, as it sits behind chips of an S19 Pro: only its own temperature is used, whole degrees in register 00, extended
 * range. Facts from vendor binaries.
 */
import type { Clock } from "#hal/clock.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { ensureExtendedRange } from "./extended-range.ts";
import type { Reading } from "./reading.ts";
import { extendedRangeC, isStuckHigh, SensorRegisters } from "./sensor-registers.ts";

const LOCAL = 0x00;
const MIN_C = -55;
const MAX_C = 150;

export class Nct218 {
  readonly #clock: Clock;
  readonly #registers: SensorRegisters;

  constructor(options: { clock: Clock; bus: I2cBus; address: number }) {
    this.#clock = options.clock;
    this.#registers = new SensorRegisters(options.bus, options.address);
  }

  /** Temperature of the sensor itself. Only `ABORTED` is thrown. */
  async readLocal(signal: AbortSignal): Promise<Reading> {
    const notReady = await ensureExtendedRange(this.#registers, this.#clock, signal);
    if (notReady !== null) return notReady;
    const values = await this.#registers.read(LOCAL);
    if (!Array.isArray(values)) return values;
    if (isStuckHigh(values)) return this.#registers.stuck();
    return this.#registers.reading(extendedRangeC(values[0]!, 0), MIN_C, MAX_C);
  }
}
