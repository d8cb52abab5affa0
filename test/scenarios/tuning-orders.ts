/** Orders to the tuning desk of a rig, and what its chips run at. */
import type { TuningTarget } from "#firmware/tuning/tuning.ts";
import type { TuningAnswer } from "#firmware/tuning/tuning-desk.ts";
import type { Rig } from "../support/rig.ts";

export const ALL: TuningTarget = { chainIndex: null, domainIndex: null, chipIndex: null };
export const chip = (chainIndex: number, chipIndex: number): TuningTarget => ({
  chainIndex,
  chipIndex,
  domainIndex: null,
});

export async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => rig.snapshot().chains.every((c) => c.state === "hashing"), 120_000);
}

/** Lets the order run in virtual time. */
export async function done(rig: Rig, order: Promise<TuningAnswer>): Promise<TuningAnswer> {
  let answer: TuningAnswer | null = null;
  void order.then((a) => (answer = a));
  await rig.until("the order is carried out", () => answer !== null, 60_000);
  return await order;
}

export const clocks = (rig: Rig, index: number): number[] =>
  rig.world.chains[index]?.model.chips.map(({ frequencyMhz }) => frequencyMhz) ?? [];
