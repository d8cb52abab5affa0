/**
 * LM75A temperature sensors on the hashboards' bus: register 0 holds the temperature as two bytes, most significant
 * first, of which the top 11 bits count in steps of 0.125 C.
 */
import type { SensorFault } from "./faults.ts";

const STEP_C = 0.125;
const UNUSED_LOW_BITS = 5;
/** LM75A after power-up: temperature, configuration, hysteresis 75 C, over-temperature 80 C. */
const HYSTERESIS_WORD = 0x4b00;
const OVER_TEMPERATURE_WORD = 0x5000;

export class SensorModel {
  readonly address: number;
  #temperatureC: number;
  #pointer = 0;

  constructor(address: number, temperatureC: number) {
    this.address = address;
    this.#temperatureC = temperatureC;
  }

  /** A stuck sensor keeps the value that it had. */
  update(temperatureC: number, fault: SensorFault): void {
    if (fault !== "stuck") this.#temperatureC = temperatureC;
  }

  transfer(write: Uint8Array, readLength: number): Uint8Array {
    if (write.length > 0) this.#pointer = write[0]! & 3;
    const word = this.#word();
    return Uint8Array.from({ length: readLength }, (_, i) => (i % 2 === 0 ? word >> 8 : word) & 0xff);
  }

  #word(): number {
    switch (this.#pointer) {
      case 0:
        return (Math.round(this.#temperatureC / STEP_C) << UNUSED_LOW_BITS) & 0xffff;
      case 2:
        return HYSTERESIS_WORD;
      case 3:
        return OVER_TEMPERATURE_WORD;
      default:
        return 0;
    }
  }
}
