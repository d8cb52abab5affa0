/** The whole suite is green on every machine that the emulator has, in virtual time. */
import { expect, test } from "vitest";
import { hilReportSchema } from "#firmware/hil/report.ts";
import { MACHINE_NAMES } from "#hal/emulator/machines.ts";
import { runOnEmulator } from "./hil-rig.ts";

/** Where nobody published a job with its nonces, or the board drives no fan. */
const NOTHING_TO_CHECK: Readonly<Record<string, readonly string[]>> = {
  s19jpro: ["known-work"],
  s19: ["known-work"],
  s19pro: ["known-work"],
  emberone: ["fans", "known-work"],
};

test.each(MACHINE_NAMES)("the full suite passes on an emulated %s", async (machine) => {
  const { report, world } = await runOnEmulator({ machine });
  expect(hilReportSchema.parse(report)).toEqual(report);
  const left = report.steps.filter(({ verdict }) => verdict !== "passed");
  expect(left.filter(({ verdict }) => verdict !== "not_applicable")).toEqual([]);
  expect(left.map(({ name }) => name)).toEqual(NOTHING_TO_CHECK[machine] ?? []);
  expect(report).toMatchObject({ verdict: "passed", power_off_confirmed: true, machine, stopped: null });
  expect(report.steps).toHaveLength(11);
  // A DS4432U trims a converter that nobody can switch off: its chip is held in reset.
  expect(world.chains.some(({ model }) => model.isRunning)).toBe(false);
  expect(world.powerIsOn).toBe(world.boardFacts.supply.kind === "ds4432u");
});
