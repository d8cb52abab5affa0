/** The supply is on its way to the working voltage when the machine is paused: nothing of that way is left for the next start. */
import { expect, test } from "vitest";
import { CALM, type Rig, startRig } from "../support/rig.ts";

const STARTED = ["enumerating", "addressing", "configuring", "ramping"];

/** Voltages at which the first chain went through its start, until it hashes. */
async function startVoltages(rig: Rig): Promise<Set<number | null>> {
  const seen = new Set<number | null>();
  for (let i = 0; i < 1_500; i++) {
    await rig.advance(100);
    const [chain] = rig.snapshot().chains;
    if (chain?.state === "hashing") return seen;
    if (STARTED.includes(chain?.state ?? "")) seen.add(chain?.voltageV ?? null);
  }
  throw new Error("it does not hash");
}

test.each([
  ["s19pro", 0],
  ["s19pro", 1_500],
  ["s21", 0],
  ["s21", 1_500],
] as const)("%s, resumed after %i ms, starts at the voltage that it was first started at", async (machine, pauseMs) => {
  const rig = await startRig({ ...CALM, machine });
  const first = await startVoltages(rig);
  expect(first.size).toBe(1);
  const [startV] = first;
  await rig.until("it is being lowered", () => rig.snapshot().chains[0]?.voltageV !== startV, 20_000);
  const { pauses, power } = rig.miner.parts;
  pauses.pause("owner", "a pause");
  await rig.advance(pauseMs);
  pauses.resume("owner", "it goes on");
  await rig.until("it starts anew", () => rig.snapshot().chains[0]?.state !== "hashing", 5_000);
  expect(await startVoltages(rig)).toEqual(first);
  expect([power.cutReason, rig.snapshot().shutdownReason]).toEqual([null, null]);
  await rig.until("the working voltage", () => rig.miner.parts.workVoltage.isSettled, 60_000);
  expect(rig.snapshot().chains[0]?.voltageV).toBeLessThan(startV ?? 0);
  await rig.stop();
});
