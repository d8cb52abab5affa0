/** The machine's I2C buses: who answers where. A bus can be stuck, a device can be missing. */
import { KumpelError } from "#hal/errors.ts";
import type { I2cDevice } from "./devices/i2c-device.ts";

export type BusRole = "hashboards" | "supply";

export interface BusDevice {
  readonly device: I2cDevice;
  /** False: nobody answers at its address (board unplugged, part broken). */
  isPresent(): boolean;
  /** Called after each transaction, so that the board can see what it changed. */
  afterTransfer?(): void;
}

export class I2cNet {
  readonly #devices: Record<BusRole, BusDevice[]> = { hashboards: [], supply: [] };
  /** A stuck bus answers nobody: some slave holds the data line low. */
  readonly stuck: Record<BusRole, boolean> = { hashboards: false, supply: false };
  /** Changes what hosts read, as a bad contact does; a KumpelError that it throws takes the place of the answer. */
  disturb: ((answer: Uint8Array, role: BusRole, address: number, write: Uint8Array) => Uint8Array) | null = null;

  /** Told of every transaction that was answered, for whoever wants proof that a device was asked. */
  onAnswer: ((role: BusRole, address: number, readLength: number) => void) | null = null;

  attach(role: BusRole, device: BusDevice): void {
    this.#devices[role].push(device);
  }

  /** @throws KumpelError `I2C_NACK` where no device answers, `I2C_FAILED` on a stuck bus. */
  transfer(role: BusRole, address: number, write: Uint8Array, readLength: number): Uint8Array {
    if (this.stuck[role]) {
      throw new KumpelError("I2C_FAILED", `the ${role} bus is stuck: its data line stays low`, {
        details: { address },
      });
    }
    const found = this.#devices[role].find(({ device, isPresent }) => device.address === address && isPresent());
    if (found === undefined) throw nackError(role, address);
    const answer = found.device.transfer(write, readLength);
    found.afterTransfer?.();
    const heard = this.disturb === null || readLength === 0 ? answer : this.disturb(answer, role, address, write);
    this.onAnswer?.(role, address, readLength);
    return heard;
  }

  step(elapsedMs: number): void {
    for (const devices of Object.values(this.#devices)) {
      for (const { device } of devices) device.step?.(elapsedMs);
    }
  }
}

export function nackError(bus: string, address: number): KumpelError {
  const hex = `0x${address.toString(16).padStart(2, "0")}`;
  return new KumpelError("I2C_NACK", `no device answers at address ${hex} of the ${bus} bus`, { details: { address } });
}
