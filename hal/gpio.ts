/**
 * Single pins as drivers of boards need them. Levels are physical: which level means "on" is the board description's
 * matter (`hal/boards/`), never guessed here.
 */

/**
 * A pin by its controller and its line on it. Global numbers move with the kernel, so `documentedNumber` is what public
 * notes call the pin, for messages only.
 */
export interface GpioLine {
  readonly bank: GpioBank;
  readonly line: number;
  readonly documentedNumber: number;
}

export interface GpioBank {
  /** Name in messages. */
  readonly name: string;
  /** Labels under which kernels show this controller, most likely first. */
  readonly labels: readonly string[];
  /** Lines that the controller has; tells banks apart where the label is unknown. */
  readonly lineCount: number;
}

export interface GpioOutput {
  set(isHigh: boolean): Promise<void>;
  /** Lets go of the pin; it keeps its level. */
  close(): Promise<void>;
}

export interface GpioInput {
  isHigh(): Promise<boolean>;
  close(): Promise<void>;
}

/** Counts edges of a pin, for tachometers and buttons. */
export interface EdgeCounter {
  /** Falling edges since it was opened; monotonic. */
  count(): Promise<number>;
  close(): Promise<void>;
}
