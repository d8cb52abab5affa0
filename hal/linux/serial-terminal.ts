/** A serial device as a terminal for a person at its other end: the board's debug UART. */
import fs from "node:fs";
import type { Duplex } from "node:stream";
import { errorText, KumpelError } from "#hal/errors.ts";

const LOOK_PERIOD_MS = 1_000;

/**
 * A terminal at the other end of a serial device; it ends (`close`) when the device goes away.
 * @throws KumpelError `UART_OPEN_FAILED`, `NATIVE_MODULE_MISSING`.
 */
export async function openSerialTerminal(device: string, baud: number): Promise<Duplex> {
  const { SerialPort } = await import("serialport").catch((cause: unknown) => {
    throw new KumpelError(
      "NATIVE_MODULE_MISSING",
      `the native module serialport can't be loaded (${errorText(cause)})`,
      { cause },
    );
  });
  const port = new SerialPort({ path: device, baudRate: baud, autoOpen: false, hupcl: false });
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (!(error instanceof Error)) resolve();
      else
        reject(
          new KumpelError(
            "UART_OPEN_FAILED",
            `${device} can't be opened at ${baud} baud (${errorText(error)}): name a serial device that nobody else has open.`,
          ),
        );
    });
  });
  // A device that hung up reads as empty for ever, and the module asks it again and again: only its name tells.
  const look = setInterval(() => {
    if (!fs.existsSync(device)) port.destroy();
  }, LOOK_PERIOD_MS);
  port.once("close", () => clearInterval(look));
  return port as unknown as Duplex;
}
