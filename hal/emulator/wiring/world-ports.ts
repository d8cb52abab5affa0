/**
 * The emulated board seen from the operating system: pins, PWM, buses, register blocks, serial devices. One class for
 * each control board knows which pin does what, from the same public notes as `hal/boards`, read a second time.
 */
import type { RegisterBlock } from "#hal/registers.ts";
import type { FanModel } from "../fan-model.ts";
import type { BusRole, I2cNet } from "../i2c-net.ts";
import type { SerialLine } from "../serial-line.ts";

/** What a wiring needs of the machine behind it. */
export interface WiredWorld {
  readonly chains: readonly { readonly line: SerialLine; readonly isPlugged: boolean }[];
  readonly fans: FanModel;
  readonly i2c: I2cNet;
  setPower(isEnabled: boolean): void;
  setReset(chainIndex: number, isAsserted: boolean): void;
  isPlugged(chainIndex: number): boolean;
  setFanDutyPct(dutyPct: number, fans?: readonly number[]): void;
  fpgaBlock(name: string): RegisterBlock | null;
}

/** A pin by the kernel's label of its controller and its line there. */
export interface WirePin {
  readonly label: string;
  readonly line: number;
}

export interface SerialPortModel {
  /** Device path as the board's own system has it. */
  readonly path: string;
  readonly line: SerialLine;
}

export interface WorldPorts {
  readonly serialPorts: readonly SerialPortModel[];
  /** Buses by role; a role that is absent here does not exist as an adapter. */
  readonly busRoles: readonly BusRole[];
  writePin(pin: WirePin, isHigh: boolean): void;
  readPin(pin: WirePin): boolean;
  /** Falling edges since the start. */
  countEdges(pin: WirePin): number;
  applyPwm(chip: number, channel: number, dutyShare: number): void;
  /** Register block by the name under which the system shows it, or null. */
  registers(name: string): RegisterBlock | null;
}

export function unknownPin(board: string, pin: WirePin): RangeError {
  return new RangeError(`the emulated ${board} has nothing at line ${pin.line} of ${pin.label}`);
}
