/** Start sequences are lists of these steps, so that tests can print and compare them. */
import { ALL_CHIPS } from "./commands.ts";
import type { RegisterName } from "./register-map.ts";
import type { Provenance } from "./registers.ts";

export type InitStep =
  | {
      readonly kind: "write";
      /** Chip address or `ALL_CHIPS`. */
      readonly to: number;
      readonly register: RegisterName;
      readonly value: number;
      readonly provenance: Provenance;
      readonly why?: string;
    }
  /** Reads register 0x00 of all chips and counts who answers, until nothing came for `silenceMs`. */
  | { readonly kind: "countChips"; readonly silenceMs: number }
  /** Reads `register` of all chips; each must answer, with `value` if one is given. */
  | { readonly kind: "expectAll"; readonly register: RegisterName; readonly value?: number; readonly reason: string }
  /** Reads the on-die temperature of all chips; no answer is no fault. */
  | { readonly kind: "readTemperatures" }
  | { readonly kind: "chainInactive" }
  | { readonly kind: "setAddress"; readonly address: number }
  /** Sends what is queued, then waits. */
  | { readonly kind: "wait"; readonly ms: number; readonly reason: string }
  /** Switches the host's rate and throws away what was received up to then. */
  | { readonly kind: "hostBaud"; readonly baud: number }
  /** Sends the works that un-gate one core of every chip each, with a pause after each. */
  | { readonly kind: "openCores"; readonly count: number; readonly pauseMs: number }
  /** Tells that the PLL now makes this frequency: of all chips, or of one. */
  | { readonly kind: "frequencyReached"; readonly frequencyMhz: number; readonly chipIndex?: number };

/** Between the last byte of the rate command and the host's own switch; stock waits about as long. */
export const BAUD_SETTLE_MS = 60;
/** No reply for so long ends the counting of chips. */
export const ENUMERATION_SILENCE_MS = 1000;

export function writeAll(register: RegisterName, value: number, provenance: Provenance, why?: string): InitStep {
  const step = { kind: "write", to: ALL_CHIPS, register, value, provenance } as const;
  return why === undefined ? step : { ...step, why };
}

export function repeat(step: InitStep, count: number): InitStep[] {
  return Array.from({ length: count }, () => step);
}

export function wait(ms: number, reason: string): InitStep {
  return { kind: "wait", ms, reason };
}
