/** What a program that begins makes of what the one before left in `update.json`. Pure; part of the update machine. */
import type { UpdateRecord } from "./update-record.ts";
import {
  BEGINNING,
  type BoardFacts,
  type UpdateAction,
  type UpdateDecision,
  type UpdateState,
} from "./update-types.ts";

const MARK_GOOD: UpdateAction = { kind: "markGood" };

/**
 * @param pledge what the boot loader keeps of an update that is not proved yet. It counts where the version that it names runs and
 * the data folder knows nothing of it: a new version may be the very reason why the data partition cannot be read.
 */
export function afterBoot(
  record: UpdateRecord | null,
  pledge: UpdateRecord | null,
  board: BoardFacts,
  nowMs: number,
): UpdateDecision {
  const decision = afterBoth(record, pledge, board, nowMs);
  return { ...decision, state: { ...decision.state, bootId: board.bootId } };
}

function afterBoth(
  record: UpdateRecord | null,
  pledge: UpdateRecord | null,
  board: BoardFacts,
  nowMs: number,
): UpdateDecision {
  if (pledge === null) return afterRecord(record, board, nowMs);
  const isLost = pledge.toSlot === board.slot && !knows(record, pledge);
  const decision = afterRecord(isLost ? pledge : record, board, nowMs);
  const text = `the data folder knows nothing of the update to version ${pledge.toVersion}: it has to prove itself all the same`;
  const before: UpdateAction[] = isLost
    ? [
        { kind: "tell", text },
        { kind: "keep", record: pledge },
      ]
    : [];
  const after: UpdateAction[] = isOpen(decision.state) ? [] : [{ kind: "pledge", record: null }];
  return { ...decision, actions: [...before, ...decision.actions, ...after] };
}

/** Whether the data folder is at least as far as the boot loader. What it knows of an earlier update is no word about this one. */
function knows(record: UpdateRecord | null, pledge: UpdateRecord): boolean {
  if (record === null) return false;
  // A version that was given up is of a later boot than the pledge, and must never prove itself anew.
  if (record.phase === "failed" || record.bootId === pledge.bootId) return true;
  return record.toSlot === pledge.toSlot && (record.phase === "installing" || record.phase === "installed");
}

/** Whether the update may still end either way. */
function isOpen({ phase, record }: UpdateState): boolean {
  if (phase === "provingItself" || phase === "pendingReboot") return true;
  return record?.phase === "installing" || record?.phase === "failed";
}

/**
 * A slot that has nothing to prove is marked good at each boot: the boot loader counts tries. Where the boot id is still the
 * same the board has not been restarted yet, and that is done now.
 */
function afterRecord(record: UpdateRecord | null, board: BoardFacts, nowMs: number): UpdateDecision {
  if (record === null) return decide(record, "idle", "", nowMs, [MARK_GOOD]);
  const isOnTarget = board.slot === record.toSlot;
  const isSameBoot = board.bootId === record.bootId;
  const version = record.toVersion ?? `in slot ${record.toSlot}`;
  switch (record.phase) {
    case "installing":
    case "installed": {
      if (isOnTarget) {
        const message = `Version ${version} has to prove itself.`;
        return decide(record, "provingItself", message, nowMs, []);
      }
      if (record.phase === "installing") {
        const text = `The installation of version ${version} was interrupted`;
        if (!isSameBoot) return end(`${text}; nothing changed.`, nowMs);
        // The updater may have outlived the program that called it: the record stays, so that what it finishes proves itself.
        const message = `${text}; should the updater finish it all the same, it has to prove itself.`;
        return decide(record, "idle", message, nowMs, [{ kind: "tell", text: message }, MARK_GOOD]);
      }
      if (!isSameBoot) return rolledBack(record, `version ${version} did not start`, nowMs);
      const reason = `to boot version ${version}`;
      const message = `Version ${version} is installed: the board boots it.`;
      return decide(record, "pendingReboot", message, nowMs, [{ kind: "reboot", reason }]);
    }
    case "failed":
      if (!isOnTarget) return rolledBack(record, `version ${version}: ${record.reason}`, nowMs);
      if (isSameBoot)
        return decide(record, "rolledBack", record.reason, nowMs, [
          { kind: "markBad" },
          { kind: "activateOther" },
          { kind: "reboot", reason: `to go back to version ${record.fromVersion}` },
        ]);
      return end(
        `Version ${version} runs although it did not prove itself: version ${record.fromVersion} does not start.`,
        nowMs,
      );
    case "goingBack":
      if (isOnTarget) return rolledBack(record, record.reason, nowMs);
      if (!isSameBoot) return end(`The board did not go back: slot ${record.toSlot} does not start.`, nowMs);
      return decide(record, "pendingReboot", `The board boots slot ${record.toSlot}.`, nowMs, [
        { kind: "activateOther" },
        { kind: "reboot", reason: `to boot slot ${record.toSlot}` },
      ]);
    case "committed":
      if (!isOnTarget) return rolledBack(record, `version ${version} did not start any more`, nowMs);
      return decide(record, "committed", `Version ${version} proved itself.`, nowMs, [MARK_GOOD]);
    case "rolledBack":
      return decide(record, "rolledBack", rolledBackText(record.reason), nowMs, [MARK_GOOD]);
  }
}

/** An older version runs again, and says so once as an incident. */
function rolledBack(before: UpdateRecord, reason: string, nowMs: number): UpdateDecision {
  const record = { ...before, phase: "rolledBack", reason } as const;
  const text = rolledBackText(reason);
  return decide(record, "rolledBack", text, nowMs, [
    { kind: "keep", record },
    { kind: "tell", text: `an older version runs again: ${reason}` },
    MARK_GOOD,
  ]);
}

function rolledBackText(reason: string): string {
  return `An older version runs again: ${reason}.`;
}

function end(message: string, nowMs: number): UpdateDecision {
  return decide(null, "idle", message, nowMs, [
    { kind: "keep", record: null },
    { kind: "tell", text: message },
    MARK_GOOD,
  ]);
}

function decide(
  record: UpdateRecord | null,
  phase: UpdateState["phase"],
  message: string,
  nowMs: number,
  actions: readonly UpdateAction[],
): UpdateDecision {
  const { fromVersion = null, toVersion = null } = record ?? {};
  const state = { ...BEGINNING, phase, message, sinceMs: nowMs, fromVersion, toVersion, record };
  return { state, actions, reason: message, isRefused: false };
}
