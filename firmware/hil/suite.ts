/** The one table of steps; emulator and hardware run the same. */
import { baudStep, enumerationStep, rampStep, registerEchoStep } from "./chain-steps.ts";
import { devicesStep, fansStep, plugStep } from "./cold-steps.ts";
import { knownWorkStep } from "./known-work-step.ts";
import { miningStep } from "./mining-step.ts";
import { powerDownStep, powerUpStep } from "./power-steps.ts";
import type { HilStep, SuiteName } from "./step.ts";

const BOTH: readonly SuiteName[] = ["smoke", "full"];
const FULL: readonly SuiteName[] = ["full"];

export const STEPS: readonly HilStep[] = [
  {
    name: "plug",
    title: "Hashboards are plugged where they are expected",
    isEnergising: false,
    needs: [],
    suites: BOTH,
    deadlineS: 20,
    run: plugStep,
  },
  {
    name: "devices",
    title: "Devices on the buses answer",
    isEnergising: false,
    needs: ["plug"],
    suites: BOTH,
    deadlineS: 120,
    run: devicesStep,
  },
  {
    name: "fans",
    title: "Fans follow two duties",
    isEnergising: false,
    needs: [],
    suites: BOTH,
    deadlineS: 60,
    run: fansStep,
  },
  {
    name: "power-up",
    title: "Power comes in the machine's own order",
    isEnergising: true,
    needs: ["plug", "devices", "fans"],
    suites: BOTH,
    deadlineS: 180,
    run: powerUpStep,
  },
  {
    name: "enumeration",
    title: "Chips are counted and take their addresses",
    isEnergising: true,
    needs: ["power-up"],
    suites: BOTH,
    deadlineS: 120,
    run: enumerationStep,
  },
  {
    name: "register-echo",
    title: "Each chip holds a value of its own",
    isEnergising: true,
    needs: ["enumeration"],
    suites: FULL,
    deadlineS: 180,
    run: registerEchoStep,
  },
  {
    name: "baud-change",
    title: "Each chip answers at the working rate",
    isEnergising: true,
    needs: ["enumeration"],
    suites: BOTH,
    deadlineS: 180,
    run: baudStep,
  },
  {
    name: "ramp",
    title: "Chips reach their clock and their voltage",
    isEnergising: true,
    needs: ["baud-change"],
    suites: BOTH,
    deadlineS: 300,
    run: rampStep,
  },
  {
    name: "known-work",
    title: "Jobs with known nonces give them back",
    isEnergising: true,
    needs: ["ramp"],
    suites: FULL,
    deadlineS: 180,
    run: knownWorkStep,
  },
  {
    name: "mining",
    title: "The miner earns shares from the local pool",
    isEnergising: true,
    needs: ["known-work"],
    suites: FULL,
    deadlineS: 600,
    run: miningStep,
  },
  {
    name: "power-down",
    title: "Power is off, and the chips say so",
    isEnergising: true,
    needs: [],
    suites: BOTH,
    deadlineS: 60,
    run: powerDownStep,
  },
];

export function stepsOf(suite: SuiteName): HilStep[] {
  return STEPS.filter(({ suites }) => suites.includes(suite));
}
