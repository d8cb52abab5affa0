/**
 * What surrounds the chips of each emulated machine: control board, supply, controllers, sensors. From public notes,
 * written down apart from the firmware's own table; where notes are silent the choice is ours and marked so.
 */
export type WiringKind =
  | "amlogic"
  | "s9io"
  | "vendor"
  | "beaglebone-vendor"
  | "beaglebone-s19j-v2"
  | "bitaxe"
  | "emberone";

export type SupplyFacts =
  /** Supply with a bus at 0x10: its type byte and the low byte of its firmware version. */
  | { readonly kind: "psu"; readonly type: number; readonly firmware: number; readonly hasDspic: boolean }
  /** Plain 12 V, one PIC16F1704 a board makes the voltage. */
  | { readonly kind: "pic16" }
  | { readonly kind: "tps546" }
  | { readonly kind: "ds4432u" }
  | { readonly kind: "pins" };

export type SensorFacts =
  | { readonly kind: "lm75"; readonly byChain: readonly (readonly [inlet: number, outlet: number])[] }
  /** Four LM75A behind the controller: two at the air inlet, two at the outlet. */
  | { readonly kind: "dspic"; readonly slaves: readonly number[] }
  /** A TMP451 class sensor behind the I2C master of one chip. */
  | { readonly kind: "chip"; readonly chipIndex: number; readonly address: number }
  | { readonly kind: "emc2101" }
  | { readonly kind: "emberone" };

export interface MachineBoardFacts {
  readonly wiring: WiringKind;
  readonly supply: SupplyFacts;
  readonly sensors: SensorFacts;
}

/** Measured on an S19k Pro: pairs follow no simple offset. Other Amlogic machines take the same (inferred). */
const AMLOGIC_SENSORS: SensorFacts = {
  kind: "lm75",
  byChain: [
    [0x48, 0x4c],
    [0x4d, 0x49],
    [0x4e, 0x4a],
  ],
};

function amlogic(type: number, firmware: number): MachineBoardFacts {
  return {
    wiring: "amlogic",
    supply: { kind: "psu", type, firmware, hasDspic: false },
    sensors: AMLOGIC_SENSORS,
  };
}

function vendorZynq(type: number, sensors: SensorFacts): MachineBoardFacts {
  return { wiring: "vendor", supply: { kind: "psu", type, firmware: 1, hasDspic: true }, sensors };
}

/** Which chip carries the sensor of an S17 board is not known: the first one is our choice. */
const S17_SENSOR: SensorFacts = { kind: "chip", chipIndex: 0, address: 0x4c };
const S19_SENSORS: SensorFacts = { kind: "dspic", slaves: [0x48, 0x49, 0x4a, 0x4b] };

const BITAXE_OLD: MachineBoardFacts = {
  wiring: "bitaxe",
  supply: { kind: "ds4432u" },
  sensors: { kind: "emc2101" },
};

const MACHINE_BOARDS: Readonly<Record<string, MachineBoardFacts>> = {
  s9: {
    wiring: "s9io",
    supply: { kind: "pic16" },
    sensors: { kind: "chip", chipIndex: 61, address: 0x4c },
  },
  // Supplies of this family make 14.2 to 21.4 V; the boards' own voltage is not known.
  s17: vendorZynq(0x41, S17_SENSOR),
  s17plus: vendorZynq(0x41, S17_SENSOR),
  t17: vendorZynq(0x41, S17_SENSOR),
  s19: vendorZynq(0x71, S19_SENSORS),
  s19pro: vendorZynq(0x71, S19_SENSORS),
  s19jpro: amlogic(0x71, 1),
  s19xp: amlogic(0x71, 1),
  // The notes ramp it to 15.2 V, which type 0x71 cannot make.
  s19kpro: amlogic(0x73, 1),
  s21: amlogic(0xc1, 4),
  t21: amlogic(0xc1, 4),
  s21pro: amlogic(0xc1, 4),
  s21xp: amlogic(0xc1, 4),
  "bitaxe-max": BITAXE_OLD,
  "bitaxe-ultra": BITAXE_OLD,
  "bitaxe-supra": BITAXE_OLD,
  "bitaxe-gamma": {
    wiring: "bitaxe",
    supply: { kind: "tps546" },
    sensors: { kind: "emc2101" },
  },
  emberone: { wiring: "emberone", supply: { kind: "pins" }, sensors: { kind: "emberone" } },
};

export function machineBoard(machine: string): MachineBoardFacts {
  const facts = MACHINE_BOARDS[machine];
  if (facts === undefined) throw new RangeError(`nothing is known of the board of ${machine}`);
  return facts;
}
