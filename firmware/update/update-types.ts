/** Words of the update machine: what comes in, what it remembers, what it wants done. Times are ms since the board booted. */

import type { UpdateRecord } from "./update-record.ts";
import type { BundleCheck } from "./update-rules.ts";
import type { UpdatePhase } from "./update-status.ts";

/** Where the bundle lies: in the data folder as it was received, or on the owner's card, where it stays. */
export type BundleSource = "upload" | "card";

export interface UpdateWish {
  /** Also a version that is lower than the running one. */
  readonly isForced: boolean;
  /** Settings go back to their defaults once the new version has proved itself. */
  readonly clearsSettings: boolean;
  readonly source: BundleSource;
  /** Chains that hash now: as many must hash again. */
  readonly hashingChains: number;
  /** Nothing is switched on, since a pool or another setting is missing: no more than that can be shown afterwards. */
  readonly isIdle: boolean;
}

/** The board at one moment. */
export interface BoardFacts {
  readonly version: string;
  /** Slot that runs. */
  readonly slot: string;
  /** Null: there is none. */
  readonly otherSlot: string | null;
  readonly bootId: string;
}

export interface UpdateState {
  readonly phase: UpdatePhase;
  readonly fromVersion: string | null;
  readonly toVersion: string | null;
  /** Of an installation that runs. */
  readonly progressPercent: number | null;
  /** For the owner, one sentence. */
  readonly message: string;
  /** When this phase began. */
  readonly sinceMs: number;
  /** While a bundle is under way. */
  readonly wish: UpdateWish | null;
  /** What the data folder holds. */
  readonly record: UpdateRecord | null;
  /** The record of an installation whose end nobody knows, while another one is tried. */
  readonly openBefore: UpdateRecord | null;
  /** Of the boot in which this program runs. */
  readonly bootId: string;
  /** Since when nothing has been lacking; null = something is. */
  readonly goodSinceMs: number | null;
  /** An installation takes far longer than flash explains, and that was told. */
  readonly isSlow: boolean;
  /** The running slot could not be marked good; null = it is marked, or nobody has tried. */
  readonly unmarked: { readonly tries: number; readonly againAtMs: number } | null;
}

export type UpdateInput =
  /** The program began, after a boot or again in the same one. `pledge`: what the boot loader keeps of an update. */
  | {
      readonly kind: "booted";
      readonly record: UpdateRecord | null;
      readonly pledge: UpdateRecord | null;
      readonly board: BoardFacts;
    }
  /** A bundle is about to come. */
  | { readonly kind: "stage" }
  /** It did not come whole. */
  | { readonly kind: "drop"; readonly reason: string }
  /** It is there. */
  | { readonly kind: "install"; readonly wish: UpdateWish }
  | { readonly kind: "inspected"; readonly check: Omit<BundleCheck, "isForced">; readonly board: BoardFacts }
  | { readonly kind: "progress"; readonly percent: number }
  | { readonly kind: "installed" }
  /** The updater was asked for long enough and has not ended; it may go on by itself. */
  | { readonly kind: "late" }
  /** An action did not succeed. */
  | { readonly kind: "failed"; readonly reason: string }
  /** @see lacksOf; once in a while. */
  | { readonly kind: "tick"; readonly lacks: readonly string[]; readonly proveMs: number }
  /** The running slot is marked good. */
  | { readonly kind: "marked" }
  | { readonly kind: "notMarked"; readonly reason: string }
  /** The owner wants the other slot. */
  | { readonly kind: "back"; readonly board: BoardFacts; readonly isOtherGood: boolean };

export type UpdateAction =
  | { readonly kind: "inspect" | "install"; readonly source: BundleSource }
  /** Removes a bundle that was received. */
  | { readonly kind: "discard" }
  | { readonly kind: "keep"; readonly record: UpdateRecord | null }
  /** The same beside the boot loader's own state: a version has to prove itself although the data partition is lost. */
  | { readonly kind: "pledge"; readonly record: UpdateRecord | null }
  /** The booted slot is good, or must not boot again; the other one boots next. */
  | { readonly kind: "markGood" | "markBad" | "activateOther" }
  | { readonly kind: "clearSettings" }
  /** Hashboards off, then the board boots. */
  | { readonly kind: "reboot"; readonly reason: string }
  /** An incident. */
  | { readonly kind: "tell"; readonly text: string };

export interface UpdateDecision {
  readonly state: UpdateState;
  readonly actions: readonly UpdateAction[];
  /** For the log; of a refusal it is the answer. */
  readonly reason: string;
  /** Nothing changed: what was asked for is not possible now. */
  readonly isRefused: boolean;
}

export const BEGINNING: UpdateState = {
  phase: "idle",
  fromVersion: null,
  toVersion: null,
  progressPercent: null,
  message: "",
  sinceMs: 0,
  wish: null,
  record: null,
  openBefore: null,
  bootId: "",
  goodSinceMs: null,
  isSlow: false,
  unmarked: null,
};
