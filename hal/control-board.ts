/**
 * What a control board offers to the miner above it: chain connectors, the sensor bus, fans and the line that powers
 * the hashboards. Active levels, pin numbers and device paths are the implementation's matter.
 */
import type { I2cBus } from "./i2c.ts";
import type { Uart } from "./uart.ts";

export interface ChainConnector {
  /** 0-based number of the hash chain, as on the board's silk screen order. */
  readonly index: number;
  /** Path of the serial device, for messages and reports. */
  readonly uartPath: string;
  /** Opens the serial link at `baud` bit/s. */
  openUart(baud: number): Promise<Uart>;
  /** True when a hashboard sits in the connector. */
  isPlugged(): Promise<boolean>;
  /** True holds the chips in reset (pin low on every known board). */
  setReset(asserted: boolean): Promise<void>;
}

export interface FanBank {
  readonly count: number;
  /** 0..100; the board clamps nothing, the caller stays in range. */
  setDutyPct(dutyPct: number): Promise<void>;
  /** One entry a fan in RPM; null = unknown (no tacho reading yet). */
  readRpm(): Promise<readonly (number | null)[]>;
}

/** The enable line of the power supply that feeds all hashboards. Off after boot and after any end of the process. */
export interface PowerSwitch {
  setEnabled(enabled: boolean): Promise<void>;
}

export interface ControlBoard {
  /** Short name such as `amlogic-a113d`. */
  readonly name: string;
  readonly chains: readonly ChainConnector[];
  /** Bus with the temperature sensors and EEPROMs of the hashboards. */
  readonly sensorBus: I2cBus;
  readonly fans: FanBank;
  readonly power: PowerSwitch;
  /** Sets the only listener for a board that is lost as a whole (the emulator's process died). */
  onLost(listener: (error: Error) => void): void;
  /** Lets go of all devices. The caller has made the board safe before. */
  close(): Promise<void>;
}
