/** A chain that goes silent while the machine mines, and what is seen of it: for the public bug cases H19 and H20. */
import { CALM, type Rig, startRig } from "../../support/rig.ts";

export const SILENT_AT_MS = 120_000;

export const states = (rig: Rig): string[] => rig.snapshot().chains.map(({ state }) => state);

export async function hashing(rig: Rig): Promise<void> {
  await rig.until("all chains hash", () => states(rig).every((state) => state === "hashing"), 90_000);
}

/** When the chain's reset line was pulled and released since `sinceMs`. */
export function resets(rig: Rig, chain: number, sinceMs: number): { atMs: number; isAsserted: boolean }[] {
  return rig.world.journal.entries.flatMap((e) =>
    e.what === "reset" && e.chain === chain && e.atMs >= sinceMs ? [{ atMs: e.atMs, isAsserted: e.isAsserted }] : [],
  );
}

export async function silentSecondChain(): Promise<Rig> {
  const rig = await startRig(CALM);
  await hashing(rig);
  await rig.advance(SILENT_AT_MS - rig.clock.nowMs());
  const [, faults] = rig.world.faults.chains;
  if (faults !== undefined) faults.isSilent = true;
  return rig;
}
