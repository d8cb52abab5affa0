/** How far the first run is. What the board knows it is asked; the page remembers only that the token was noted. */
import type { Settings, Snapshot } from "./api-types.ts";
import { valueAt } from "./settings-tree.ts";

export interface FirstRunFacts {
  readonly isTokenNoted: boolean;
  readonly isNameSkipped: boolean;
  readonly settings: Settings | null;
  readonly snapshot: Snapshot | null;
}

export const STEPS = ["token", "name", "pool", "share"] as const;
export type Step = (typeof STEPS)[number];

/** True: done. */
export function stepsDone({
  isTokenNoted,
  isNameSkipped,
  settings,
  snapshot,
}: FirstRunFacts): Readonly<Record<Step, boolean>> {
  const groups = settings?.settings["pool_groups"];
  const isPoolSet = Array.isArray(groups) && groups.length > 0;
  const isPending = settings?.pendingRestart.some((key) => key.startsWith("pool_groups")) ?? false;
  return {
    token: isTokenNoted,
    name: isNameSkipped || valueAt(settings?.settings ?? {}, "network.mdns.hostname") !== undefined,
    pool: isPoolSet,
    share: isPoolSet && !isPending && (snapshot?.pool.shares.accepted ?? 0) > 0,
  };
}

/** The first that is left; null: all is done. */
export function nextStep(done: Readonly<Record<Step, boolean>>): Step | null {
  return STEPS.find((step) => !done[step]) ?? null;
}
