/**
 * From the text of a request to the text of its reply: access, joins, the `new_api` variant, orders. Knows no sockets, so
 * that every byte of the protocol can be tested without one.
 */
import type { Mutex } from "#hal/mutex.ts";
import { orderAll } from "../face-orders.ts";
import { type FaceParts, type FaceView, viewOf } from "../machine-facts.ts";
import type { Report } from "../stock/reports.ts";
import { type AccessRules, groupOf, mayUse } from "./access.ts";
import { COMMANDS, NEW_API_REPORTS } from "./commands.ts";
import { failed, type Outcome, REFUSED } from "./outcome.ts";
import { jsonReply, type Reply, type ReplyStamp, textReply } from "./reply.ts";
import { type ParsedRequest, parseRequest } from "./request.ts";

export interface AnswerParts extends FaceParts {
  readonly access: AccessRules;
  /** Orders go one after the other, since each builds on what the one before left; absent: whoever calls sees to it. */
  readonly orderTurns?: Mutex;
}

/** Words for what cannot even be read. */
const PARSE_ERRORS = {
  14: "Invalid command",
  23: "Invalid JSON",
  24: "Missing JSON 'command'",
} as const;

const JUST_BEGUN = "the miner has just begun; ask again in a second";

type GoodRequest = Extract<ParsedRequest, { kind: "request" }>;

interface Turn {
  readonly parts: AnswerParts;
  readonly request: GoodRequest;
  readonly group: string;
  readonly address: string;
  readonly stamp: ReplyStamp;
}

/**
 * The reply to one request, without the NUL that ends it.
 * @returns null when the client's address is in no range: it gets no answer at all.
 */
export async function answer(parts: AnswerParts, address: string, text: string): Promise<string | null> {
  const group = groupOf(parts.access, address);
  if (group === null) return null;
  const { version } = parts.facts();
  const stamp = { whenS: Math.floor(parts.clock.wallTimeMs() / 1000), description: `kumpel ${version}` };
  const request = parseRequest(text);
  if (request.kind === "error") return render(failed(request.code, PARSE_ERRORS[request.code]), request.isJson, stamp);
  const turn: Turn = { parts, request, group, address, stamp };
  if (request.isJoined) return joined(turn);
  const [command = ""] = request.commands;
  const result = await single(turn, command);
  if (result === "RESTART") return request.isJson ? '{"STATUS":"RESTART"}' : "RESTART";
  return "report" in result ? JSON.stringify(result.report) : render(result, request.isJson, stamp);
}

function render(result: Reply, isJson: boolean, stamp: ReplyStamp): string {
  return isJson ? JSON.stringify(jsonReply(result, stamp)) : textReply(result, stamp);
}

type Result = Reply | { report: Report } | "RESTART";

async function single(turn: Turn, command: string): Promise<Result> {
  const { parts } = turn;
  const denial = refusalOf(turn, command);
  if (denial !== null) return denial;
  const act = (): Promise<Result> => resultOf(turn, command);
  const isOrder = COMMANDS.get(command)?.isPrivileged === true;
  return isOrder && parts.orderTurns !== undefined ? parts.orderTurns.run(act) : act();
}

async function resultOf(turn: Turn, command: string): Promise<Result> {
  const { request, parts } = turn;
  const view = viewOf(parts);
  if (view === null) return failed(REFUSED, JUST_BEGUN);
  if (request.isNewApi) {
    const reports = NEW_API_REPORTS.get(command);
    if (reports !== undefined) return { report: reports(view) };
    if (command === "reload") return failed(REFUSED, "reload: settings are taken over when they are changed");
  }
  const outcome = run(turn, view, command, request.parameter);
  return "order" in outcome ? carryOut(turn, outcome) : outcome;
}

async function carryOut(turn: Turn, { order, done }: Extract<Outcome, { order: unknown }>): Promise<Reply | "RESTART"> {
  const taken = await orderAll(turn.parts, [order], `socket API from ${turn.address}`);
  // Clients match the protocol's own words: none are added that say from when on it counts.
  return taken.ok ? done : failed(REFUSED, taken.message);
}

function run(turn: Turn, view: FaceView, command: string, parameter: string | null): Outcome {
  const known = COMMANDS.get(command);
  const idle = turn.parts.idle?.() ?? null;
  // Pools that a machine has would be gone with the first one that is added while it cannot read them.
  if (idle !== null && !idle.lacksPool && known?.changesPools === true) return failed(REFUSED, idle.reason);
  const isAllowed = (name: string): boolean =>
    mayUse(turn.parts.access, turn.group, name, COMMANDS.get(name)?.isPrivileged ?? true);
  return known?.run({ view, parameter, mayUse: isAllowed }) ?? failed(14, "Invalid command");
}

/** Unknown, or not for this client; null when it may go on. */
function refusalOf({ parts, group, request }: Turn, command: string): Reply | null {
  const known = COMMANDS.get(command);
  const isExtension = request.isNewApi && !request.isJoined && (NEW_API_REPORTS.has(command) || command === "reload");
  if (known === undefined && !isExtension) return failed(14, "Invalid command");
  const isPrivileged = known?.isPrivileged ?? command === "reload";
  return mayUse(parts.access, group, command, isPrivileged) ? null : denied(command);
}

function denied(command: string): Reply {
  return failed(45, `Access denied to '${command}' command`);
}

/** Each member answers for itself; parameters are for single commands only. */
function joined(turn: Turn): string {
  const { request, parts, stamp } = turn;
  const view = viewOf(parts);
  const replies = request.commands.map((command): readonly [string, Reply] => {
    const denial = refusalOf(turn, command);
    if (denial !== null) return [command, denial];
    if (COMMANDS.get(command)?.isJoinable !== true) return [command, denied(command)];
    if (view === null) return [command, failed(REFUSED, JUST_BEGUN)];
    const outcome = run(turn, view, command, null);
    return [command, "order" in outcome ? denied(command) : outcome];
  });
  if (!request.isJson)
    return replies.map(([command, result]) => `CMD=${safeName(command)}|${textReply(result, stamp)}`).join("");
  const members = replies.map(([command, result]) => [command, [jsonReply(result, stamp)]] as const);
  return JSON.stringify({ ...Object.fromEntries(members), id: 1 });
}

function safeName(command: string): string {
  return command.replaceAll(/[^\w-]/g, "?");
}
