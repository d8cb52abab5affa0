/** From what a board asks its ports for to what the emulated world has, and what to say where it has nothing. */
import { KumpelError } from "#hal/errors.ts";
import type { GpioLine } from "#hal/gpio.ts";
import type { I2cSelector } from "#hal/ports.ts";
import type { BusRole } from "./i2c-net.ts";
import type { WirePin } from "./wiring/world-ports.ts";

/** Pins go by the first label of their controller. */
export function wirePin({ bank, line }: GpioLine): WirePin {
  return { label: bank.labels[0] ?? bank.name, line };
}

export function busRole({ role, match }: I2cSelector, known: readonly BusRole[]): BusRole {
  const found = known.find((bus) => bus === role);
  if (found !== undefined) return found;
  throw new KumpelError("I2C_FAILED", `the emulated board has no I2C adapter for ${role} (${match.join(", ")})`);
}

export function noUart(path: string, ports: readonly { readonly path: string }[]): KumpelError {
  const known = ports.map((p) => p.path).join(", ");
  return new KumpelError("UART_OPEN_FAILED", `the emulated board has no serial device ${path}; it has ${known}`);
}

export function noRegisters(names: readonly string[]): KumpelError {
  return new KumpelError("REGISTERS_FAILED", `the emulated board has no register block ${names.join(" or ")}`);
}
