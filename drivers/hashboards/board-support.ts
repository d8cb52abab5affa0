/** What belongs to a hashboard besides its chips: where its voltage, sensors and identity come from. */
import type { Provenance } from "../bm13xx/registers.ts";
import type { PowerPlan } from "../power/power-steps.ts";

/** What makes the chips' voltage. */
export type SupplyKind =
  /** Supply with a bus; the voltage of all boards is set there. */
  | "psu"
  /** Plain 12 V; the controller of each board makes the voltage (S9). */
  | "controller"
  | "tps546"
  | "ds4432u"
  /** Pins switch a fixed voltage (EmberOne). */
  | "pins";

export type ControllerKind = "none" | "pic16-s9" | "dspic";

export type SensorPlan =
  /** On the hashboard bus, by connector: 7-bit addresses of inlet and outlet. */
  | { readonly kind: "lm75"; readonly byChain: readonly { readonly inlet: number; readonly outlet: number }[] }
  /** Behind the voltage controller of each board. */
  | { readonly kind: "dspic"; readonly slaves: readonly number[] }
  /** Behind one chip's I2C master: readable only while that chip runs. */
  | { readonly kind: "chipBridge"; readonly chipIndex: number; readonly address: number }
  /** Fan controller with a diode input (Bitaxe). */
  | { readonly kind: "emc2101" }
  /** EmberOne: TMP1075 and TMP451. */
  | { readonly kind: "emberone" };

export interface VoltagePlan {
  /** Chips are started at this voltage. */
  readonly startMv: number;
  readonly workMv: number;
  /** Nothing outside is ever set; the owner may tighten these, not loosen them. */
  readonly hardMinMv: number;
  readonly hardMaxMv: number;
  readonly provenance: Provenance;
  readonly source: string;
}

export interface BoardSupport {
  readonly supply: SupplyKind;
  readonly controller: ControllerKind;
  readonly voltage: VoltagePlan | null;
  readonly sensors: SensorPlan;
  readonly hasEeprom: boolean;
  /** Supply types that the vendor accepts with this machine. */
  readonly psuTypes: readonly number[];
  /** Sequences for boards that work at `workMv`. */
  readonly planFor: (workMv: number) => PowerPlan;
  /** Reset low, and the pause after its release before the first byte. */
  readonly resetLowMs: number;
  readonly resetSettleMs: number;
}
