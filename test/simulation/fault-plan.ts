/** Which faults happen when in a run: drawn once from the seed, before anything moves, so that nothing can shift them. */
import type { SeededRandom } from "#hal/emulator/prng.ts";
import type { FaultKind, FaultName, FaultTarget } from "./fault-table.ts";

export interface PlannedFault {
  readonly name: FaultName;
  readonly target: FaultTarget;
  readonly atMs: number;
  readonly endMs: number;
  /** Seed of what it draws itself: which chain, which fan, how much. */
  readonly seed: number;
}

/** Long runs end with so much peace: they show that the machine comes back. */
const QUIET_END_MS = 15 * 60_000;
/** Shorter ones have no time for it. */
const QUIET_RUN_MIN_MS = 30 * 60_000;

export function planFaults(kinds: readonly FaultKind[], random: SeededRandom, lengthMs: number): PlannedFault[] {
  const lastMs = lengthMs >= QUIET_RUN_MIN_MS ? lengthMs - QUIET_END_MS : lengthMs;
  const drawn = kinds.flatMap((kind) => drawKind(kind, random.fork(kind.name), lastMs));
  drawn.sort((a, b) => a.atMs - b.atMs || (a.name < b.name ? -1 : 1));
  const freeAtMs = new Map<FaultTarget, number>();
  return drawn.filter(({ target, atMs, endMs }) => {
    if (atMs < (freeAtMs.get(target) ?? 0)) return false;
    freeAtMs.set(target, endMs);
    return true;
  });
}

function drawKind(kind: FaultKind, random: SeededRandom, lastMs: number): PlannedFault[] {
  const { name, target, perHour, durationMs } = kind;
  const [shortest, longest] = durationMs;
  const faults: PlannedFault[] = [];
  for (let atMs = 0; ; ) {
    atMs += (-Math.log(1 - random.unit()) * 3_600_000) / perHour;
    const endMs = atMs + shortest * (longest / shortest) ** random.unit();
    const seed = random.uint32();
    if (atMs >= lastMs) return faults;
    faults.push({ name, target, atMs: Math.round(atMs), endMs: Math.round(Math.min(endMs, lastMs)), seed });
  }
}
