/**
 * How a supply's set point N and its voltage hang together: N = trunc(offset - perVolt x V), one row a group of types.
 * N falls as the voltage rises, so a zero or lost byte would be the highest voltage. The coefficients stand in vendor
 * binaries and public S19 Pro notes; those of type 71 were recomputed against captured frames.
 */
import type { Provenance } from "../bm13xx/registers.ts";

export interface PsuCalibration {
  readonly types: readonly number[];
  /** Which firmware, by its low byte; most supplies have one formula for all. */
  readonly firmware: "any" | "below 4" | "from 4";
  readonly offset: number;
  readonly perVolt: number;
  /** Set points that may be sent. 0 is left out everywhere but where a round voltage needs it. */
  readonly codeMin: number;
  readonly codeMax: number;
  readonly provenance: Provenance;
}

export const PSU_CALIBRATIONS: readonly PsuCalibration[] = [
  row([0x22], 1215.89444, 59.931507),
  row([0x41, 0x42], 765.411764, 35.833333),
  row([0x43], 933.240365, 59.806034),
  row([0x61], 1144.502262, 52.243589),
  {
    types: [0x71, 0x72, 0x75, 0x77],
    firmware: "any",
    offset: 1190.935338,
    perVolt: 78.742588,
    codeMin: 9,
    codeMax: 246,
    provenance: "captured",
  },
  row([0x73, 0x78], 1280.577821, 73.979365),
  row([0x74, 0x76], 1156.107585, 76.090494),
  {
    types: [0xc1, 0xc2],
    firmware: "below 4",
    offset: 1275,
    perVolt: 85,
    codeMin: 0,
    codeMax: 255,
    provenance: "documented",
  },
  {
    types: [0xc1, 0xc2],
    firmware: "from 4",
    offset: 1083.75,
    perVolt: 70.8333,
    codeMin: 1,
    codeMax: 255,
    provenance: "documented",
  },
];

/** Types that speak the second protocol and are told a voltage instead of a set point. */
export const PSU_V2_TYPES: readonly number[] = [0x62, 0x64, 0x65, 0x66];
export const PSU_V2_RANGE_MV = [16_500, 22_100] as const;

/** Marketing names as far as sources have them. */
const PSU_NAMES: ReadonlyMap<number, string> = new Map([
  [0x41, "APW8/APW9 family"],
  [0x42, "APW8/APW9 family"],
  [0x61, "APW8/APW9 family"],
  [0x62, "APW11 family"],
  [0x64, "APW11 family"],
  [0x65, "APW11 family"],
  [0x66, "APW11 family"],
  [0x71, "APW121215a"],
  [0x72, "APW121215b"],
  [0x73, "APW121215c"],
  [0x74, "APW121215d"],
  [0x75, "APW121215e"],
  [0x76, "APW121215f"],
  [0x77, "APW121215g"],
]);

export function psuLabel(type: number): string {
  return `${PSU_NAMES.get(type) ?? "power supply"} (type 0x${hex(type)})`;
}

/** Row for a type and the low byte of its firmware, or null. Where the formula depends on an unknown firmware there is none. */
export function findPsuCalibration(type: number, firmware: number | null): PsuCalibration | null {
  const fits = (calibration: PsuCalibration): boolean =>
    calibration.firmware === "any" ||
    (firmware !== null && calibration.firmware === (firmware < 4 ? "below 4" : "from 4"));
  return PSU_CALIBRATIONS.find((calibration) => calibration.types.includes(type) && fits(calibration)) ?? null;
}

/** Set point for a voltage, truncated as the vendor does, which makes up to one step more than the wish. No range check. */
export function psuCode(calibration: Pick<PsuCalibration, "offset" | "perVolt">, voltageMv: number): number {
  return Math.trunc(calibration.offset - (calibration.perVolt * voltageMv) / 1000);
}

/** Voltage that a set point makes, in mV with fraction. */
export function psuVoltageMv(calibration: Pick<PsuCalibration, "offset" | "perVolt">, code: number): number {
  return ((calibration.offset - code) / calibration.perVolt) * 1000;
}

/** Lowest and highest voltage that may be asked for, in whole mV. */
export function psuRangeMv(calibration: PsuCalibration): readonly [number, number] {
  return [
    Math.round(psuVoltageMv(calibration, calibration.codeMax)),
    Math.floor(psuVoltageMv(calibration, calibration.codeMin)),
  ];
}

function row(types: readonly number[], offset: number, perVolt: number): PsuCalibration {
  return { types, firmware: "any", offset, perVolt, codeMin: 1, codeMax: 255, provenance: "documented" };
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, "0");
}
