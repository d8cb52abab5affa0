/**
 * Serial devices and pseudo-terminals: opened, read and set by `serialport`, written by `serial-output.ts`. Rates such as
 * 3,125,000 baud that are not in the usual table go through the kernel's free rate setting, which `serialport` does by itself
 * on Linux.
 */
import type { SerialPort } from "serialport";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { Uart } from "#hal/uart.ts";
import { SerialOutput } from "./serial-output.ts";

/** Bytes that may wait for the kernel. A whole start sequence fits; more means that the device takes nothing. */
const QUEUE_MAX_BYTES = 262_144;

/** A device that hung up gives serialport an endless row of empty readings: it must not stay so for long. */
const PROBE_MS = 1_000;

/** Long enough for the event loop to hand over what the kernel holds. */
const DISCARD_MS = 10;

export interface SerialUartOptions {
  readonly path: string;
  readonly baud: number;
}

async function loadSerialPort(): Promise<typeof SerialPort> {
  try {
    return (await import("serialport")).SerialPort;
  } catch (cause) {
    throw new KumpelError(
      "NATIVE_MODULE_MISSING",
      `the native module serialport can't be loaded (${errorText(cause)}); install it for this machine with npm ci`,
      { cause, details: { module: "serialport" } },
    );
  }
}

/**
 * Opens a serial device, 8N1 without flow control.
 * @throws KumpelError `UART_OPEN_FAILED`, `NATIVE_MODULE_MISSING`.
 */
export async function openSerialUart(options: SerialUartOptions): Promise<Uart> {
  const { path, baud } = options;
  const Port = await loadSerialPort();
  // hupcl off: closing the port must not toggle modem lines. lock off: another program's lock is its own affair.
  const port = new Port({ path, baudRate: baud, autoOpen: false, hupcl: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) {
        resolve();
        return;
      }
      const hint = "check that the device exists, that no other program has it open and that this user may use it";
      reject(
        new KumpelError("UART_OPEN_FAILED", `${path} can't be opened at ${baud} baud (${errorText(error)}); ${hint}`, {
          cause: error,
          details: { path, baud },
        }),
      );
    });
  });
  return new SerialUart(port, path, baud);
}

class SerialUart implements Uart {
  readonly path: string;
  baud: number;
  readonly #port: SerialPort;
  readonly #output: SerialOutput;
  #dataListener: (chunk: Uint8Array) => void = () => {};
  #errorListener: ((error: Error) => void) | null = null;
  /** A link that broke before anybody listened. */
  #earlyError: Error | null = null;
  #isBroken = false;
  #isClosing = false;
  #isDiscarding = false;
  readonly #probe: NodeJS.Timeout;

  constructor(port: SerialPort, path: string, baud: number) {
    this.#port = port;
    this.path = path;
    this.baud = baud;
    this.#output = new SerialOutput({
      fd: () => (port.port !== undefined && "fd" in port.port ? port.port.fd : null),
      onFailure: (cause) => this.#break(cause),
    });
    this.#probe = setInterval(() => this.#output.probe(), PROBE_MS).unref();
    port.on("data", (chunk: Uint8Array) => {
      if (!this.#isDiscarding) this.#dataListener(chunk);
    });
    port.on("error", (error: Error) => this.#break(error));
    port.on("close", (error: Error | null) => {
      if (!this.#isClosing) this.#break(error ?? new Error("the device went away"));
    });
  }

  write(bytes: Uint8Array): void {
    if (this.#isBroken || this.#isClosing) return;
    if (this.#output.waitingBytes + bytes.length > QUEUE_MAX_BYTES) {
      this.#break(new Error(`${this.#output.waitingBytes} bytes wait unsent`));
      return;
    }
    this.#output.write(bytes);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#dataListener = listener;
  }

  onError(listener: (error: Error) => void): void {
    this.#errorListener = listener;
    const error = this.#earlyError;
    this.#earlyError = null;
    if (error !== null) listener(error);
  }

  async drain(): Promise<void> {
    // serialport's own drain knows only of what the kernel has.
    await this.#output.emptied();
    // serialport would wait for a closing port to open again.
    this.#assertOpen();
    await this.#call((done) => this.#port.drain(done));
    // A hang-up ends the kernel's wait, too.
    this.#assertOpen();
  }

  async setBaud(baud: number): Promise<void> {
    await this.drain();
    await this.#call((done) => this.#port.update({ baudRate: baud }, done));
    this.baud = baud;
  }

  async discardInput(): Promise<void> {
    // Not serialport's flush: it also throws away output, and on a pseudo-terminal even what has left but was not read.
    this.#isDiscarding = true;
    await new Promise((resolve) => setTimeout(resolve, DISCARD_MS));
    // Two turns more, so that a loop that was busy meanwhile still hands over what lies there.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    this.#isDiscarding = false;
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    clearInterval(this.#probe);
    this.#output.forget();
    this.#dataListener = () => {};
    // One that broke is closing already. Nobody waits for that: the kernel may hold a stuck line for half a minute, and what
    // comes next is the end of power.
    if (!this.#port.isOpen) return;
    await this.#call((done) => this.#port.close(done));
  }

  #call(start: (done: (error: Error | null) => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      start((error) => {
        // serialport hands over undefined as well as null.
        if (error) reject(this.#failure(error));
        else resolve();
      });
    });
  }

  #assertOpen(): void {
    if (!this.#isBroken && !this.#isClosing && this.#port.isOpen) return;
    throw this.#failure(new Error("the link is broken or closed"));
  }

  #failure(cause: unknown): KumpelError {
    return new KumpelError("UART_IO_FAILED", `${this.path} failed at ${this.baud} baud: ${errorText(cause)}`, {
      cause,
      details: { path: this.path, baud: this.baud },
    });
  }

  /** The listener hears of it later, since this may be in the midst of its own write. */
  #break(cause: unknown): void {
    if (this.#isBroken || this.#isClosing) return;
    this.#isBroken = true;
    clearInterval(this.#probe);
    this.#output.forget();
    if (this.#port.isOpen) this.#port.close(() => undefined);
    const error = this.#failure(cause);
    queueMicrotask(() => {
      if (this.#errorListener === null) this.#earlyError = error;
      else this.#errorListener(error);
    });
  }
}
