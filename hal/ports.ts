/**
 * What an operating system gives access to: the seam where `hal/linux` and `hal/emulator` are exchanged. Boards are
 * assembled on top of it from data (`hal/boards/`), so pins, polarities and registers are the same code on both.
 */
import type { EdgeCounter, GpioInput, GpioLine, GpioOutput } from "./gpio.ts";
import type { I2cBus } from "./i2c.ts";
import type { PwmChannel } from "./pwm.ts";
import type { RegisterBlock } from "./registers.ts";
import type { Uart } from "./uart.ts";
import type { Watchdog } from "./watchdog.ts";

/** An I2C adapter, found by where it sits, since adapter numbers move between images. */
export interface I2cSelector {
  /** Name in messages: `hashboards` or `supply`. */
  readonly role: string;
  /** Parts of the adapter's device path or name, most reliable first, such as `ff805000.i2c`. */
  readonly match: readonly string[];
}

export interface PwmSelector {
  /** Parts of the PWM chip's device path, most reliable first. */
  readonly match: readonly string[];
  /** Number of `pwmchipN` in public notes, taken where nothing matches. */
  readonly documentedChip: number;
  readonly channel: number;
}

export type RegisterSelector =
  /** A UIO device by its name in /sys/class/uio/N/name; the first of several possible names that exists. */
  | { readonly kind: "uio"; readonly names: readonly string[]; readonly bytes: number }
  /** A character device that can be mapped, at an offset. */
  | { readonly kind: "device"; readonly path: string; readonly offset: number; readonly bytes: number };

export interface BoardPorts {
  openUart(path: string, baud: number): Promise<Uart>;
  /** Makes the pin an output that begins at this level, without a glitch to the other one where the system allows it. */
  openGpioOutput(line: GpioLine, isHigh: boolean): Promise<GpioOutput>;
  openGpioInput(line: GpioLine): Promise<GpioInput>;
  openEdgeCounter(line: GpioLine): Promise<EdgeCounter>;
  openI2c(selector: I2cSelector): Promise<I2cBus>;
  openPwm(selector: PwmSelector): Promise<PwmChannel>;
  openRegisters(selector: RegisterSelector): Promise<RegisterBlock>;
  openWatchdog(path: string): Promise<Watchdog>;
  /** Sets the only listener for ports that are lost as a whole (the emulator's process died). */
  onLost(listener: (error: Error) => void): void;
  /** Lets go of everything that was opened. */
  close(): Promise<void>;
}
