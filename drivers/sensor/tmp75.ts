/** TMP75, TMP1075: register 0 is the temperature, two bytes, most significant first, of which twelve bits count 0.0625 C. */
import type { I2cBus } from "#hal/i2c.ts";
import { failed, type Reading, sensorPlace, transferSensor } from "./reading.ts";

const TEMPERATURE_REGISTER = Uint8Array.of(0);
const TEMPERATURE_MIN_C = -55;
const TEMPERATURE_MAX_C = 127.9375;
/** The four lowest bits of a good answer are 0. */
const BUS_STUCK_HIGH = 0xffff;

/** Reads one sensor; a failure is an answer. */
export async function readTmp75(bus: I2cBus, address: number): Promise<Reading> {
  const answer = await transferSensor(bus, address, TEMPERATURE_REGISTER, 2);
  if (answer.kind === "failed") return answer;
  const place = sensorPlace(bus, address);
  const word = (answer.bytes[0]! << 8) | answer.bytes[1]!;
  if (word === BUS_STUCK_HIGH) return failed(`${place} reads all ones: the bus is stuck`);
  const temperatureC = ((word << 16) >> 20) * 0.0625;
  if (temperatureC < TEMPERATURE_MIN_C || temperatureC > TEMPERATURE_MAX_C) {
    return failed(`${place} reads ${temperatureC} C, which it can't measure`);
  }
  return { kind: "ok", temperatureC };
}
