/** Calls that a pool makes: one table, method to handler. Unknown ones get an error only if they carry an id. */
import {
  answerLine,
  clip,
  parseDifficulty,
  parseExtranonce,
  parseMask,
  parseNotify,
  type ServerMessage,
  shown,
} from "./messages.ts";
import { judgeRedirect } from "./redirect.ts";
import { applyNotify, close, reissueJob } from "./session-jobs.ts";
import type { SessionAction, SessionState, SessionStep } from "./session-types.ts";

type ServerCall = Extract<ServerMessage, { kind: "call" }>;
type Handler = (state: SessionState, call: ServerCall, nowMs: number) => SessionStep;

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ["mining.notify", notify],
  ["mining.set_difficulty", setDifficulty],
  ["mining.set_extranonce", setExtranonce],
  ["mining.set_version_mask", setVersionMask],
  [
    "client.show_message",
    (state, call) =>
      notice(state, "info", `message of the pool: ${clip(typeof call.params[0] === "string" ? call.params[0] : "")}`),
  ],
  ["client.get_version", (state, call) => reply(state, call.id, state.options.agent)],
  ["mining.ping", (state, call) => reply(state, call.id, "pong")],
  ["client.reconnect", reconnect],
]);

export function handleServerCall(state: SessionState, call: ServerCall, nowMs: number): SessionStep {
  const handler = HANDLERS.get(call.method);
  if (handler !== undefined) return handler(state, call, nowMs);
  if (typeof call.id !== "number" && typeof call.id !== "string")
    return { state, actions: [], reason: `unknown call ${clip(call.method)} ignored` };
  const line = answerLine(call.id, null, [-3, "Method not found", null]);
  return { state, actions: [{ kind: "send", line }], reason: `unknown call ${clip(call.method)}` };
}

function notify(state: SessionState, call: ServerCall, nowMs: number): SessionStep {
  const fields = parseNotify(call.params);
  if (typeof fields === "string") return notice(state, "warn", `job dropped: ${fields}`);
  return applyNotify({ ...state, lastNotifyMs: nowMs }, fields, nowMs);
}

/** Holds for the jobs that come after it; the job at work keeps its own. */
function setDifficulty(state: SessionState, call: ServerCall): SessionStep {
  const difficulty = parseDifficulty(call.params);
  if (difficulty === null) {
    const given = shown(call.params[0]);
    return notice(state, "warn", `difficulty ${given} is no number above 0: keeping ${state.difficulty}`);
  }
  return { state: { ...state, difficulty }, actions: [], reason: `difficulty ${difficulty} from the next job on` };
}

/** Used from the next notify on; jobs carry their own extranonce1, so older ones stay right. */
function setExtranonce(state: SessionState, call: ServerCall): SessionStep {
  const extranonce = parseExtranonce(call.params);
  if (typeof extranonce === "string") return notice(state, "warn", `mining.set_extranonce ignored: ${extranonce}`);
  return { state: { ...state, extranonce }, actions: [], reason: "new extranonce from the next job on" };
}

/** Valid at once, without waiting for a job: the job at work is issued again with the new mask. */
function setVersionMask(state: SessionState, call: ServerCall): SessionStep {
  const mask = parseMask(call.params[0]);
  if (mask === null) {
    return notice(state, "warn", `version mask ${shown(call.params[0])} is no hex number: ignored`);
  }
  const grantedMask = (mask & state.options.chipVersionMask) >>> 0;
  const next: SessionState = { ...state, grantedMask, isVersionRollingGranted: true };
  return reissueJob(next, "version mask set");
}

/** A move within the pool's own domain is followed; anything else is told and ignored. */
function reconnect(state: SessionState, call: ServerCall): SessionStep {
  const redirect = judgeRedirect(state.options.address, call.params);
  if (redirect.kind === "refused") return notice(state, "warn", redirect.text);
  const { host, port, waitMs } = redirect;
  const step = close(state, "asked", `the pool asked for a new connection to ${host} port ${port}`);
  return { ...step, actions: [{ kind: "redirect", host, port, waitMs }, ...step.actions] };
}

function reply(state: SessionState, id: unknown, result: unknown): SessionStep {
  if (typeof id !== "number" && typeof id !== "string") return { state, actions: [], reason: "a call without an id" };
  return { state, actions: [{ kind: "send", line: answerLine(id, result) }], reason: "answered" };
}

function notice(state: SessionState, level: "info" | "warn", text: string): SessionStep {
  const action: SessionAction = { kind: "notice", level, text };
  return { state, actions: [action], reason: text };
}
