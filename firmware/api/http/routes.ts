/** Everything that the own API serves, as one table: the server registers it, and the OpenAPI document lists it. */
import { z } from "zod";
import {
  answerSchema,
  type Command,
  type CommandAnswer,
  commandSchema,
  poolTestSchema,
  type Scope,
} from "../commands.ts";
import type { ChipHistoryAnswer } from "../history/chip-history.ts";
import { RESOLUTIONS } from "../history/history-keeper.ts";
import type { HistorySeries } from "../history/history-ring.ts";
import type { MachineFacts } from "../machine-facts.ts";
import { type Query, type QueryAnswer, queryAnswers } from "../queries.ts";
import type { Upload } from "../update-intake.ts";
import type { InstallWish } from "../update-orders.ts";
import type { Identity } from "./guard.ts";
import { chipHistoryAnswer, type HistoryWish, historyAnswer, historyWish } from "./history-schemas.ts";
import { MACHINE_ROUTES } from "./machine-routes.ts";
import {
  auditAnswer,
  healthSchema,
  logsAnswer,
  poolSchema,
  sessionAnswer,
  sessionRequest,
  settingsAnswer,
  settingsPatch,
  snapshotSchema,
  summarySchema,
  tokensAnswer,
} from "./schemas.ts";
import type { ManagementState } from "./state.ts";
import { summaryOf } from "./summary.ts";
import { supportBundle } from "./support-bundle.ts";
import { traceFileWish } from "./trace-file.ts";
import { type TrafficFeed, trafficAnswer, trafficWish } from "./traffic-feed.ts";
import { UPDATE_ROUTES } from "./update-routes.ts";

/** An answer with its status; text is JSON already. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface RouteContext {
  readonly state: ManagementState;
  readonly tokens: () => readonly { id: string; name: string; scope: Scope; createdAtWallMs: number }[];
  readonly order: (command: unknown, identity: Identity) => Promise<CommandAnswer>;
  readonly query: (query: Query, scope: Scope) => Promise<QueryAnswer>;
  readonly document: () => unknown;
  readonly history: (wish: HistoryWish) => HistorySeries;
  readonly chipHistory: (chainIndex: number, chipIndex: number) => ChipHistoryAnswer;
  readonly facts: () => MachineFacts;
  readonly traffic: TrafficFeed;
  /** Null: plain HTTP. */
  readonly tlsFingerprint256: string | null;
  /** Takes a bundle; answers when it was checked. */
  readonly receive: (upload: Upload, wish: InstallWish, identity: Identity) => Promise<CommandAnswer>;
}

export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly summary: string;
  /** open: without a token. read can be opened by the owner. */
  readonly scope: Scope | "open";
  readonly body?: z.ZodType;
  /** Its body is a file of any size, as it comes. */
  readonly takesUpload?: boolean;
  /** It may grow to megabytes: few are made at once. */
  readonly isLarge?: boolean;
  /** What may stand behind the question mark. */
  readonly query?: z.ZodObject;
  readonly answer: z.ZodType;
  readonly media?: string;
  /** Absent: the server itself handles it. */
  readonly handle?: (context: RouteContext, asked: Asked) => Answer | Promise<Answer>;
}

/** One request, as far as it was checked. */
export interface Asked {
  readonly body: unknown;
  /** Null: who reads without a token. */
  readonly identity: Identity | null;
  /** The numbers in the address, by their names. */
  readonly params: Readonly<Record<string, number>>;
  /** As the route's `query` has it. */
  readonly query: unknown;
}

const ok = (body: unknown): Answer => ({ status: 200, body });

/** 503 until the miner has told; in safe idle with the reason. */
function withSnapshot({ state }: RouteContext, make: (text: string) => unknown): Answer {
  const text = state.snapshotText;
  if (text !== null) return ok(make(text));
  const message = state.idleReason ?? "the miner has not sent a snapshot yet; try again in a second";
  return { status: 503, body: { ok: false, message } };
}

async function ordered(context: RouteContext, command: unknown, identity: Identity | null): Promise<Answer> {
  if (identity === null) return { status: 401, body: { ok: false, message: "a token is needed" } };
  const answer = await context.order(command, identity);
  return { status: answer.ok ? 200 : 400, body: answer };
}

/** A pool that is no good is an answer like any other; only a test that could not be made is a refusal. */
async function poolTest(context: RouteContext, pool: unknown, identity: Identity | null): Promise<Answer> {
  if (identity === null) return { status: 401, body: { ok: false, message: "a token is needed" } };
  const answer = await context.order({ kind: "testPool", pool }, identity);
  return answer.poolTest === undefined ? { status: 400, body: answer } : ok(answer.poolTest);
}

/** Who reads without a token may read. */
async function asked(context: RouteContext, query: Query, identity: Identity | null): Promise<Answer> {
  const answer = await context.query(query, identity?.scope ?? "read");
  return answer.ok ? ok(answer.data) : { status: 400, body: answer };
}

const DETAILS: readonly Route[] = [
  {
    method: "GET",
    url: "/api/v1/chains/:chainIndex/chips",
    summary: "Each chip of a chain: clock, temperature, nonces and errors.",
    scope: "read",
    answer: queryAnswers.chips,
    handle: (context, { identity, params: { chainIndex = 0 } }) =>
      asked(context, { kind: "chips", chainIndex }, identity),
  },
  {
    method: "GET",
    url: "/api/v1/chains/:chainIndex/chips/:chipIndex/registers/:register",
    summary: "One register of one chip, read now; numbers are decimal.",
    scope: "control",
    answer: queryAnswers.register,
    handle: (context, { identity, params: { chainIndex = 0, chipIndex = 0, register = 0 } }) =>
      asked(context, { kind: "register", chainIndex, chipIndex, register }, identity),
  },
  {
    method: "GET",
    url: "/api/v1/chains/:chainIndex/chips/:chipIndex/history",
    summary: "How one chip did, every 5 min for a day; it begins with the program.",
    scope: "read",
    answer: chipHistoryAnswer,
    handle: ({ chipHistory }, { params: { chainIndex = 0, chipIndex = 0 } }) => {
      const answer = chipHistory(chainIndex, chipIndex);
      return answer.ok ? ok(answer.data) : { status: 400, body: answer };
    },
  },
  {
    method: "GET",
    url: "/api/v1/sensors",
    summary: "Each temperature sensor and fan.",
    scope: "read",
    answer: queryAnswers.sensors,
    handle: (context, { identity }) => asked(context, { kind: "sensors" }, identity),
  },
  {
    method: "GET",
    url: "/api/v1/tuning",
    summary: "Clocks and voltages as the owner tuned them, and their limits.",
    scope: "read",
    answer: queryAnswers.tuning,
    handle: (context, { identity }) => asked(context, { kind: "tuning" }, identity),
  },
  {
    method: "GET",
    url: "/api/v1/history",
    summary: "What was, from the board's own memory: every 10 s for a day, every 5 min for 90 days.",
    scope: "read",
    query: historyWish,
    answer: historyAnswer,
    isLarge: true,
    handle: ({ history }, { query }) => {
      const wish = query as HistoryWish;
      return ok({ periodMs: RESOLUTIONS[wish.resolution], fields: wish.fields, ...history(wish) });
    },
  },
  {
    method: "GET",
    url: "/api/v1/support",
    summary: "All that somebody needs who helps, as one file without secrets.",
    scope: "control",
    answer: z.record(z.string(), z.unknown()),
    isLarge: true,
    handle: async (context, { identity }) => ok(await supportBundle(context, identity?.scope ?? "read")),
  },
  {
    method: "GET",
    url: "/api/v1/trace",
    summary: "Whether traffic is recorded, and where.",
    scope: "read",
    answer: queryAnswers.trace,
    handle: (context, { identity }) => asked(context, { kind: "trace" }, identity),
  },
  {
    method: "GET",
    url: "/api/v1/traffic",
    summary:
      "What passes over chains and pool links now, decoded; recorded while somebody asks, for five seconds more.",
    scope: "control",
    query: trafficWish,
    answer: trafficAnswer,
    handle: async ({ traffic }, { query, identity }) => {
      const { after } = query as z.infer<typeof trafficWish>;
      const answer = await traffic.read(after, identity?.scope ?? "read");
      return answer.ok ? ok(answer.data) : { status: 400, body: answer };
    },
  },
  {
    method: "GET",
    url: "/api/v1/trace/file",
    summary: "A recording of the data folder, as it is now.",
    scope: "control",
    query: traceFileWish,
    answer: z.string(),
    media: "text/plain",
  },
  {
    method: "GET",
    url: "/api/v1/decisions",
    summary: "The last decisions that did something, with their reasons, oldest first.",
    scope: "read",
    answer: queryAnswers.decisions,
    handle: (context, { identity }) => asked(context, { kind: "decisions" }, identity),
  },
];

export const ROUTES: readonly Route[] = [
  ...DETAILS,
  ...MACHINE_ROUTES,
  ...UPDATE_ROUTES,
  {
    method: "GET",
    url: "/api/v1/health",
    summary: "Whether the program runs, and what keeps it from mining.",
    scope: "open",
    answer: healthSchema,
    handle: ({ state }) => {
      const status = state.idleReason !== null ? "idle" : state.snapshot === null ? "starting" : "running";
      return ok({ status, version: state.version, problem: state.idleReason });
    },
  },
  {
    method: "GET",
    url: "/api/v1/openapi.json",
    summary: "This document.",
    scope: "open",
    answer: z.record(z.string(), z.unknown()),
    handle: ({ document }) => ok(document()),
  },
  {
    method: "GET",
    url: "/api/v1/snapshot",
    summary: "The whole picture of the machine, made once a second.",
    scope: "read",
    answer: snapshotSchema.extend({ version: z.string() }),
    handle: (context) => withSnapshot(context, (text) => text),
  },
  {
    method: "GET",
    url: "/api/v1/summary",
    summary: "The machine in a few fields.",
    scope: "read",
    answer: summarySchema,
    handle: (context) =>
      withSnapshot(context, () => (context.state.snapshot === null ? null : summaryOf(context.state.snapshot))),
  },
  {
    method: "GET",
    url: "/api/v1/pools",
    summary: "Each pool, in the owner's order.",
    scope: "read",
    answer: z.object({ pools: z.array(poolSchema) }),
    handle: (context) => withSnapshot(context, () => ({ pools: context.state.snapshot?.pools ?? [] })),
  },
  {
    method: "POST",
    url: "/api/v1/pools/test",
    summary: "Connects to a pool, authorises, and tells how far it came; changes nothing. Eight seconds at most.",
    scope: "admin",
    body: settingsPatch,
    answer: poolTestSchema,
    handle: (context, { body, identity }) => poolTest(context, body, identity),
  },
  {
    method: "GET",
    url: "/api/v1/settings",
    summary: "Settings with their constraints; secrets are hidden.",
    scope: "read",
    answer: settingsAnswer,
    handle: ({ state: { settings } }) =>
      settings === null
        ? {
            status: 503,
            body: { ok: false, message: "the miner has not sent its settings yet; try again in a second" },
          }
        : ok({ ...settings.view, constraints: settings.constraints }),
  },
  {
    method: "PATCH",
    url: "/api/v1/settings",
    summary: "Changes single settings: nested tables, null removes a key, a list replaces the list.",
    scope: "admin",
    body: settingsPatch,
    answer: answerSchema,
    handle: (context, { body, identity }) =>
      ordered(context, { kind: "setSettings", patch: body as never } satisfies Command, identity),
  },
  {
    method: "POST",
    url: "/api/v1/commands",
    summary: "Orders something; the kind of the command says which scope it takes.",
    scope: "control",
    body: commandSchema,
    answer: answerSchema,
    handle: (context, { body, identity }) => ordered(context, body, identity),
  },
  {
    method: "GET",
    url: "/api/v1/events",
    summary: "Server-sent events: a snapshot each second.",
    scope: "read",
    answer: z.string(),
    media: "text/event-stream",
  },
  {
    method: "GET",
    url: "/api/v1/logs",
    summary: "The last lines of the log, oldest first.",
    scope: "control",
    answer: logsAnswer,
    isLarge: true,
    handle: ({ state }) => ok(`{"lines":[${state.log.join(",")}]}`),
  },
  {
    method: "GET",
    url: "/api/v1/audit",
    summary: "Who ordered what and how it ended, oldest first.",
    scope: "admin",
    answer: auditAnswer,
    handle: ({ state }) => ok({ entries: state.audit }),
  },
  {
    method: "GET",
    url: "/api/v1/tokens",
    summary: "Tokens without their secrets; createToken and revokeToken are commands.",
    scope: "admin",
    answer: tokensAnswer,
    handle: ({ tokens }) =>
      ok({ tokens: tokens().map(({ id, name, scope, createdAtWallMs }) => ({ id, name, scope, createdAtWallMs })) }),
  },
  {
    method: "POST",
    url: "/api/v1/sessions",
    summary: "A session for a browser, against a token; the cookie comes with the answer.",
    scope: "open",
    body: sessionRequest,
    answer: sessionAnswer,
  },
  {
    method: "DELETE",
    url: "/api/v1/sessions",
    summary: "Ends the session of the cookie.",
    scope: "open",
    answer: z.object({ ok: z.literal(true) }),
  },
];
