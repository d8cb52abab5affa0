/**
 * LM75A, TMP75 and relatives: register 0 is the temperature, two bytes, most significant first. The upper eleven bits are
 * a signed number of 0.125 C in all of them; TMP75 has one bit more, LM75A leaves the rest undefined.
 */
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";

export type Reading =
  | { readonly kind: "ok"; readonly temperatureC: number }
  | { readonly kind: "failed"; readonly reason: string };

const TEMPERATURE_REGISTER = Uint8Array.of(0);
/** Range that the parts are specified for. */
const TEMPERATURE_MIN_C = -55;
const TEMPERATURE_MAX_C = 127.875;
/** A data line that nobody pulls low. It would read as -0.125 C. */
const BUS_STUCK_HIGH = 0xffff;

/** Reads one sensor. A failure is an answer, not an exception: what to do about it is the thermal control's matter. */
export async function readLm75(bus: I2cBus, address: number): Promise<Reading> {
  const place = `sensor 0x${address.toString(16)} on ${bus.name}`;
  let bytes: Uint8Array;
  try {
    bytes = await bus.transfer(address, TEMPERATURE_REGISTER, 2);
  } catch (error) {
    if (isKumpelError(error, "I2C_NACK")) return { kind: "failed", reason: `${place} does not answer` };
    if (isKumpelError(error, "I2C_FAILED")) return { kind: "failed", reason: `${place}: ${errorText(error)}` };
    throw error;
  }
  if (bytes.length < 2) return { kind: "failed", reason: `${place} gave ${bytes.length} of 2 bytes` };
  const word = (bytes[0]! << 8) | bytes[1]!;
  if (word === BUS_STUCK_HIGH) return { kind: "failed", reason: `${place} reads all ones: the bus is stuck` };
  const temperatureC = ((word << 16) >> 21) * 0.125;
  if (temperatureC < TEMPERATURE_MIN_C || temperatureC > TEMPERATURE_MAX_C) {
    return { kind: "failed", reason: `${place} reads ${temperatureC} C, which it can't measure` };
  }
  return { kind: "ok", temperatureC };
}
