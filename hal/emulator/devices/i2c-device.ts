/** A part on an emulated I2C bus. Nothing inside has a timer: time comes by `step`, so that every run is the same. */
import { KumpelError } from "#hal/errors.ts";

export interface I2cDevice {
  /** 7-bit address. */
  readonly address: number;
  /**
   * One transaction: `write` (may be empty), then `readLength` bytes (may be 0).
   * @throws KumpelError `I2C_NACK` when the device does not answer.
   */
  transfer(write: Uint8Array, readLength: number): Uint8Array;
  /** Lets `elapsedMs` pass; called every 250 ms or more often. Absent where time changes nothing. */
  step?(elapsedMs: number): void;
}

/** What a device that does not answer throws. */
export function deviceNack(address: number, device: string): KumpelError {
  const hex = `0x${address.toString(16).padStart(2, "0")}`;
  return new KumpelError("I2C_NACK", `the emulated ${device} at ${hex} does not acknowledge`, { details: { address } });
}

/** What an idle bus gives to a reader. */
export const IDLE_BYTE = 0xff;

/** `bytes` cut or filled with idle bytes to `length`. */
export function padRead(bytes: ArrayLike<number>, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => bytes[i] ?? IDLE_BYTE);
}
