/** What every sensor driver answers, and how a bus failure becomes such an answer. */
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";

export type Reading =
  | { readonly kind: "ok"; readonly temperatureC: number }
  | { readonly kind: "failed"; readonly reason: string };

export type SensorBytes = { readonly kind: "bytes"; readonly bytes: Uint8Array } | Extract<Reading, { kind: "failed" }>;

export function failed(reason: string): Extract<Reading, { kind: "failed" }> {
  return { kind: "failed", reason };
}

/** Sensor and bus, for reasons. */
export function sensorPlace(bus: I2cBus, address: number): string {
  return `sensor 0x${address.toString(16)} on ${bus.name}`;
}

/** One transfer to a sensor. A failure is an answer, not an exception: what to do about it is the thermal control's matter. */
export async function transferSensor(
  bus: I2cBus,
  address: number,
  write: Uint8Array,
  readLength: number,
): Promise<SensorBytes> {
  const place = sensorPlace(bus, address);
  try {
    const bytes = await bus.transfer(address, write, readLength);
    if (bytes.length < readLength) return failed(`${place} gave ${bytes.length} of ${readLength} bytes`);
    return { kind: "bytes", bytes };
  } catch (error) {
    if (isKumpelError(error, "I2C_NACK")) return failed(`${place} does not answer`);
    if (isKumpelError(error, "I2C_FAILED")) return failed(`${place}: ${errorText(error)}`);
    throw error;
  }
}
