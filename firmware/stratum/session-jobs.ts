/** How a session makes Jobs out of notifies, and how it ends. Pure parts of the session machine. */
import type { Job } from "../job/job.ts";
import { poolTarget } from "../share/difficulty.ts";
import { rollableMask } from "../work/version-rolling.ts";
import type { NotifyFields } from "./messages.ts";
import type { CloseCause, SessionState, SessionStep } from "./session-types.ts";

/** Builds the Job of a notify with everything that is in force now. */
export function applyNotify(state: SessionState, fields: NotifyFields, receivedAtMs: number): SessionStep {
  if (state.extranonce === null) {
    return {
      state: { ...state, heldNotify: { fields, receivedAtMs } },
      actions: [],
      reason: "job held until subscribed",
    };
  }
  const previous = state.job;
  const isNewBlock = previous === null || !isEqual(previous.prevHash, fields.prevHash);
  const job = freezeJob(state, fields, receivedAtMs);
  // An id that comes again with another content means something else from now on: shares of the old work would be wrong.
  const isReused = previous !== null && previous.jobId === fields.jobId && !isSameWork(previous, job);
  if (previous !== null && !fields.cleanJobs && isSameJob(previous, job)) {
    return { state, actions: [], reason: "the job at work was sent again" };
  }
  const isReplacing = isNewBlock || fields.cleanJobs || isReused;
  return {
    state: { ...state, job },
    actions: [{ kind: "job", job, isReplacing }],
    reason: isReplacing ? "new block or clean jobs" : "job refreshed",
  };
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Which version bits of a job may be rolled, as the session stands. */
function masksOf(
  state: SessionState,
  version: number,
): Pick<Job, "versionMask" | "isVersionRollingGranted" | "grantedMask"> {
  const { grantedMask, isVersionRollingGranted } = state;
  return {
    versionMask: rollableMask(grantedMask, state.options.chipVersionMask, version),
    isVersionRollingGranted,
    grantedMask,
  };
}

/** The job at work once more, if there is one, with the version bits that are granted now. */
export function reissueJob(state: SessionState, reason: string): SessionStep {
  const previous = state.job;
  if (previous === null) return { state, actions: [], reason };
  const job: Job = Object.freeze({ ...previous, ...masksOf(state, previous.version) });
  return { state: { ...state, job }, actions: [{ kind: "job", job, isReplacing: false }], reason };
}

/** True when a share of one job is right for the other: same id, same coinbase, same branches, same header fields. */
export function isSameWork(a: Job, b: Job): boolean {
  return (
    a.jobId === b.jobId &&
    a.version === b.version &&
    a.nBits === b.nBits &&
    a.extranonce2Size === b.extranonce2Size &&
    isEqual(a.prevHash, b.prevHash) &&
    isEqual(a.coinb1, b.coinb1) &&
    isEqual(a.coinb2, b.coinb2) &&
    isEqual(a.extranonce1, b.extranonce1) &&
    a.merkleBranches.length === b.merkleBranches.length &&
    a.merkleBranches.every((branch, i) => isEqual(branch, b.merkleBranches[i] as Uint8Array))
  );
}

/** True when even what the pool may change without a new template is the same. */
function isSameJob(a: Job, b: Job): boolean {
  return a.nTime === b.nTime && a.difficulty === b.difficulty && a.grantedMask === b.grantedMask && isSameWork(a, b);
}

function freezeJob(state: SessionState, fields: NotifyFields, receivedAtMs: number): Job {
  const { jobId, prevHash, coinb1, coinb2, merkleBranches, version, nBits, nTime } = fields;
  return Object.freeze({
    session: state.options.identity,
    jobId,
    prevHash,
    coinb1,
    coinb2,
    merkleBranches,
    version,
    nBits,
    nTime,
    extranonce1: state.extranonce?.extranonce1 ?? new Uint8Array(0),
    extranonce2Size: state.extranonce?.extranonce2Size ?? 0,
    ...masksOf(state, version),
    difficulty: state.difficulty,
    target: poolTarget(state.difficulty, state.options.poolScale),
    receivedAtMs,
  });
}

/** Ends the session; shares without an answer are the shell's to count as lost. */
export function close(state: SessionState, cause: CloseCause, text: string): SessionStep {
  return { state: { ...state, phase: "closed" }, actions: [{ kind: "close", cause, text }], reason: text };
}
