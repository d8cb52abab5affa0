/**
 * Updates as a pure machine: idle -> staging -> verifying -> installing -> pendingReboot, and after the boot
 * provingItself -> committed | rolledBack. A version that does not prove itself is marked bad, and the older one boots
 * and tells why. What a version must know of the one before stands in `update.json`.
 */
import { afterBoot } from "./after-boot.ts";
import { isMarkDue, notMarked } from "./slot-mark.ts";
import type { UpdateRecord } from "./update-record.ts";
import { refusalOf } from "./update-rules.ts";
import { OWNER_WENT_BACK } from "./update-status.ts";
import type { BoardFacts, UpdateAction, UpdateDecision, UpdateInput, UpdateState, UpdateWish } from "./update-types.ts";

/** Nothing may be lacking for so long, or chance would be a proof. */
export const HOLD_MS = 60_000;
/** Flash of a board takes 30 MB in a minute; ten times that is told. */
export const SLOW_INSTALL_MS = 900_000;
/** A sender that is gone without a word. */
export const STAGING_LIMIT_MS = 900_000;

const BUSY: Partial<Record<UpdateState["phase"], string>> = {
  staging: "A bundle is being received already.",
  verifying: "A bundle is being checked already.",
  installing: "An update is being installed already.",
  pendingReboot: "The board is about to boot another version.",
  provingItself: "The running version has not proved itself yet: wait until it is committed or rolled back.",
};

/** Null: an update may begin. */
export function busyReason({ phase, record }: UpdateState): string | null {
  // What is ordered of the boot loader now would come between its marks and the boot.
  if (phase === "rolledBack" && record?.phase === "failed")
    return "The board is about to go back to the older version.";
  return BUSY[phase] ?? null;
}

/** @param nowMs since the board booted, so that a program which is started again has no longer for its proof. */
export function stepUpdate(state: UpdateState, input: UpdateInput, nowMs: number): UpdateDecision {
  switch (input.kind) {
    case "booted":
      return afterBoot(input.record, input.pledge, input.board, nowMs);
    case "stage": {
      const busy = busyReason(state);
      if (busy !== null) return refusedWith(state, busy);
      return to(state, "staging", "A bundle is being received.", nowMs, { toVersion: null, record: state.record });
    }
    case "drop":
      if (state.phase !== "staging") return refusedWith(state, "No bundle is being received.");
      return calm(state, `The bundle did not arrive: ${input.reason}`, nowMs, [{ kind: "discard" }]);
    case "install":
      return verify(state, input.wish, nowMs);
    case "inspected":
      return inspected(state, input, nowMs);
    case "progress":
      if (state.phase !== "installing") return unchanged(state);
      return { ...unchanged(state), state: { ...state, progressPercent: input.percent } };
    case "installed":
      return installed(state, nowMs);
    case "late":
      return late(state, nowMs);
    case "failed":
      return failed(state, input.reason, nowMs);
    case "tick":
      return tick(state, input.lacks, input.proveMs, nowMs);
    case "marked":
      return marked(state, nowMs);
    case "notMarked":
      return notMarked(state, input.reason, nowMs);
    case "back":
      return back(state, input.board, input.isOtherGood, nowMs);
  }
}

/** A bundle that somebody put there himself was never staged. */
function verify(state: UpdateState, wish: UpdateWish, nowMs: number): UpdateDecision {
  const busy = state.phase === "staging" && wish.source === "upload" ? null : busyReason(state);
  if (busy !== null) return refusedWith(state, busy);
  const message = "Signature, board and version of the bundle are being checked.";
  return to(state, "verifying", message, nowMs, { wish }, [{ kind: "inspect", source: wish.source }]);
}

function inspected(
  state: UpdateState,
  { check, board }: Extract<UpdateInput, { kind: "inspected" }>,
  nowMs: number,
): UpdateDecision {
  const { wish } = state;
  if (state.phase !== "verifying" || wish === null) return unchanged(state);
  const { otherSlot } = board;
  const refusal =
    otherSlot === null
      ? "The board has one slot only: there is no place for another version."
      : refusalOf({ ...check, isForced: wish.isForced });
  if (refusal !== null || otherSlot === null) return calm(state, refusal ?? "", nowMs, discardOf(wish));
  const { version: toVersion } = check.bundle;
  const record = {
    form: 1,
    phase: "installing",
    fromVersion: board.version,
    toVersion,
    fromSlot: board.slot,
    toSlot: otherSlot,
    bootId: board.bootId,
    hashingChains: wish.hashingChains,
    wasIdle: wish.isIdle,
    clearsSettings: wish.clearsSettings,
    reason: "",
  } as const;
  const message = `Version ${toVersion} is being installed into slot ${otherSlot}.`;
  const changes = { fromVersion: board.version, toVersion, progressPercent: 0, record, openBefore: openOf(state) };
  return to(state, "installing", message, nowMs, changes, [
    { kind: "keep", record },
    { kind: "pledge", record },
    { kind: "install", source: wish.source },
  ]);
}

function installed(state: UpdateState, nowMs: number): UpdateDecision {
  if (state.phase !== "installing" || state.record === null) return unchanged(state);
  const record = { ...state.record, phase: "installed" } as const;
  const message = `Version ${state.toVersion} is installed: hashboards go off, then the board boots it.`;
  return to(state, "pendingReboot", message, nowMs, { record }, [
    { kind: "keep", record },
    ...discardOf(state.wish),
    { kind: "tell", text: `version ${state.toVersion} is installed into slot ${record.toSlot}` },
    { kind: "reboot", reason: `to boot version ${state.toVersion}` },
  ]);
}

function failed(state: UpdateState, reason: string, nowMs: number): UpdateDecision {
  switch (state.phase) {
    case "verifying":
      return calm(state, reason, nowMs, discardOf(state.wish));
    case "installing":
      // An updater that is still busy with the installation before may refuse this one, and end that one all the same.
      return calm(state, `Version ${state.toVersion} was not installed: ${reason}`, nowMs, [
        { kind: "keep", record: state.openBefore },
        { kind: "pledge", record: state.openBefore },
        ...discardOf(state.wish),
        { kind: "tell", text: `version ${state.toVersion} was not installed: ${reason}` },
      ]);
    case "pendingReboot":
      // The new version is in its slot and boots; what went wrong is a file that is not written or removed.
      if (state.record?.phase === "installed")
        return { ...unchanged(state), actions: [{ kind: "reboot", reason: `to boot version ${state.toVersion}` }] };
      return calm(state, `The board does not go back: ${reason}`, nowMs, [{ kind: "keep", record: null }]);
    case "provingItself":
      return { ...unchanged(state), state: { ...state, goodSinceMs: null, message: reason }, reason };
    case "rolledBack":
      // On its way back already: the boot loader knows of the bad slot, or gives up after some tries.
      if (state.record?.phase !== "failed") return unchanged(state);
      return { ...unchanged(state), actions: [{ kind: "reboot", reason: state.record.reason }] };
    case "idle":
    case "staging":
    case "committed":
      return unchanged(state);
  }
}

function tick(state: UpdateState, lacks: readonly string[], proveMs: number, nowMs: number): UpdateDecision {
  if (state.phase === "staging" && nowMs - state.sinceMs > STAGING_LIMIT_MS)
    return calm(state, "The bundle did not arrive: its sender is gone.", nowMs, [{ kind: "discard" }]);
  if (state.phase === "installing" && !state.isSlow && nowMs - state.sinceMs > SLOW_INSTALL_MS) {
    const text = `the installation of version ${state.toVersion} takes longer than ${SLOW_INSTALL_MS / 60_000} min and goes on`;
    return { ...unchanged(state), state: { ...state, isSlow: true }, actions: [{ kind: "tell", text }], reason: text };
  }
  if (isMarkDue(state, nowMs)) return { ...unchanged(state), actions: [{ kind: "markGood" }] };
  if (state.phase !== "provingItself") return unchanged(state);
  if (lacks.length === 0) {
    const goodSinceMs = state.goodSinceMs ?? nowMs;
    const next = { ...unchanged(state), state: { ...state, goodSinceMs } };
    if (nowMs - goodSinceMs < HOLD_MS) return next;
    return { ...next, actions: [{ kind: "markGood" }], reason: "nothing is lacking" };
  }
  const what = lacks.join("; ");
  const minutes = Math.round(proveMs / 60_000);
  if (nowMs > proveMs) return goBack(state, `it did not prove itself within ${minutes} min: ${what}`, nowMs);
  const message = `Version ${state.toVersion} has to prove itself within ${minutes} min of the boot; still lacking: ${what}.`;
  return { ...unchanged(state), state: { ...state, goodSinceMs: null, message } };
}

/** Whether somebody has to look at the clock for this state. */
export function needsTicks({ phase, unmarked }: UpdateState): boolean {
  return phase === "provingItself" || phase === "staging" || phase === "installing" || unmarked !== null;
}

function marked(state: UpdateState, nowMs: number): UpdateDecision {
  const next = { ...state, unmarked: null };
  if (state.phase === "provingItself") return committed(next, nowMs);
  if (state.unmarked === null) return unchanged(state);
  const text = `the running slot is marked good, at try ${state.unmarked.tries + 1}`;
  return { ...unchanged(next), actions: [{ kind: "tell", text }], reason: text };
}

/** What is written stays: the updater is a service of its own, and the version that it brings has to prove itself. */
function late(state: UpdateState, nowMs: number): UpdateDecision {
  if (state.phase !== "installing") return unchanged(state);
  const text = `the installation of version ${state.toVersion} has not ended and is not waited for; should the updater finish it all the same, it has to prove itself after the next boot`;
  return to(state, "idle", sentenceOf(text), nowMs, { wish: null }, [{ kind: "tell", text }]);
}

function sentenceOf(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}

function committed(state: UpdateState, nowMs: number): UpdateDecision {
  const { record } = state;
  if (record === null) return unchanged(state);
  const after = { ...record, phase: "committed" } as const;
  const message = `Version ${state.toVersion} proved itself.`;
  return to(state, "committed", message, nowMs, { record: after }, [
    { kind: "keep", record: after },
    { kind: "pledge", record: null },
    { kind: "tell", text: `version ${state.toVersion} proved itself` },
    ...(record.clearsSettings ? [{ kind: "clearSettings" } as const] : []),
  ]);
}

/** The running version is given up. */
function goBack(state: UpdateState, reason: string, nowMs: number): UpdateDecision {
  const { record } = state;
  if (record === null) return unchanged(state);
  const after = { ...record, phase: "failed", reason, bootId: state.bootId } as const;
  const message = `The board goes back from version ${state.toVersion} to ${state.fromVersion}: ${reason}.`;
  return to(state, "rolledBack", message, nowMs, { record: after }, [
    { kind: "keep", record: after },
    { kind: "tell", text: `version ${state.toVersion} is given up: ${reason}` },
    { kind: "markBad" },
    { kind: "activateOther" },
    { kind: "reboot", reason: `to go back to version ${state.fromVersion}` },
  ]);
}

function back(state: UpdateState, board: BoardFacts, isOtherGood: boolean, nowMs: number): UpdateDecision {
  const { otherSlot } = board;
  if (otherSlot === null || !isOtherGood) return refusedWith(state, "The other slot holds nothing that could boot.");
  if (state.phase === "provingItself") return goBack(state, OWNER_WENT_BACK, nowMs);
  const busy = busyReason(state);
  if (busy !== null) return refusedWith(state, busy);
  const open = openOf(state);
  if (open !== null) return bootUnseen(state, open, nowMs);
  const known = state.record?.toSlot === board.slot ? state.record.fromVersion : null;
  const record = {
    form: 1,
    phase: "goingBack",
    fromVersion: board.version,
    toVersion: known,
    fromSlot: board.slot,
    toSlot: otherSlot,
    bootId: board.bootId,
    hashingChains: 0,
    wasIdle: false,
    clearsSettings: false,
    reason: OWNER_WENT_BACK,
  } as const;
  const message = `Hashboards go off, then the board boots slot ${otherSlot}.`;
  const changes = { fromVersion: board.version, toVersion: known, record };
  return to(state, "pendingReboot", message, nowMs, changes, [
    { kind: "keep", record },
    { kind: "activateOther" },
    { kind: "tell", text: `the owner goes back to slot ${otherSlot}` },
    { kind: "reboot", reason: `to boot slot ${otherSlot}` },
  ]);
}

/** What an installation whose end nobody knows has left in the other slot: its version proves itself as after any other one. */
function bootUnseen(state: UpdateState, open: UpdateRecord, nowMs: number): UpdateDecision {
  const record = { ...open, phase: "installed" } as const;
  const { fromVersion, toVersion, toSlot } = record;
  const message = `Hashboards go off, then the board boots version ${toVersion} in slot ${toSlot}, which has to prove itself.`;
  return to(state, "pendingReboot", message, nowMs, { fromVersion, toVersion, record }, [
    { kind: "keep", record },
    { kind: "activateOther" },
    { kind: "tell", text: `the owner boots version ${toVersion} in slot ${toSlot}, which has to prove itself` },
    { kind: "reboot", reason: `to boot version ${toVersion}` },
  ]);
}

/** The record of an installation that was not waited for, or whose program ended: the updater may finish it. */
function openOf({ record }: UpdateState): UpdateRecord | null {
  return record?.phase === "installing" ? record : null;
}

function discardOf(wish: UpdateWish | null): UpdateAction[] {
  return wish?.source === "upload" ? [{ kind: "discard" }] : [];
}

/** Nothing is under way any more. */
function calm(state: UpdateState, message: string, nowMs: number, actions: UpdateAction[]): UpdateDecision {
  const kept = actions.find((action) => action.kind === "keep");
  const record = kept === undefined ? state.record : kept.record;
  return to(state, "idle", message, nowMs, { record, wish: null }, actions);
}

/** What begins anew with each phase. */
const FRESH = { progressPercent: null, openBefore: null, goodSinceMs: null, isSlow: false } as const;

function to(
  state: UpdateState,
  phase: UpdateState["phase"],
  message: string,
  nowMs: number,
  changes: Partial<UpdateState>,
  actions: readonly UpdateAction[] = [],
): UpdateDecision {
  const next = { ...state, phase, message, sinceMs: nowMs, ...FRESH, ...changes };
  return { state: next, actions, reason: message, isRefused: false };
}

function unchanged(state: UpdateState): UpdateDecision {
  return { state, actions: [], reason: "", isRefused: false };
}

function refusedWith(state: UpdateState, reason: string): UpdateDecision {
  return { state, actions: [], reason, isRefused: true };
}
