/**
 * Every machine that the program claims: boots from power-off through its own sequence, mines without a hardware error,
 * and powers down in order. What the emulated board saw is compared with the step list of the machine's row.
 */
import { describe, expect, test } from "vitest";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import { MACHINE_NAMES, type MachineName } from "#hal/emulator/machines.ts";
import { type MachineTraits, type OrderEvent, plannedOrder, seenOrder } from "../support/power-order.ts";
import { startRig } from "../support/rig.ts";

/** One step of a set point, and what the parts' own reference is off by. */
const TOLERANCE_MV = 30;

function traitsOf(machine: MachineName): MachineTraits {
  const { supply, controller, sensors } = boardSupport(machine);
  return {
    hasEnableLine: supply === "psu" || supply === "pins",
    hasController: controller !== "none",
    hasRegulatorSwitch: supply === "tps546",
    hasFans: sensors.kind !== "emberone",
  };
}

function expectSameOrder(seen: readonly OrderEvent[], planned: readonly OrderEvent[]): void {
  expect(seen.map(({ what }) => what)).toEqual(planned.map(({ what }) => what));
  for (const [i, { what, mv }] of planned.entries()) {
    if (mv !== null) expect(Math.abs((seen[i]?.mv ?? 0) - mv), `${what} ${mv}`).toBeLessThanOrEqual(TOLERANCE_MV);
  }
}

test("every row of the firmware has an emulated machine and the other way round", () => {
  expect(Object.keys(HASHBOARDS).sort()).toEqual([...MACHINE_NAMES].sort());
});

describe.each([...MACHINE_NAMES])("%s", (machine) => {
  test("boots from power-off through its own sequence, mines, and powers down in order", async () => {
    const rig = await startRig({ machine, hashesPerNonce: 16 });
    const { chains: rows } = rig.miner.parts;
    const isUp = (): boolean => rig.snapshot().chains.every((chain) => chain.state === "hashing");
    await rig.until("all chains hash", isUp, 240_000);
    await rig.until("five accepted shares", () => rig.snapshot().pool.shares.accepted >= 5, 240_000);
    // Time for the supply to reach its working voltage.
    await rig.advance(15_000);
    const { chains, pool, alarms } = rig.snapshot();
    const support = boardSupport(machine);
    for (const chain of chains) {
      expect(chain).toMatchObject({ chips: HASHBOARDS[machine].chips, state: "hashing" });
      expect(chain.nonces).toMatchObject({ hardwareError: 0, duplicate: 0, unknownWork: 0 });
      const workV = (support.voltage?.workMv ?? 0) / 1000;
      if (support.voltage !== null) expect(Math.abs((chain.voltageV ?? 0) - workV)).toBeLessThan(0.03);
      expect(chain.temperatureBoardMaxC).toBeGreaterThan(20);
    }
    expect(rows.length).toBe(chains.length);
    // Only chips that take midstates can run dry; once a chain hashes its queue never does.
    expect(rig.world.stats().chains.map((chain) => chain.idleSweepMs)).toEqual(chains.map(() => 0));
    expect(pool.shares).toMatchObject({ rejected: 0, duplicate: 0, lost: 0 });
    expect(alarms).toEqual([]);
    await rig.stop();
    const planned = plannedOrder(support.planFor(support.voltage?.workMv ?? 0), traitsOf(machine));
    for (const { index } of chains) expectSameOrder(seenOrder(rig.world.journal.entries, index), planned);
    if (traitsOf(machine).hasEnableLine || traitsOf(machine).hasController) expect(rig.world.powerIsOn).toBe(false);
  });
});
