/**
 * The wire of both hashboard controllers: one byte in each I2C transaction, either way, as the public S9 firmware and the
 * vendor's FPGA send them. Whether the parts take a whole frame in one transaction is unconfirmed, so nothing relies on it.
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";

export interface ByteWireOptions {
  readonly clock: Clock;
  readonly bus: I2cBus;
  /** 7-bit address. */
  readonly address: number;
  /** Part and address, for messages. */
  readonly name: string;
  /** How often a byte that was not taken is sent again. A refused byte was never seen by the parser, so this is safe. */
  readonly triesPerByte: number;
  readonly pauseMs: number;
}

export class ByteWire {
  readonly #options: ByteWireOptions;
  #unsentBytes = 0;

  constructor(options: ByteWireOptions) {
    this.#options = options;
  }

  /** What is missing of the last frame: not 0 when it broke off, by an abort or a bus fault. */
  get unsentBytes(): number {
    return this.#unsentBytes;
  }

  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    this.#unsentBytes = bytes.length;
    for (const byte of bytes) {
      await this.#exchange(Uint8Array.of(byte), 0, signal);
      this.#unsentBytes--;
    }
  }

  async read(count: number, signal: AbortSignal): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = (await this.#exchange(new Uint8Array(0), 1, signal))[0]!;
    return bytes;
  }

  /** A typed error about this device: `what` says what went wrong and what to do about it. */
  failure(what: string, details: Record<string, unknown> = {}, cause?: unknown): KumpelError {
    const { name, bus, address } = this.#options;
    return new KumpelError("VOLTAGE_CONTROLLER_FAILED", `${name} on ${bus.name} ${what}`, {
      cause,
      details: Object.assign({ bus: bus.name, address }, details),
    });
  }

  async #exchange(write: Uint8Array, readLength: number, signal: AbortSignal): Promise<Uint8Array> {
    const { clock, bus, address, triesPerByte, pauseMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      if (signal.aborted) throw new KumpelError("ABORTED", "stopped before the controller's answer");
      try {
        const bytes = await bus.transfer(address, write, readLength);
        if (bytes.length === readLength) return bytes;
        if (attempt >= triesPerByte)
          throw this.failure(`gave ${bytes.length} of ${readLength} bytes: check the board's cable`);
      } catch (error) {
        if (!isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw error;
        if (attempt >= triesPerByte) {
          const what = `took no byte in ${attempt} tries (${errorText(error)}): check that the board is plugged in`;
          throw this.failure(what, { attempt }, error);
        }
      }
      await sleep(clock, pauseMs, signal);
    }
  }
}
