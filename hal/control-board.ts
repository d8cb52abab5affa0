/**
 * What a control board offers to the miner above it: chain connectors, buses, fans and the line that powers the
 * hashboards. Active levels, pin numbers and device paths are the board description's matter (`hal/boards/`).
 */
import type { I2cBus } from "./i2c.ts";
import type { RegisterBlock } from "./registers.ts";
import type { Uart } from "./uart.ts";
import type { Watchdog } from "./watchdog.ts";

/** How bytes or works reach the chips of a connector. */
export type ChainLink = UartLink | S9ioLink | VendorFpgaLink;

export interface UartLink {
  readonly kind: "uart";
  /** Path of the serial device, for messages and reports. */
  readonly path: string;
  open(baud: number): Promise<Uart>;
}

/** A chain core of the open FPGA design of the S9: framing, CRC and pacing are the FPGA's. */
export interface S9ioLink {
  readonly kind: "s9io";
  readonly path: string;
  open(): Promise<S9ioWindows>;
}

/** The four register windows of one chain core; offsets count from the core's start. */
export interface S9ioWindows {
  readonly common: RegisterBlock;
  readonly command: RegisterBlock;
  readonly workRx: RegisterBlock;
  readonly workTx: RegisterBlock;
}

/** A chain of the vendor's FPGA: all chains share one register block. */
export interface VendorFpgaLink {
  readonly kind: "vendorFpga";
  readonly path: string;
  /** The chain's bit and number in the block. */
  readonly chainNumber: number;
  open(): Promise<RegisterBlock>;
}

export interface ChainConnector {
  /** 0-based number of the hash chain, as on the board's silk screen order. */
  readonly index: number;
  /** Number that the board itself uses, in pins and I2C addresses: 5 to 7 on an S9, else the index. */
  readonly number: number;
  /** Silk screen of the connector, such as `J6`. */
  readonly label: string;
  readonly link: ChainLink;
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

export interface Led {
  set(isOn: boolean): Promise<void>;
}

export interface ControlBoard {
  /** Short name such as `amlogic-a113d`. */
  readonly name: string;
  /** What is known of it from single sources only, each a clause; an owner has agreed to it, or nothing can burn here. */
  readonly unconfirmed: readonly string[];
  readonly chains: readonly ChainConnector[];
  /** Bus with the controllers, temperature sensors and EEPROMs of the hashboards. */
  readonly hashboardBus: I2cBus;
  /** Bus of the power supply; null where the supply has none. */
  readonly psuBus: I2cBus | null;
  /** Null where the fans hang on the hashboard itself (hobby boards). */
  readonly fans: FanBank | null;
  /** Null where the supply is always on (S9) and each hashboard's controller switches. */
  readonly power: PowerSwitch | null;
  readonly leds: { readonly red: Led | null; readonly green: Led | null };
  /** True while pressed; null where there is no such button. */
  readonly buttons: {
    readonly recovery: (() => Promise<boolean>) | null;
    readonly ipReport: (() => Promise<boolean>) | null;
  };
  /** Null where the board has none that is known. */
  readonly watchdog: Watchdog | null;
  /** Sets the only listener for a board that is lost as a whole (the emulator's process died). */
  onLost(listener: (error: Error) => void): void;
  /** Lets go of all devices. The caller has made the board safe before. */
  close(): Promise<void>;
}
