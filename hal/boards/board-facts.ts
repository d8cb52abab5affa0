/**
 * Control boards as data: which pin, bus and register does what, with the confidence of each fact. `assemble-board.ts`
 * makes a `ControlBoard` of a row and of whatever ports it is given.
 *
 * Confidence: `proven` runs in public open firmware or was measured on a unit, `seen` comes from a vendor binary or a
 * log, `claimed` from one secondary source only.
 */
import type { GpioLine } from "../gpio.ts";
import type { I2cSelector, PwmSelector, RegisterSelector } from "../ports.ts";

export type Confidence = "proven" | "seen" | "claimed";
export type Level = "high" | "low";

export type BoardName =
  | "amlogic-a113d"
  | "zynq7010-s9io"
  | "zynq7007-vendor"
  | "beaglebone-vendor"
  | "beaglebone-s19j-v2";

export interface PinFacts {
  readonly pin: GpioLine;
  /** Physical level that means "active" (pressed, on, present, in reset); null = no source settles it. */
  readonly active: Level | null;
  readonly confidence: Confidence;
}

/** The line that switches the supply. Driving it the wrong way energises a board whose resets are undefined. */
export interface PsuEnableFacts extends PinFacts {
  /** Machines on which `active` was observed; on any other the owner must say it. */
  readonly observedOn: readonly string[];
  /** What to measure before the owner says it. */
  readonly measure: string;
}

export type ChainLinkFacts =
  | { readonly kind: "uart"; readonly path: string }
  | { readonly kind: "s9io"; readonly coreName: string }
  | { readonly kind: "vendorFpga" };

export interface ConnectorFacts {
  readonly number: number;
  readonly label: string;
  readonly link: ChainLinkFacts;
  /** Null where the vendor's FPGA holds the bit. */
  readonly reset: PinFacts | null;
  readonly plug: PinFacts | null;
}

export type FanFacts =
  | {
      readonly kind: "pwm";
      readonly channels: readonly PwmSelector[];
      readonly periodNs: number;
      /** In the order of the fans; falling edges, two a turn. */
      readonly tachos: readonly PinFacts[];
    }
  | { readonly kind: "s9io"; readonly registers: RegisterSelector; readonly count: number }
  | { readonly kind: "vendorFpga"; readonly count: number };

export interface ControlBoardFacts {
  readonly name: BoardName;
  readonly label: string;
  /** Why nothing may be energised without the owner's word; null = the facts suffice. */
  readonly experimental: string | null;
  readonly connectors: readonly ConnectorFacts[];
  /** True: sources contradict each other about which serial device belongs to which connector. */
  readonly isChainOrderContested: boolean;
  readonly hashboardBus: I2cSelector | "vendorFpga";
  readonly psuBus: I2cSelector | "vendorFpga" | null;
  readonly psuEnable: PsuEnableFacts | null;
  readonly fans: FanFacts;
  readonly leds: { readonly red: PinFacts | null; readonly green: PinFacts | null };
  readonly buttons: { readonly recovery: PinFacts | null; readonly ipReport: PinFacts | null };
  readonly watchdogPath: string | null;
  /** Register block of the vendor's FPGA; null on other boards. */
  readonly fpga: RegisterSelector | null;
}

/** What the owner may have to say before a board is driven. Everything absent means: not said. */
export interface BoardSettings {
  readonly psuEnableActive?: Level;
  /** Serial devices by connector, as a probe or a look at the board found them. */
  readonly chainUarts?: readonly string[];
  /** The owner takes the risk of facts that only one source or a vendor's binary states. */
  readonly isExperimentalAccepted?: boolean;
}

/** What an owner agrees to who mines with this machine on this board, each a clause; empty = the facts suffice. */
export function unconfirmedOfBoard(facts: ControlBoardFacts, machine: string): readonly string[] {
  const clauses = facts.experimental === null ? [] : [`${facts.label}: ${facts.experimental}`];
  const enable = facts.psuEnable;
  if (enable !== null && (enable.active === null || !enable.observedOn.includes(machine))) {
    clauses.push(`${facts.label}: the level that switches the supply on was not seen with this machine`);
  }
  return clauses;
}
