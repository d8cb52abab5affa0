/**
 * The sequences of boards that are known: S9 from public open firmware that runs on it, S19 Pro from a factory log and
 * bench notes, S19k Pro observed on a live unit (the template for all machines with the same control board and a supply
 * with a bus), hobby boards from their public firmware. See REFERENCE.md.
 */
import type { Provenance } from "../bm13xx/registers.ts";
import type { PowerPlan, PowerStep } from "../power/power-steps.ts";

type Distribute<T> = T extends unknown ? Omit<T, "provenance"> : never;
type BareStep = Distribute<PowerStep>;

function steps(provenance: Provenance, list: readonly BareStep[]): PowerStep[] {
  return list.map((step): PowerStep => Object.assign({ provenance }, step));
}

function wait(ms: number, reason: string): BareStep {
  return { kind: "wait", ms, reason };
}

const FULL_DUTY_PCT = 100;

/**
 * In this order for all: stop work (the chains' matter), resets low, controllers off, supply off, fans full until it is
 * cool (the thermal supervisor's matter), heartbeat last.
 */
const DOWN: readonly BareStep[] = [
  { kind: "reset", isAsserted: true },
  { kind: "controllerOutput", isOn: false },
  { kind: "psuEnable", isOn: false },
  { kind: "regulatorOff" },
  { kind: "fans", dutyPct: FULL_DUTY_PCT },
  { kind: "heartbeat", isOn: false },
];

/** Supply with a bus, no controller: S19k Pro (observed) and, by analogy, S19j Pro, S19 XP and the S21 family. */
export function psuPlan(voltage: { startMv: number; workMv: number }, provenance: Provenance): PowerPlan {
  return {
    machineUp: steps(provenance, [
      { kind: "reset", isAsserted: true },
      { kind: "psuEnable", isOn: false },
      { kind: "fans", dutyPct: FULL_DUTY_PCT },
      { kind: "psuIdentify" },
      { kind: "psuWatchdog", isOn: false },
      { kind: "psuLowest" },
      { kind: "psuEnable", isOn: true },
      wait(1_000, "the supply settles"),
      { kind: "psuRamp", toMv: voltage.startMv, stepMv: 500, everyMs: 1_500 },
    ]),
    chainUp: [],
    chainWork: [],
    machineWork: steps(provenance, [{ kind: "psuRamp", toMv: voltage.workMv, stepMv: 500, everyMs: 1_500 }]),
    newWork: steps("inferred", [{ kind: "psuRamp", toMv: voltage.workMv, stepMv: 500, everyMs: 1_500 }]),
    chainDown: [],
    machineDown: steps(provenance, DOWN),
  };
}

/** Supply with a bus and a controller that switches each board: S19 Pro (log), and by analogy S19, S17 and T17. */
export function psuAndControllerPlan(voltage: { startMv: number; workMv: number }, provenance: Provenance): PowerPlan {
  return {
    machineUp: steps(provenance, [
      { kind: "reset", isAsserted: true },
      { kind: "fans", dutyPct: FULL_DUTY_PCT },
      { kind: "controllerStart" },
      { kind: "psuIdentify" },
      { kind: "psuEnable", isOn: false },
      { kind: "psuWatchdog", isOn: false },
      { kind: "psuVoltage", voltageMv: voltage.startMv },
      { kind: "psuEnable", isOn: true },
      wait(5_000, "the supply settles"),
    ]),
    chainUp: steps(provenance, [
      { kind: "controllerOutput", isOn: true },
      { kind: "heartbeat", isOn: true },
      wait(1_000, "the board's voltage settles"),
    ]),
    chainWork: [],
    // Observed: 15.0 to 12.6 V over about 7 s.
    machineWork: steps(provenance, [{ kind: "psuRamp", toMv: voltage.workMv, stepMv: 400, everyMs: 1_100 }]),
    newWork: steps("inferred", [{ kind: "psuRamp", toMv: voltage.workMv, stepMv: 400, everyMs: 1_100 }]),
    chainDown: steps(provenance, [
      { kind: "controllerOutput", isOn: false },
      { kind: "heartbeat", isOn: false },
    ]),
    machineDown: steps(provenance, DOWN),
  };
}

/** S9: the supply is always on, each board's PIC makes its voltage. */
export function s9Plan(workMv: number): PowerPlan {
  return {
    machineUp: steps("documented", [
      { kind: "reset", isAsserted: true },
      { kind: "fans", dutyPct: FULL_DUTY_PCT },
    ]),
    chainUp: steps("documented", [
      { kind: "controllerStart" },
      { kind: "controllerVoltage", voltageMv: 9_400 },
      { kind: "controllerOutput", isOn: true },
      { kind: "heartbeat", isOn: true },
      { kind: "reset", isAsserted: true },
      { kind: "controllerOutput", isOn: false },
      wait(1_000, "the board's voltage falls"),
      { kind: "controllerOutput", isOn: true },
      wait(2_000, "the board's voltage settles"),
    ]),
    chainWork: steps("documented", [{ kind: "controllerVoltage", voltageMv: workMv }]),
    machineWork: [],
    newWork: steps("documented", [{ kind: "controllerVoltage", voltageMv: workMv }]),
    chainDown: steps("documented", [
      { kind: "controllerOutput", isOn: false },
      { kind: "heartbeat", isOn: false },
    ]),
    machineDown: steps("documented", DOWN),
  };
}

/** Hobby boards with a regulator: reset low, regulator, half a second, reset high. */
export function regulatorPlan(voltageMv: number, provenance: Provenance): PowerPlan {
  return {
    machineUp: steps(provenance, [
      { kind: "reset", isAsserted: true },
      { kind: "fans", dutyPct: FULL_DUTY_PCT },
      { kind: "regulatorVoltage", voltageMv },
      wait(500, "the regulator settles"),
    ]),
    chainUp: [],
    chainWork: [],
    machineWork: [],
    newWork: steps("inferred", [{ kind: "regulatorLevel", voltageMv }]),
    chainDown: [],
    machineDown: steps(provenance, DOWN),
  };
}

/** EmberOne: pins switch IO power, then the chips' power. */
export const EMBERONE_PLAN: PowerPlan = {
  machineUp: steps("unconfirmed", [
    { kind: "reset", isAsserted: true },
    { kind: "psuEnable", isOn: true },
    wait(500, "the board's voltage settles"),
  ]),
  chainUp: [],
  chainWork: [],
  machineWork: [],
  newWork: [],
  chainDown: [],
  machineDown: steps("unconfirmed", DOWN),
};
