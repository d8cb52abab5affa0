/** Simulated runs with time for several faults: every invariant holds. */
import { expect, test } from "vitest";
import { defaultTicket, runSeed } from "./run-seed.ts";

test.each([11, 12])(
  "seed %i: three quarters of an hour with faults and a quiet end, and every invariant holds",
  async (seed) => {
    const ticket = defaultTicket("s21");
    const run = await runSeed({ machine: "s21", seed, hours: 0.75, faults: "all", ticket });
    expect(run.violations).toEqual([]);
    expect(Object.keys(run.faultsInjected).length).toBeGreaterThan(0);
    expect(run.shares.accepted).toBeGreaterThan(300);
  },
);
