/** A part with numbered registers on a bus, whose every failure is one typed error that names bus, address and part. */
import { type ErrorCode, errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";

export interface RegisterDeviceOptions {
  readonly bus: I2cBus;
  /** 7-bit address. */
  readonly address: number;
  /** Part number, for messages. */
  readonly part: string;
  readonly errorCode: ErrorCode;
}

export class RegisterDevice {
  readonly #options: RegisterDeviceOptions;

  constructor(options: RegisterDeviceOptions) {
    this.#options = options;
  }

  async read(register: number, count: number): Promise<Uint8Array> {
    const bytes = await this.#transfer(Uint8Array.of(register), count);
    if (bytes.length < count)
      throw this.failure(`gave ${bytes.length} of ${count} bytes of ${hex(register)}: check the bus`);
    return bytes;
  }

  async readByte(register: number): Promise<number> {
    return (await this.read(register, 1))[0]!;
  }

  async write(register: number, ...bytes: number[]): Promise<void> {
    await this.#transfer(Uint8Array.of(register, ...bytes), 0);
  }

  /** Writes one byte and demands it back. */
  async writeChecked(register: number, value: number): Promise<void> {
    await this.write(register, value);
    const got = await this.readByte(register);
    if (got === value) return;
    throw this.failure(`holds ${hex(got)} instead of ${hex(value)} in ${hex(register)}: do not power the chips`, {
      register,
      expected: value,
      got,
    });
  }

  failure(what: string, details: Record<string, unknown> = {}, cause?: unknown): KumpelError {
    const { bus, address, part, errorCode } = this.#options;
    return new KumpelError(errorCode, `${part} ${hex(address)} on ${bus.name} ${what}`, {
      cause,
      details: Object.assign({ bus: bus.name, address }, details),
    });
  }

  async #transfer(write: Uint8Array, readLength: number): Promise<Uint8Array> {
    const { bus, address } = this.#options;
    try {
      return await bus.transfer(address, write, readLength);
    } catch (error) {
      if (!isKumpelError(error, "I2C_NACK", "I2C_FAILED")) throw error;
      const register = write[0];
      throw this.failure(
        `failed at register ${hex(register ?? 0)} (${errorText(error)}): check the bus`,
        { register },
        error,
      );
    }
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(2, "0")}`;
}
