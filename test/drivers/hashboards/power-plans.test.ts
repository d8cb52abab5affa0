/** The power sequences against the numbered steps of the notes: order, voltages and waits. */
import { expect, test } from "vitest";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import type { PowerStep } from "#drivers/power/power-steps.ts";

function show(step: PowerStep): string {
  switch (step.kind) {
    case "wait":
      return `wait ${step.ms}`;
    case "reset":
      return `reset ${step.isAsserted ? "low" : "high"}`;
    case "fans":
      return `fans ${step.dutyPct}`;
    case "psuEnable":
    case "psuWatchdog":
    case "controllerOutput":
    case "heartbeat":
      return `${step.kind} ${step.isOn ? "on" : "off"}`;
    case "psuVoltage":
    case "controllerVoltage":
    case "regulatorVoltage":
    case "regulatorLevel":
      return `${step.kind} ${step.voltageMv}`;
    case "psuRamp":
      return `ramp to ${step.toMv}, ${step.stepMv} each ${step.everyMs}`;
    case "controllerStart":
    case "psuIdentify":
    case "psuLowest":
    case "regulatorOff":
      return step.kind;
  }
}

function plan(machine: string) {
  const support = boardSupport(machine);
  const made = support.planFor(support.voltage?.workMv ?? 0);
  return Object.assign(
    {},
    ...Object.entries(made).map(([name, steps]) => ({ [name]: (steps as readonly PowerStep[]).map(show) })),
  ) as Record<keyof typeof made, string[]>;
}

const DOWN = ["reset low", "controllerOutput off", "psuEnable off", "regulatorOff", "fans 100", "heartbeat off"];

test("S9: opening voltage, off and on again around the reset, then the working voltage", () => {
  const { machineUp, chainUp, chainWork, machineDown } = plan("s9");
  expect(machineUp).toEqual(["reset low", "fans 100"]);
  expect(chainUp).toEqual([
    "controllerStart",
    "controllerVoltage 9400",
    "controllerOutput on",
    "heartbeat on",
    "reset low",
    "controllerOutput off",
    "wait 1000",
    "controllerOutput on",
    "wait 2000",
  ]);
  expect(chainWork).toEqual(["controllerVoltage 8800"]);
  expect(machineDown).toEqual(DOWN);
  expect(boardSupport("s9").resetSettleMs).toBe(1_000);
});

test("S19 Pro: controllers, supply type, watchdog off, 15.0 V, on, 5 s; output and heartbeat, 1 s; down to 12.6 V", () => {
  const { machineUp, chainUp, machineWork, machineDown } = plan("s19pro");
  expect(machineUp).toEqual([
    "reset low",
    "fans 100",
    "controllerStart",
    "psuIdentify",
    "psuEnable off",
    "psuWatchdog off",
    "psuVoltage 15000",
    "psuEnable on",
    "wait 5000",
  ]);
  expect(chainUp).toEqual(["controllerOutput on", "heartbeat on", "wait 1000"]);
  // 2.4 V in steps of 0.4 V take about 7 s.
  expect(machineWork).toEqual(["ramp to 12600, 400 each 1100"]);
  expect(machineDown).toEqual(DOWN);
  expect([boardSupport("s19pro").resetLowMs, boardSupport("s19pro").resetSettleMs]).toEqual([1_000, 300]);
});

test("S19k Pro: off first, watchdog off, on at the lowest voltage, 0.5 V each 1.5 s up to 15.2 V, down to 13.9 V", () => {
  const { machineUp, machineWork, machineDown } = plan("s19kpro");
  expect(machineUp).toEqual([
    "reset low",
    "psuEnable off",
    "fans 100",
    "psuIdentify",
    "psuWatchdog off",
    "psuLowest",
    "psuEnable on",
    "wait 1000",
    "ramp to 15200, 500 each 1500",
  ]);
  expect(machineWork).toEqual(["ramp to 13900, 500 each 1500"]);
  expect(machineDown).toEqual(DOWN);
  expect([boardSupport("s19kpro").resetLowMs, boardSupport("s19kpro").resetSettleMs]).toEqual([200, 2_000]);
});

test("S21 follows the S19k Pro with its own voltages", () => {
  const { machineUp, machineWork } = plan("s21");
  expect(machineUp.at(-1)).toBe("ramp to 15000, 500 each 1500");
  expect(machineWork).toEqual(["ramp to 13400, 500 each 1500"]);
});

test("Bitaxe Gamma: reset low, regulator, 500 ms; 200 ms after the reset", () => {
  const { machineUp, machineDown } = plan("bitaxe-gamma");
  expect(machineUp).toEqual(["reset low", "fans 100", "regulatorVoltage 1150", "wait 500"]);
  expect(machineDown).toEqual(DOWN);
  expect(boardSupport("bitaxe-gamma").resetSettleMs).toBe(200);
});
