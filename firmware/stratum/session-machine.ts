/**
 * One link to a pool as a pure machine: configure, subscribe, authorise one at a time (some pools refuse calls that
 * arrive together), then jobs down and shares up. Messages are told apart by method and id, never by their order:
 * difficulty, mask and even a job may come before the subscribe answer.
 */
import { hex32 } from "../work/header.ts";
import { callLine, parseMask, parseSubscribeResult, type ServerMessage } from "./messages.ts";
import { handleServerCall } from "./server-calls.ts";
import { applyNotify, close, reissueJob } from "./session-jobs.ts";
import type { SessionAction, SessionInput, SessionOptions, SessionState, SessionStep } from "./session-types.ts";
import { handleShareAnswer, handleSubmit, timeOutShares } from "./submits.ts";

/** Old servers stay silent on mining.configure: then we go on without version rolling. */
const CONFIGURE_WAIT_MS = 5_000;
const HANDSHAKE_WAIT_MS = 15_000;
/** No byte for this long: the pool is gone, whatever the socket says. */
const SILENCE_LIMIT_MS = 120_000;
/** Servers renew their jobs every 20 to 60 s. One that talks, but gives no job for so long, has nothing to mine. */
const NO_JOB_LIMIT_MS = 300_000;

export function initialSession(options: SessionOptions, nowMs: number): SessionState {
  return {
    options,
    phase: "configuring",
    phaseSinceMs: nowMs,
    nextId: 1,
    awaiting: null,
    configureId: null,
    pending: new Map(),
    wishIds: [],
    extranonce: null,
    grantedMask: 0,
    isVersionRollingGranted: false,
    difficulty: 1,
    heldNotify: null,
    job: null,
    lastReceivedMs: nowMs,
    unansweredInARow: 0,
    hasAccepted: false,
    versionBits: options.versionBits,
    lastNotifyMs: null,
  };
}

export function stepSession(state: SessionState, input: SessionInput, nowMs: number): SessionStep {
  if (state.phase === "closed") return { state, actions: [], reason: "closed" };
  switch (input.kind) {
    case "connected":
      return state.options.skipConfigureUntilMs === null ? configure(state, nowMs) : subscribe(state, nowMs);
    case "message":
      return handleMessage({ ...state, lastReceivedMs: nowMs }, input.message, nowMs);
    case "submit":
      return handleSubmit(state, input.share, nowMs);
    case "tick":
      return handleTick(state, nowMs);
  }
}

function handleMessage(state: SessionState, message: ServerMessage, nowMs: number): SessionStep {
  switch (message.kind) {
    case "invalid":
      return {
        state,
        actions: [{ kind: "notice", level: "warn", text: `pool line ignored: ${message.reason}` }],
        reason: "bad line",
      };
    case "call":
      return handleServerCall(state, message, nowMs);
    case "answer":
      if (state.awaiting !== null && state.awaiting.id === message.id) return handleHandshake(state, message, nowMs);
      if (state.configureId === message.id) return handleLateConfigureAnswer(state, message.result);
      return handleShareAnswer(state, message, nowMs);
  }
}

function handleHandshake(
  state: SessionState,
  answer: Extract<ServerMessage, { kind: "answer" }>,
  nowMs: number,
): SessionStep {
  switch (state.phase) {
    case "configuring":
      return subscribe({ ...state, ...grantOf(state, answer.result), configureId: null }, nowMs);
    case "subscribing": {
      const result = parseSubscribeResult(answer.result);
      if (typeof result === "string")
        return close(state, "handshake", `the pool refused mining.subscribe: ${answer.error?.text ?? result}`);
      return authorise({ ...state, extranonce: result }, nowMs);
    }
    case "authorising":
      if (!answer.isTrue) {
        const why = answer.error?.text ?? "no reason given";
        return close(
          state,
          "unauthorised",
          `the pool does not take the user "${state.options.identity.user}": ${why}; check user and password`,
        );
      }
      return startMining(state, nowMs);
    case "mining":
    case "closed":
      return { state: { ...state, awaiting: null }, actions: [], reason: "late answer" };
  }
}

/** What an answer to mining.configure grants. A missing key means "not supported": servers answer only what they know. */
function grantOf(
  state: SessionState,
  result: unknown,
): Partial<Pick<SessionState, "grantedMask" | "isVersionRollingGranted">> {
  if (typeof result !== "object" || result === null) return {};
  const answer = result as Record<string, unknown>;
  if (answer["version-rolling"] !== true) return {};
  const mask = parseMask(answer["version-rolling.mask"]) ?? state.options.chipVersionMask;
  // "Yes, with no bits" grants nothing: a share goes out as to a pool that never heard of rolling.
  if (mask === 0) return {};
  return { grantedMask: (mask & state.options.chipVersionMask) >>> 0, isVersionRollingGranted: true };
}

/** The pool took its time: what it grants holds from now on, for the job at work as well. */
function handleLateConfigureAnswer(state: SessionState, result: unknown): SessionStep {
  const next: SessionState = { ...state, configureId: null };
  // A mask that the pool set on its own in the meantime is the newer word.
  const grant = state.isVersionRollingGranted ? {} : grantOf(state, result);
  if (grant.grantedMask === undefined) return { state: next, actions: [], reason: "late answer grants nothing" };
  return reissueJob({ ...next, ...grant }, "version rolling granted late");
}

function call(
  state: SessionState,
  phase: SessionState["phase"],
  method: string,
  params: readonly unknown[],
  nowMs: number,
): SessionStep {
  const id = state.nextId;
  return {
    state: { ...state, phase, phaseSinceMs: nowMs, nextId: id + 1, awaiting: { id: String(id), method } },
    actions: [{ kind: "send", line: callLine(id, method, params) }],
    reason: method,
  };
}

function configure(state: SessionState, nowMs: number): SessionStep {
  const { chipVersionMask, minimumDifficulty, wantsExtranonceSubscribe } = state.options;
  const extensions = ["version-rolling"];
  const values: Record<string, unknown> = {
    "version-rolling.mask": hex32(chipVersionMask),
    "version-rolling.min-bit-count": 2,
  };
  if (minimumDifficulty !== null) {
    extensions.push("minimum-difficulty");
    values["minimum-difficulty.value"] = minimumDifficulty;
  }
  if (wantsExtranonceSubscribe) extensions.push("subscribe-extranonce");
  const step = call(state, "configuring", "mining.configure", [extensions, values], nowMs);
  return { ...step, state: { ...step.state, configureId: step.state.awaiting?.id ?? null } };
}

function subscribe(state: SessionState, nowMs: number): SessionStep {
  return call(state, "subscribing", "mining.subscribe", [state.options.agent], nowMs);
}

function authorise(state: SessionState, nowMs: number): SessionStep {
  const { identity, password } = state.options;
  const step = call(state, "authorising", "mining.authorize", [identity.user, password], nowMs);
  return withHeldNotify(step);
}

/** A job that came before the extranonce is built as soon as that is known. */
function withHeldNotify(step: SessionStep): SessionStep {
  const held = step.state.heldNotify;
  if (held === null) return step;
  const next = applyNotify({ ...step.state, heldNotify: null }, held.fields, held.receivedAtMs);
  return { state: next.state, actions: [...step.actions, ...next.actions], reason: step.reason };
}

function startMining(state: SessionState, nowMs: number): SessionStep {
  const { suggestDifficulty, wantsExtranonceSubscribe } = state.options;
  const wishes: [method: string, params: readonly unknown[]][] = [];
  if (suggestDifficulty !== null) wishes.push(["mining.suggest_difficulty", [suggestDifficulty]]);
  // Servers that know mining.configure may know this call only, and the other way round; twice does no harm.
  if (wantsExtranonceSubscribe) wishes.push(["mining.extranonce.subscribe", []]);
  const text = `authorised as ${state.options.identity.user}`;
  const actions: SessionAction[] = [{ kind: "notice", level: "info", text }];
  for (const [i, [method, params]] of wishes.entries()) {
    actions.push({ kind: "send", line: callLine(state.nextId + i, method, params) });
  }
  const nextId = state.nextId + wishes.length;
  const wishIds = wishes.map((_, i) => String(state.nextId + i));
  return {
    state: { ...state, phase: "mining", phaseSinceMs: nowMs, awaiting: null, nextId, wishIds },
    actions,
    reason: "authorised",
  };
}

function handleTick(state: SessionState, nowMs: number): SessionStep {
  const waitedMs = nowMs - state.phaseSinceMs;
  if (state.phase === "configuring" && waitedMs > CONFIGURE_WAIT_MS) {
    const step = subscribe(state, nowMs);
    const text = "the pool does not answer mining.configure: mining without version rolling until it does";
    return { ...step, actions: [{ kind: "notice", level: "warn", text }, ...step.actions] };
  }
  if ((state.phase === "subscribing" || state.phase === "authorising") && waitedMs > HANDSHAKE_WAIT_MS) {
    return close(
      state,
      "handshake",
      `no answer to ${state.awaiting?.method ?? "the handshake"} within ${HANDSHAKE_WAIT_MS / 1000} s`,
    );
  }
  if (nowMs - state.lastReceivedMs > SILENCE_LIMIT_MS) {
    return close(state, "silent", `the pool sent nothing for ${SILENCE_LIMIT_MS / 1000} s`);
  }
  if (nowMs - (state.lastNotifyMs ?? state.phaseSinceMs) > NO_JOB_LIMIT_MS) {
    return close(state, "silent", `the pool gave no job for ${NO_JOB_LIMIT_MS / 1000} s`);
  }
  if (isAskingAgainDue(state, nowMs)) return close(state, "again", "asking for version rolling again, on a new link");
  return timeOutShares(state, nowMs);
}

/** The session that went without mining.configure mines: it has done its part. */
function isAskingAgainDue(state: SessionState, nowMs: number): boolean {
  const untilMs = state.options.skipConfigureUntilMs;
  const isMining = state.phase === "mining" && state.job !== null;
  return untilMs !== null && nowMs >= untilMs && isMining && !state.isVersionRollingGranted;
}
