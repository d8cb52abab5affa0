/**
 * I2C adapters through `i2c-bus`, with its asynchronous calls only: a transfer on a slow bus takes a second, and a
 * synchronous one would stop mining for that long.
 *
 * A device that holds the data line low stops its whole bus. Adapter drivers then clock the bus free by themselves (nine
 * clocks, where the hardware can) and report a time-out; all that is left to do up here is to try again a few times and
 * then to say which bus it is. Cutting the board's power is what helps in the end.
 */

import { type Clock, sleep } from "#hal/clock.ts";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { I2cBus } from "#hal/i2c.ts";
import { Mutex } from "#hal/mutex.ts";
import { errnoOf, loadAddon } from "./load-addon.ts";

/** The part of i2c-bus that is used; a test hands in its own. */
export interface I2cDevice {
  i2cFuncs(): Promise<{ readonly i2c: boolean; readonly smbusReadI2cBlock: boolean }>;
  i2cRead(address: number, length: number, buffer: Buffer): Promise<{ bytesRead: number }>;
  i2cWrite(address: number, length: number, buffer: Buffer): Promise<{ bytesWritten: number }>;
  readByte(address: number, command: number): Promise<number>;
  readI2cBlock(address: number, command: number, length: number, buffer: Buffer): Promise<{ bytesRead: number }>;
  receiveByte(address: number): Promise<number>;
  sendByte(address: number, byte: number): Promise<void>;
  writeByte(address: number, command: number, byte: number): Promise<void>;
  writeI2cBlock(address: number, command: number, length: number, buffer: Buffer): Promise<{ bytesWritten: number }>;
  close(): Promise<void>;
}

export interface LinuxI2cOptions {
  readonly clock: Clock;
  readonly busNumber: number;
  /** Name of the adapter, for messages. */
  readonly adapterName: string;
  /** Tests hand in their own; default is i2c-bus. */
  readonly openDevice?: (busNumber: number) => Promise<I2cDevice>;
}

/** Pauses before another try after a fault that may pass. */
const RETRY_PAUSES_MS = [5, 20, 80];
/** What SMBus calls move at most. */
const BLOCK_MAX_BYTES = 32;
/** Nobody acknowledged the address or a byte; which of them depends on the adapter's driver. */
const NACK = ["ENXIO", "EREMOTEIO", "EIO"];
/** Arbitration lost, bus busy or held low. */
const MAY_PASS = ["EAGAIN", "ETIMEDOUT"];

/** @throws KumpelError `I2C_FAILED` when the adapter can't be opened, `NATIVE_MODULE_MISSING`. */
export async function openLinuxI2c(options: LinuxI2cOptions): Promise<I2cBus & { close(): Promise<void> }> {
  const { clock, busNumber, adapterName } = options;
  const name = `/dev/i2c-${busNumber} (${adapterName})`;
  const openDevice = options.openDevice ?? openI2cBus;
  let device: I2cDevice | null = null;
  try {
    device = await openDevice(busNumber);
    const funcs = await device.i2cFuncs();
    const once = funcs.i2c ? plainTransfer(device, funcs.smbusReadI2cBlock) : smbusTransfer(device);
    return new LinuxI2c(clock, name, device, once);
  } catch (cause) {
    await device?.close();
    if (cause instanceof KumpelError) throw cause;
    throw new KumpelError(
      "I2C_FAILED",
      `${name} can't be opened (${errorText(cause)}): check that the device exists and that this runs as root.`,
      { cause, details: { bus: name } },
    );
  }
}

async function openI2cBus(busNumber: number): Promise<I2cDevice> {
  const { openPromisified } = await loadAddon("i2c-bus", () => import("i2c-bus"));
  return openPromisified(busNumber);
}

type Transfer = (address: number, write: Buffer, readLength: number) => Promise<Uint8Array>;

/**
 * One byte out and up to 32 in, the usual register read, goes as an I2C block call and has a repeated start. Everything
 * else that both writes and reads has a stop between, since i2c-bus offers no other way: EEPROMs and controllers keep
 * their pointer over it, and the bus belongs to this process.
 */
function plainTransfer(device: I2cDevice, hasBlockRead: boolean): Transfer {
  return async (address, write, readLength) => {
    const into = Buffer.alloc(readLength);
    if (write.length === 1 && readLength > 0 && readLength <= BLOCK_MAX_BYTES && hasBlockRead) {
      assertWhole(await device.readI2cBlock(address, write[0] ?? 0, readLength, into), readLength);
    } else {
      if (write.length > 0) assertWhole(await device.i2cWrite(address, write.length, write), write.length);
      if (readLength > 0) assertWhole(await device.i2cRead(address, readLength, into), readLength);
    }
    return into;
  };
}

/** Adapters that know SMBus calls only (the kernel's i2c-stub among them): what can be said in those is. */
function smbusTransfer(device: I2cDevice): Transfer {
  return async (address, write, readLength) => {
    const [command] = write;
    const into = Buffer.alloc(readLength);
    if (write.length > BLOCK_MAX_BYTES + 1 || (write.length > 1 && readLength > 0) || readLength > BLOCK_MAX_BYTES) {
      throw Object.assign(new Error(`writing ${write.length} and reading ${readLength} bytes is no SMBus call`), {
        code: "EOPNOTSUPP",
      });
    }
    if (command === undefined) {
      for (let i = 0; i < readLength; i++) into[i] = await device.receiveByte(address);
    } else if (readLength === 1) into[0] = await device.readByte(address, command);
    else if (readLength > 1) assertWhole(await device.readI2cBlock(address, command, readLength, into), readLength);
    else if (write.length === 1) await device.sendByte(address, command);
    else if (write.length === 2) await device.writeByte(address, command, write[1] ?? 0);
    else await device.writeI2cBlock(address, command, write.length - 1, write.subarray(1));
    return into;
  };
}

function assertWhole(moved: { bytesRead: number } | { bytesWritten: number }, length: number): void {
  const count = "bytesRead" in moved ? moved.bytesRead : moved.bytesWritten;
  if (count !== length) throw new Error(`${count} of ${length} bytes were moved`);
}

class LinuxI2c implements I2cBus {
  readonly name: string;
  readonly #clock: Clock;
  readonly #device: I2cDevice;
  readonly #once: Transfer;
  readonly #lock = new Mutex();

  constructor(clock: Clock, name: string, device: I2cDevice, once: Transfer) {
    this.name = name;
    this.#clock = clock;
    this.#device = device;
    this.#once = once;
  }

  transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    // A copy, since the caller may reuse its buffer while the transfer waits for its turn.
    const bytes = Buffer.from(write);
    if (write.length + readLength === 0) return Promise.reject(this.#failure(address, new Error("it is empty"), 0));
    return this.#lock.run(() => this.#withRetries(address, bytes, readLength));
  }

  close(): Promise<void> {
    return this.#lock.run(() => this.#device.close());
  }

  async #withRetries(address: number, write: Buffer, readLength: number): Promise<Uint8Array> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(address, write, readLength);
      } catch (cause) {
        const pauseMs = RETRY_PAUSES_MS[attempt];
        if (!MAY_PASS.includes(errnoOf(cause)) || pauseMs === undefined) throw this.#failure(address, cause, attempt);
        await sleep(this.#clock, pauseMs);
      }
    }
  }

  #failure(address: number, cause: unknown, attempts: number): KumpelError {
    const at = `0x${address.toString(16).padStart(2, "0")}`;
    const errno = errnoOf(cause);
    const details = { bus: this.name, address, errno, attempts };
    if (NACK.includes(errno)) {
      const text = `Nobody answers at address ${at} on ${this.name} (${errno}): check that the board is plugged and powered.`;
      return new KumpelError("I2C_NACK", text, { cause, details });
    }
    return new KumpelError(
      "I2C_FAILED",
      `A transfer with address ${at} on ${this.name} failed (${errorText(cause)}): ${adviceFor(errno)}.`,
      { cause, details },
    );
  }
}

function adviceFor(errno: string): string {
  if (MAY_PASS.includes(errno))
    return "a device seems to hold the bus, switch the machine off for a minute and check its cables";
  if (errno === "EBUSY") return "a kernel driver owns that address, unbind it or take its node out of the device tree";
  if (errno === "EOPNOTSUPP" || errno === "ENOTSUP") return "this adapter knows SMBus calls only, use another one";
  return "check cables and the adapter's messages in the kernel's log";
}
