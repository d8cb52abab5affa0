/**
 * LM75A, TMP75 and relatives: register 0 is the temperature, two bytes, most significant first. The upper eleven bits are
 * a signed number of 0.125 C in all of them; TMP75 has one bit more, LM75A leaves the rest undefined.
 */
import type { I2cBus } from "#hal/i2c.ts";
import { failed, type Reading, sensorPlace, transferSensor } from "./reading.ts";

export type { Reading } from "./reading.ts";

const TEMPERATURE_REGISTER = Uint8Array.of(0);
/** Range that the parts are specified for. */
const TEMPERATURE_MIN_C = -55;
const TEMPERATURE_MAX_C = 127.875;
/** A data line that nobody pulls low. It would read as -0.125 C. */
const BUS_STUCK_HIGH = 0xffff;

/** Reads one sensor. A failure is an answer, not an exception: what to do about it is the thermal control's matter. */
export async function readLm75(bus: I2cBus, address: number): Promise<Reading> {
  const answer = await transferSensor(bus, address, TEMPERATURE_REGISTER, 2);
  return answer.kind === "failed" ? answer : decodeLm75(answer.bytes, sensorPlace(bus, address));
}

/** Temperature of the two bytes of register 0; `place` names the sensor in the reason of a failure. */
export function decodeLm75(bytes: Uint8Array, place: string): Reading {
  const word = (bytes[0]! << 8) | bytes[1]!;
  if (word === BUS_STUCK_HIGH) return failed(`${place} reads all ones: the bus is stuck`);
  const temperatureC = ((word << 16) >> 21) * 0.125;
  if (temperatureC < TEMPERATURE_MIN_C || temperatureC > TEMPERATURE_MAX_C) {
    return failed(`${place} reads ${temperatureC} C, which it can't measure`);
  }
  return { kind: "ok", temperatureC };
}
