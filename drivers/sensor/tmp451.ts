/**
 * TMP451 and ADT7461: a sensor with a remote diode, usually the one inside a chip. Local temperature in 00 (fraction 15),
 * remote in 01 (fraction 10), extended range; status 02 bit 2 is an open diode, remote raw 0 a short. Facts from public
 * hardware monitor code.
 */
import type { Clock } from "#hal/clock.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { ensureExtendedRange } from "./extended-range.ts";
import { failed, type Reading } from "./reading.ts";
import { extendedRangeC, isStuckHigh, SensorRegisters } from "./sensor-registers.ts";

const LOCAL = [0x00, 0x15] as const;
const STATUS = 0x02;
const REMOTE = [0x01, 0x10] as const;
const STATUS_OPEN_DIODE = 0x04;
const MIN_C = -55;
const MAX_C = 150;

export class Tmp451 {
  readonly #clock: Clock;
  readonly #registers: SensorRegisters;
  readonly #remoteOffsetC: number;

  /** @param options.remoteOffsetC added to remote readings, such as -7 on an EmberOne. */
  constructor(options: { clock: Clock; bus: I2cBus; address: number; remoteOffsetC?: number }) {
    this.#clock = options.clock;
    this.#registers = new SensorRegisters(options.bus, options.address);
    this.#remoteOffsetC = options.remoteOffsetC ?? 0;
  }

  /** Temperature of the diode. Only `ABORTED` is thrown. */
  async readRemote(signal: AbortSignal): Promise<Reading> {
    const notReady = await ensureExtendedRange(this.#registers, this.#clock, signal);
    if (notReady !== null) return notReady;
    const values = await this.#registers.read(STATUS, ...REMOTE);
    if (!Array.isArray(values)) return values;
    const [status, high, low] = values as [number, number, number];
    if (isStuckHigh(values)) return this.#registers.stuck();
    if ((status & STATUS_OPEN_DIODE) !== 0) return failed(`${this.#registers.place} has an open diode`);
    if (high === 0 && low === 0) return failed(`${this.#registers.place} has a shorted diode`);
    return this.#registers.reading(extendedRangeC(high, low) + this.#remoteOffsetC, MIN_C, MAX_C);
  }

  /** Temperature of the sensor itself. Only `ABORTED` is thrown. */
  async readLocal(signal: AbortSignal): Promise<Reading> {
    const notReady = await ensureExtendedRange(this.#registers, this.#clock, signal);
    if (notReady !== null) return notReady;
    const values = await this.#registers.read(...LOCAL);
    if (!Array.isArray(values)) return values;
    if (isStuckHigh(values)) return this.#registers.stuck();
    return this.#registers.reading(extendedRangeC(values[0]!, values[1]!), MIN_C, MAX_C);
  }
}
