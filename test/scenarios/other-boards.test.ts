/** Machines on a control board that is not their usual one. */
import { expect, test } from "vitest";
import { startRig } from "../support/rig.ts";

test.each(["beaglebone-vendor", "beaglebone-s19j-v2"] as const)(
  "an S19j Pro on %s mines, and says that it is an experiment",
  async (board) => {
    const rig = await startRig({ machine: "s19jpro", hashesPerNonce: 16, board: { board }, world: { wiring: board } });
    await rig.until("five accepted shares", () => rig.snapshot().pool.shares.accepted >= 5, 240_000);
    const { chains, controlBoard, experimental } = rig.snapshot();
    expect(controlBoard).toBe(board);
    expect(experimental.join()).toContain("two wirings use pins 4 and 5 for different things");
    expect(chains.map(({ state }) => state)).toEqual(["hashing", "hashing", "hashing"]);
    await rig.stop();
    expect(rig.world.powerIsOn).toBe(false);
  },
);
