/** What the page knows of its connection, as a pure machine. The shell around it is live.ts. */
import type { Snapshot } from "./api-types.ts";

/** Snapshots come each second: after so long without one something is wrong. */
export const SILENCE_MS = 5_000;
/** A board that says that it idles is there, and may begin at any time: it is asked again soon. */
const IDLE_TRIES_MAX = 3;
const BACK_OFF_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000];

export interface LiveState {
  /** connecting: for the first time. lost: it was there, or could not be had. idle: nothing is switched on, or not yet. */
  readonly phase: "connecting" | "live" | "lost" | "idle" | "signedOut";
  /** The last one, which stays in view while the connection is lost. */
  readonly snapshot: Snapshot | null;
  readonly snapshotAtMs: number;
  /** What the board says why there is no snapshot. */
  readonly problem: string | null;
  /** Tries since it was last live. */
  readonly tries: number;
}

export type LiveInput =
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot; readonly nowMs: number }
  | { readonly kind: "idle"; readonly message: string }
  | { readonly kind: "failed" }
  | { readonly kind: "signedOut" }
  | { readonly kind: "signedIn" };

export const NOT_YET: LiveState = { phase: "connecting", snapshot: null, snapshotAtMs: 0, problem: null, tries: 0 };

export function liveStep(state: LiveState, input: LiveInput): LiveState {
  switch (input.kind) {
    case "snapshot":
      return { phase: "live", snapshot: input.snapshot, snapshotAtMs: input.nowMs, problem: null, tries: 0 };
    case "idle":
      return {
        ...state,
        phase: "idle",
        problem: input.message,
        snapshot: null,
        tries: Math.min(IDLE_TRIES_MAX, state.tries + 1),
      };
    case "failed":
      return { ...state, phase: "lost", tries: state.tries + 1 };
    case "signedOut":
      return { ...NOT_YET, phase: "signedOut" };
    case "signedIn":
      return NOT_YET;
  }
}

/** Ever longer, and never longer than a person waits. @param random 0 to 1: many pages do not come back at once. */
export function backOffMs(tries: number, random: number): number {
  const base = BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length) - 1] ?? BACK_OFF_MS[0]!;
  return base * (0.75 + random / 2);
}
