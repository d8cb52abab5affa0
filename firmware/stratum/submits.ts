/** Shares of one session: submit, answer, time-out. Pure parts of the session machine. */

import type { Share } from "../job/job.ts";
import type { VersionBitsForm } from "../pool/pool-settings.ts";
import { hex32 } from "../work/header.ts";
import { callLine, clip, type ServerMessage } from "./messages.ts";
import type { PendingShare, SessionAction, SessionState, SessionStep } from "./session-types.ts";
import { type ShareOutcome, shareOutcome } from "./share-outcome.ts";

/** A submit without an answer for this long counts as lost. */
const ANSWER_LIMIT_MS = 30_000;
/** So many lost answers in a row mean a dead link, even while other lines still come in. */
const MAX_UNANSWERED = 2;

/** Items of mining.submit. The sixth goes out exactly when rolling was granted, even when it is zero. */
export function submitParams(share: Share, form: VersionBitsForm): string[] {
  const { job } = share;
  const params = [job.session.user, job.jobId, share.extranonce2Hex, hex32(share.nTime), hex32(share.nonce)];
  // The header's own bits inside the mask are right for servers that replace and for those that OR.
  const bits = form === "xor" ? share.version ^ job.version : share.version;
  if (job.isVersionRollingGranted) params.push(hex32(bits & job.grantedMask));
  return params;
}

/** More than this without an answer is no pool that counts shares; the rest is lost instead of piling up. */
const MAX_PENDING_SHARES = 256;

export function handleSubmit(state: SessionState, share: Share, nowMs: number): SessionStep {
  if (state.pending.size >= MAX_PENDING_SHARES) {
    const refusal = `${MAX_PENDING_SHARES} shares wait for an answer already`;
    const action: SessionAction = { kind: "answered", share, outcome: "lost", text: refusal, roundTripMs: 0 };
    return { state, actions: [action], reason: refusal };
  }
  const id = state.nextId;
  const line = callLine(id, "mining.submit", submitParams(share, state.versionBits));
  const pending = new Map(state.pending).set(String(id), { share, sentAtMs: nowMs });
  return {
    state: { ...state, nextId: id + 1, pending },
    actions: [{ kind: "submitted", line, share }],
    reason: "share",
  };
}

export function handleShareAnswer(
  state: SessionState,
  answer: Extract<ServerMessage, { kind: "answer" }>,
  nowMs: number,
): SessionStep {
  const entry = state.pending.get(answer.id);
  if (entry === undefined) {
    const text = `answer to ${clip(answer.id)} belongs to no share that waits: ignored`;
    // Answers to suggest_difficulty and the like land here, too, and mean nothing.
    const isExpected = state.wishIds.includes(answer.id);
    return { state, actions: isExpected ? [] : [{ kind: "notice", level: "info", text }], reason: text };
  }
  const pending = new Map(state.pending);
  pending.delete(answer.id);
  const action: SessionAction = {
    kind: "answered",
    share: entry.share,
    outcome: shareOutcome(answer.error, answer.isTrue),
    text: answer.error?.text ?? "",
    roundTripMs: nowMs - entry.sentAtMs,
  };
  const hasAccepted = state.hasAccepted || action.outcome === "accepted";
  const next: SessionState = { ...state, pending, unansweredInARow: 0, hasAccepted };
  const learnt = learnVersionBits(next, entry.share, action.outcome);
  if (learnt === null) return { state: next, actions: [action], reason: action.outcome };
  const text = `the pool puts version bits back in another way: sending them as "${learnt.versionBits}" from now on`;
  return { state: learnt, actions: [action, { kind: "notice", level: "warn", text }], reason: text };
}

/**
 * Forms differ only where the job has bits of its own inside the mask. A share refused as too easy in just that case was
 * hashed with another version by the pool: the other form is tried, once for each form.
 */
function learnVersionBits(state: SessionState, share: Share, outcome: ShareOutcome): SessionState | null {
  const isTelling = outcome === "lowDifficulty" && (share.job.version & share.job.grantedMask) !== 0;
  if (!isTelling || state.versionBits !== state.options.versionBits) return null;
  return { ...state, versionBits: state.versionBits === "xor" ? "bip310" : "xor" };
}

export function timeOutShares(state: SessionState, nowMs: number): SessionStep {
  const late = [...state.pending].filter(([, entry]) => nowMs - entry.sentAtMs > ANSWER_LIMIT_MS);
  if (late.length === 0) return { state, actions: [], reason: "nothing due" };
  const pending = new Map(state.pending);
  for (const [id] of late) pending.delete(id);
  const unansweredInARow = state.unansweredInARow + late.length;
  const actions: SessionAction[] = late.map(([, entry]) => lost(entry, nowMs));
  const isSilent = nowMs - state.lastReceivedMs > ANSWER_LIMIT_MS;
  if (!isSilent && unansweredInARow < MAX_UNANSWERED) {
    actions.push({
      kind: "notice",
      level: "warn",
      text: `the pool did not answer a share within ${ANSWER_LIMIT_MS / 1000} s`,
    });
    return { state: { ...state, pending, unansweredInARow }, actions, reason: "share lost" };
  }
  const text = `${unansweredInARow} shares without an answer: the link counts as dead`;
  // A pool that took others before has gone away; one that took none may never do, all the more when it talks on.
  const causeOfNone = isSilent ? "mute" : "unanswered";
  actions.push({ kind: "close", cause: state.hasAccepted ? "silent" : causeOfNone, text });
  return { state: { ...state, pending, unansweredInARow, phase: "closed" }, actions, reason: text };
}

function lost(entry: PendingShare, nowMs: number): SessionAction {
  return {
    kind: "answered",
    share: entry.share,
    outcome: "lost",
    text: "no answer",
    roundTripMs: nowMs - entry.sentAtMs,
  };
}
