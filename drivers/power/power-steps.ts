/**
 * Power-up and power-down sequences as lists of typed steps, so that tests can print them and compare them with what the
 * board saw. `power-train.ts` carries them out; the plans are in `drivers/hashboards/power-plans.ts`.
 */
import type { Provenance } from "../bm13xx/registers.ts";

export type PowerStep = { readonly provenance: Provenance } & (
  | { readonly kind: "wait"; readonly ms: number; readonly reason: string }
  /** All connectors of the machine, or the one that the list is run for. */
  | { readonly kind: "reset"; readonly isAsserted: boolean }
  | { readonly kind: "fans"; readonly dutyPct: number }
  | { readonly kind: "psuEnable"; readonly isOn: boolean }
  /** Finds out which supply it is; without a known one nothing goes on. */
  | { readonly kind: "psuIdentify" }
  | { readonly kind: "psuWatchdog"; readonly isOn: boolean }
  /** The lowest voltage that the supply makes; it must have been identified. */
  | { readonly kind: "psuLowest" }
  | { readonly kind: "psuVoltage"; readonly voltageMv: number }
  /** In steps from the set point that is there. */
  | { readonly kind: "psuRamp"; readonly toMv: number; readonly stepMv: number; readonly everyMs: number }
  /** Reset, jump, version. */
  | { readonly kind: "controllerStart" }
  | { readonly kind: "controllerVoltage"; readonly voltageMv: number }
  | { readonly kind: "controllerOutput"; readonly isOn: boolean }
  /** The controller is told once a period that its host lives. */
  | { readonly kind: "heartbeat"; readonly isOn: boolean }
  | { readonly kind: "regulatorVoltage"; readonly voltageMv: number }
  /** A regulator that runs already. */
  | { readonly kind: "regulatorLevel"; readonly voltageMv: number }
  | { readonly kind: "regulatorOff" }
);

export interface PowerPlan {
  /** Once, before the first chain starts; resets are low and everything is off. */
  readonly machineUp: readonly PowerStep[];
  /** Of one chain, before each of its starts. */
  readonly chainUp: readonly PowerStep[];
  /** From the voltage that the chips start at to the one that they work at: of one chain, once it hashes ... */
  readonly chainWork: readonly PowerStep[];
  /** ... and of the whole machine, once no chain is starting any more. */
  readonly machineWork: readonly PowerStep[];
  /**
   * From any working voltage to this plan's while chips hash: of one chain where a controller makes its voltage, else of the
   * machine. Empty where the voltage is fixed.
   */
  readonly newWork: readonly PowerStep[];
  /** Of one chain that stops while others go on. */
  readonly chainDown: readonly PowerStep[];
  /** All of it; every step is tried, whatever became of the one before. */
  readonly machineDown: readonly PowerStep[];
}
