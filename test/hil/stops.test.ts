/** However a run ends, the hashboards are off first. */
import { describe, expect, test } from "vitest";
import type { HilStep, StepName } from "#firmware/hil/step.ts";
import { STEPS } from "#firmware/hil/suite.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import { isOff, runOnEmulator } from "./hil-rig.ts";

/** A signal leaves the process two seconds in all. */
const OFF_WITHIN_MS = 1_500;

function stepNamed(name: StepName): HilStep {
  const step = STEPS.find((one) => one.name === name);
  if (step === undefined) throw new Error(`no step ${name}`);
  return step;
}

const upTo = (name: StepName): HilStep[] =>
  STEPS.slice(
    0,
    STEPS.findIndex((step) => step.name === name),
  );

describe("Ctrl-C in the middle of a step", () => {
  test.each<[StepName, number]>([
    ["power-up", 4_000],
    ["enumeration", 2_500],
    ["register-echo", 200],
    ["baud-change", 100],
    ["ramp", 1_500],
    ["known-work", 3_000],
    ["mining", 12_000],
    ["mining", 60_000],
  ])("%s, %d ms after its begin: power off at once, nothing more runs", async (name, inMs) => {
    const { report, results, world, abortedAtMs } = await runOnEmulator({
      machine: "s21",
      onBegin: (begun, _world, abort) => (begun === name ? abort("stopped by SIGINT", inMs) : undefined),
    });
    const at = results.findIndex((result) => result.name === name);
    expect(results[at]).toMatchObject({ verdict: "failed", messages: ["stopped by SIGINT"] });
    for (const later of results.slice(at + 1))
      expect(later).toMatchObject({ verdict: "skipped", messages: ["stopped by SIGINT"] });
    expect(report).toMatchObject({ verdict: "failed", stopped: "stopped by SIGINT", power_off_confirmed: true });
    expect(isOff(world)).toBe(true);
    const last = world.powerTransitions.at(-1);
    expect(last?.isOn).toBe(false);
    expect((last?.atMs ?? 0) - (abortedAtMs ?? 0)).toBeLessThan(OFF_WITHIN_MS);
  });

  test("before anything was switched on nothing is", async () => {
    const { report, world } = await runOnEmulator({
      onBegin: (name, _world, abort) => (name === "fans" ? abort("stopped by SIGTERM", 2_000) : undefined),
    });
    expect(report).toMatchObject({ verdict: "failed", stopped: "stopped by SIGTERM" });
    expect(world.powerTransitions).toEqual([]);
  });
});

describe("a step that breaks", () => {
  const breaking = (run: HilStep["run"], deadlineS = 60): HilStep[] => [
    ...upTo("register-echo"),
    { ...stepNamed("register-echo"), deadlineS, run },
    stepNamed("ramp"),
    stepNamed("power-down"),
  ];

  test("its error becomes its sentence, power goes off, and later runs start safe", async () => {
    const { results, world } = await runOnEmulator({
      steps: breaking(() => Promise.reject(new Error("chain 1, chip 7 fell over"))),
    });
    expect(results.map(({ verdict }) => verdict)).toEqual([
      ...["passed", "passed", "passed", "passed", "passed"],
      ...["failed", "skipped", "passed"],
    ]);
    expect(results[5]?.messages).toEqual(["chain 1, chip 7 fell over"]);
    expect(isOff(world)).toBe(true);
  });

  test("one that hangs and hears nothing meets its deadline", async () => {
    const { results, world } = await runOnEmulator({ steps: breaking(() => new Promise(() => undefined), 5) });
    expect(results[5]).toMatchObject({ verdict: "failed", messages: ["not done within 5 s"] });
    expect(results[5]?.seconds).toBeLessThan(8);
    expect(isOff(world)).toBe(true);
  });

  test("a board that gets too hot meanwhile ends it", async () => {
    const worlds: EmulatedWorld[] = [];
    const { results, world } = await runOnEmulator({
      steps: breaking((_bench, signal) => {
        for (const { thermal } of worlds[0]?.chains ?? []) thermal.outletC = 99;
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("left"))));
      }),
      plant: (made) => worlds.push(made),
    });
    expect(results[5]?.verdict).toBe("failed");
    expect(results[5]?.messages[0]).toMatch(/^sensor chain 0 outlet reads [\d.]+ C, more than the 75 C of this board$/);
    expect(isOff(world)).toBe(true);
  });
});

test("power that an earlier process left on is off before the first step begins", async () => {
  const seen: boolean[] = [];
  await runOnEmulator({
    suite: "smoke",
    plant: (world) => world.setPower(true),
    onBegin: (name, world) => (name === "plug" ? seen.push(world.powerIsOn) : undefined),
  });
  expect(seen).toEqual([false]);
});
