/** The mark of the running slot where it does not come about at once. Pure; part of the update machine. */
import type { UpdateAction, UpdateDecision, UpdateState } from "./update-types.ts";

/** Pauses between tries to mark the running slot good; the last one stays. */
export const MARK_AGAIN_MS = [10_000, 30_000, 120_000, 600_000] as const;
const CALM: readonly UpdateState["phase"][] = ["idle", "committed", "rolledBack"];

/** Whether the mark is to be tried again now; never between an update's own steps. */
export function isMarkDue({ phase, record, unmarked }: UpdateState, nowMs: number): boolean {
  return unmarked !== null && CALM.includes(phase) && record?.phase !== "failed" && nowMs >= unmarked.againAtMs;
}

/** Without the mark the boot loader's tries run out boot by boot, and it takes the other slot. */
export function notMarked(state: UpdateState, reason: string, nowMs: number): UpdateDecision {
  const tries = (state.unmarked?.tries ?? 0) + 1;
  const againAtMs = nowMs + (MARK_AGAIN_MS[tries - 1] ?? MARK_AGAIN_MS.at(-1) ?? 0);
  const text = `the running slot is not marked good, so that the board may boot the other one some day: ${reason}`;
  // Still to be proved: the proof goes on, and its end is the next try.
  const proof = state.phase === "provingItself" ? { goodSinceMs: null, message: reason } : {};
  const next = { ...state, ...proof, unmarked: { tries, againAtMs } };
  const actions: UpdateAction[] = state.unmarked === null ? [{ kind: "tell", text }] : [];
  return { state: next, actions, reason: text, isRefused: false };
}
