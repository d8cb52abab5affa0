/** Register 0, 1, 2 ... of a diode sensor, one byte each: what TMP451, NCT218 and TMP42x have in common. */
import type { I2cBus } from "#hal/i2c.ts";
import { failed, type Reading, sensorPlace, transferSensor } from "./reading.ts";

type Failed = Extract<Reading, { kind: "failed" }>;

/** Extended range counts from here. */
const EXTENDED_ZERO_C = 64;
const BUS_STUCK_HIGH = 0xff;

export class SensorRegisters {
  readonly place: string;
  readonly #bus: I2cBus;
  readonly #address: number;

  constructor(bus: I2cBus, address: number) {
    this.#bus = bus;
    this.#address = address;
    this.place = sensorPlace(bus, address);
  }

  /** Bytes of the registers in the order given (reading a high byte holds its low byte), or the first failure. */
  async read(...registers: number[]): Promise<number[] | Failed> {
    const values: number[] = [];
    for (const register of registers) {
      const answer = await transferSensor(this.#bus, this.#address, Uint8Array.of(register), 1);
      if (answer.kind === "failed") return answer;
      values.push(answer.bytes[0]!);
    }
    return values;
  }

  /** Null when it was taken. */
  async write(register: number, value: number): Promise<Failed | null> {
    const answer = await transferSensor(this.#bus, this.#address, Uint8Array.of(register, value), 0);
    return answer.kind === "failed" ? answer : null;
  }

  /** A temperature within what the part can measure, or the failure that it is. */
  reading(temperatureC: number, minC: number, maxC: number): Reading {
    if (temperatureC >= minC && temperatureC <= maxC) return { kind: "ok", temperatureC };
    return failed(`${this.place} reads ${temperatureC} C, which it can't measure`);
  }

  stuck(): Failed {
    return failed(`${this.place} reads all ones: the bus is stuck`);
  }
}

/** True when these bytes are what a bus reads that nobody drives. */
export function isStuckHigh(values: readonly number[]): boolean {
  return values.every((value) => value === BUS_STUCK_HIGH);
}

/** Whole degrees and sixteenths in the upper half of `low`, in extended range. */
export function extendedRangeC(high: number, low: number): number {
  return high - EXTENDED_ZERO_C + (low >> 4) / 16;
}
