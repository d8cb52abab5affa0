/**
 * The web server of the own API: limits on everything that comes in, then the guard, then the table of routes. Each
 * refusal is one sentence in JSON.
 */
import http, { type Server } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import type { Clock } from "#hal/clock.ts";
import { shortened } from "../../config/sentence.ts";
import type { RandomBytes } from "../access.ts";
import { allows, type CommandAnswer, type CommandOrigin, refused, type Scope } from "../commands.ts";
import { UNKNOWN_FACTS } from "../machine-facts.ts";
import type { Query, QueryAnswer } from "../queries.ts";
import { requestProblem } from "../request-problem.ts";
import type { KeptSession } from "../session-memory.ts";
import { UPLOAD_LIMIT_MS, type Upload } from "../update-intake.ts";
import { BODY_MAX_BYTES, FILE, parseJsonBody, type WebServerError, webServerProblem } from "./body.ts";
import { EventStream } from "./events.ts";
import { COOKIE, Guard, type Identified, type Identity, isForeign } from "./guard.ts";
import { LARGE_SIGNS, LargeAnswers, TURN_LIMIT_MS } from "./large-answers.ts";
import { openApiDocument } from "./openapi.ts";
import { type Answer, type Asked, ROUTES, type Route, type RouteContext } from "./routes.ts";
import { sessionRequest } from "./schemas.ts";
import type { ManagementState } from "./state.ts";
import type { TlsMaterial } from "./tls.ts";
import { sendTraceFile, traceFileWish } from "./trace-file.ts";
import { TrafficFeed } from "./traffic-feed.ts";
import { serveWebAssets } from "./web-assets.ts";

const HEADERS_MAX_BYTES = 16 * 1024;
const SOCKETS_MAX = 100;
/** Head of a request, and the whole of it. */
const HEADERS_LIMIT_MS = 5_000;
const REQUEST_LIMIT_MS = 6_000;
const CHECK_PERIOD_MS = 1_000;
const KEEP_ALIVE_MS = 15_000;
const AT_THE_MACHINE: Identity = {
  who: "console",
  scope: "admin",
  tokenId: "",
  isSession: false,
  sessionKey: null,
  face: "console",
};
const NO_FILE: Answer = { status: 400, body: { ok: false, message: `the body must be the bundle itself, as ${FILE}` } };

const BUSY: Answer = {
  status: 429,
  body: { ok: false, message: "too many tokens are being checked; try again in a second" },
};

const TOO_MANY_LARGE: Answer = {
  status: 503,
  body: { ok: false, message: "too many large answers are on their way to others; ask again in some seconds" },
};

export interface ApiServerOptions {
  /** Null: plain HTTP. */
  readonly tls: TlsMaterial | null;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly state: ManagementState;
  readonly readsNeedToken: boolean;
  readonly sessionMs: number;
  /** Absent: sessions end with this server. */
  readonly onSessions?: (sessions: readonly KeptSession[]) => void;
  readonly order: (command: unknown, origin: CommandOrigin, scope: Scope) => Promise<CommandAnswer>;
  readonly query: (query: Query, scope: Scope) => Promise<QueryAnswer>;
  readonly history: RouteContext["history"];
  readonly chipHistory: RouteContext["chipHistory"];
  /** Where recordings lie; absent: none are handed out. */
  readonly traceFolder?: string;
  /** Absent: nothing is known of the network. */
  readonly facts?: RouteContext["facts"];
  /** Absent: bundles are refused. */
  readonly receive?: RouteContext["receive"];
  /** Where the page of the owner lies; null: there is none. */
  readonly webFolder: string | null;
}

export interface ApiServer {
  readonly app: FastifyInstance;
  /** The same for who sits at the machine: it listens nowhere before somebody says where. */
  readonly local: Server;
  readonly guard: Guard;
  readonly events: EventStream;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { clock, randomBytes, sessionMs, state } = options;
  const isTls = options.tls !== null;
  const { onSessions } = options;
  const events = new EventStream();
  const onFewer = (): void => events.endOfWhoIsOut();
  const guard = new Guard({
    clock,
    randomBytes,
    sessionMs,
    onFewer,
    ...(onSessions === undefined ? {} : { onSessions }),
  });
  const uploads = new WeakSet<Socket>();
  const app = createApp(options.tls, uploads);
  let document: unknown = null;
  const local = createLocalServer(app);
  const large = new LargeAnswers(clock);
  for (const listening of [app.server as Server, local.server]) large.watch(listening);
  const context: RouteContext = {
    state,
    tokens: () => guard.tokens,
    order: (command, { who, scope, face }) => options.order(command, { face, who }, scope),
    query: options.query,
    history: options.history,
    chipHistory: options.chipHistory,
    traffic: new TrafficFeed(options.query),
    facts: options.facts ?? (() => UNKNOWN_FACTS),
    tlsFingerprint256: options.tls?.fingerprint ?? null,
    receive: options.receive ?? (() => Promise.resolve(refused("This program takes no updates."))),
    document: () => (document ??= openApiDocument(ROUTES, state.version)),
  };
  for (const route of ROUTES) {
    const { method, url, scope } = route;
    const isOpen = scope === "open" || (scope === "read" && !options.readsNeedToken);
    app.route({
      method,
      url,
      handler: async (request, reply) => {
        const need = scope === "open" ? "read" : scope;
        const admitted = await (local.has(request.raw.socket) ? admitLocal : admit)(guard, request, need, isOpen);
        if ("status" in admitted) return send(reply, admitted);
        if (route.handle !== undefined) {
          const asked = checkRequest(route, request);
          if ("status" in asked) return send(reply, asked);
          if (route.takesUpload === true) uploads.add(request.raw.socket);
          if (route.isLarge === true && !(await large.hold(reply.raw))) return sendLater(reply);
          const answer = await route.handle(context, { ...asked, identity: admitted.identity });
          return sendLimited(reply, answer, large);
        }
        const { traceFolder = null } = options;
        const { identity } = admitted;
        return special(url, method, { guard, events, state, sessionMs, isTls, traceFolder, request, reply, identity });
      },
    });
  }
  serveWebAssets(app, options.webFolder);
  return { app, local: local.server, guard, events };
}

interface LocalServer {
  readonly server: Server;
  /** Whether a connection came in here. */
  has(socket: Socket): boolean;
}

/** Another door to the same routes: its connections are remembered, since nothing in a request tells them. */
function createLocalServer(app: FastifyInstance): LocalServer {
  const sockets = new WeakSet<Socket>();
  const server = http.createServer((request, response) => app.routing(request, response));
  server.maxConnections = SOCKETS_MAX;
  server.requestTimeout = UPLOAD_LIMIT_MS;
  server.on("connection", (socket: Socket) => void sockets.add(socket));
  app.addHook("onClose", async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return { server, has: (socket) => sockets.has(socket) };
}

/** A sentence when one is no number; whether they are in range checks whoever uses them. */
function numbersOf(params: Readonly<Record<string, string>>): Record<string, number> | string {
  const numbers: Record<string, number> = {};
  for (const [name, text] of Object.entries(params)) {
    if (!/^\d{1,9}$/.test(text))
      return `${name} in the address is ${shortened(JSON.stringify(text))}: must be a whole decimal number of up to 9 digits`;
    numbers[name] = Number(text);
  }
  return numbers;
}

/** @param uploads connections that may take longer for a request than others. */
function createApp(tls: TlsMaterial | null, uploads: WeakSet<Socket>): FastifyInstance {
  const app = Fastify({
    // The types of a server with and without TLS differ in nothing that is used here.
    ...(tls === null ? {} : ({ https: { key: tls.key, cert: tls.cert } } as unknown as { https?: null })),
    logger: false,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => {
      const message = webServerProblem(error, request.headers);
      void send(reply as FastifyReply, { status: error.statusCode ?? 400, body: { ok: false, message } });
    },
    bodyLimit: BODY_MAX_BYTES,
    requestTimeout: REQUEST_LIMIT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: HEADERS_MAX_BYTES,
      headersTimeout: HEADERS_LIMIT_MS,
      connectionsCheckingInterval: CHECK_PERIOD_MS,
    },
    clientErrorHandler: (error, socket) => {
      // Whoever receives a bundle has a limit of its own for it.
      if (error.code !== "ERR_HTTP_REQUEST_TIMEOUT" || !uploads.has(socket)) answerClientError(error, socket);
    },
  });
  (app.server as Server).maxConnections = SOCKETS_MAX;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, finish) => {
    const parsed = parseJsonBody(String(body));
    if ("problem" in parsed) finish(Object.assign(new Error(parsed.problem), { statusCode: 400 }));
    else finish(null, parsed.value);
  });
  app.addContentTypeParser(FILE, (request, payload, finish) => {
    const bytes = Number(request.headers["content-length"]);
    finish(null, { stream: payload, bytes: Number.isSafeInteger(bytes) ? bytes : null } satisfies Upload);
  });
  app.addHook("onSend", async (_request, reply) => {
    void reply.header("x-content-type-options", "nosniff");
    if (!reply.hasHeader("cache-control")) void reply.header("cache-control", "no-store");
    // What is left of a refused body is not read for the next request.
    if (reply.statusCode >= 400) void reply.header("connection", "close");
  });
  app.setErrorHandler((error: WebServerError, request, reply) => {
    const status = error.statusCode ?? 500;
    void send(reply, { status, body: { ok: false, message: webServerProblem(error, request.headers) } });
  });
  app.setNotFoundHandler((_request, reply) =>
    send(reply, {
      status: 404,
      body: { ok: false, message: "there is nothing here; /api/v1/openapi.json lists what is" },
    }),
  );
  return app;
}

type Admitted = { readonly identity: Identity | null } | Answer;

async function admit(guard: Guard, request: FastifyRequest, need: Scope, isOpen: boolean): Promise<Admitted> {
  const { authorization, cookie, origin, host } = request.headers;
  const problem = (status: number, message: string): Answer => ({ status, body: { ok: false, message } });
  if (isForeign(origin, host)) return problem(403, "a page of another origin may not ask here");
  const found: Identified = await guard.identify(authorization, cookie, request.ip);
  if (typeof found === "object") {
    // A browser names the origin of whatever it changes; a cookie without it comes from somewhere else.
    const isChange = request.method !== "GET";
    if (found.isSession && isChange && origin === undefined)
      return problem(403, "a session changes things only with an Origin header");
    if (!isOpen && !allows(found.scope, need))
      return problem(403, `this takes scope ${need}, the token has ${found.scope}`);
    return { identity: found };
  }
  if (found === "none" && isOpen) return { identity: null };
  if (found === "busy") return BUSY;
  const why = found === "wrong" ? "this token is not known" : "a token is needed";
  return problem(401, `${why}: Authorization: Bearer TOKEN; kumpel config token makes one`);
}

/** Who sits at the machine needs no token. Who names one acts with it: he came in over a line of which anybody may hold the end. */
async function admitLocal(guard: Guard, request: FastifyRequest, need: Scope, isOpen: boolean): Promise<Admitted> {
  if (request.headers.authorization === undefined) return { identity: AT_THE_MACHINE };
  const admitted = await admit(guard, request, need, isOpen);
  if ("status" in admitted || admitted.identity === null) return admitted;
  return { identity: { ...admitted.identity, face: "console" } };
}

/** What the request asks for, or what is wrong with it. */
function checkRequest(route: Route, request: FastifyRequest): Omit<Asked, "identity"> | Answer {
  const params = numbersOf(request.params as Record<string, string>);
  if (typeof params === "string") return badRequest(params);
  const query = route.query?.safeParse(request.query);
  if (query?.success === false && route.query !== undefined)
    return badRequest(requestProblem(route.query, query.error, request.query, "the address"));
  return checkBody(route, request.body) ?? { body: request.body, params, query: query?.data };
}

function badRequest(message: string): Answer {
  return { status: 400, body: { ok: false, message } };
}

/** Null: the body is as the route wants it. */
function checkBody({ body: schema, takesUpload }: Route, body: unknown): Answer | null {
  if (takesUpload === true) return isUpload(body) ? null : NO_FILE;
  if (schema === undefined) return null;
  const result = schema.safeParse(body);
  return result.success ? null : badRequest(requestProblem(schema, result.error, body, "the body"));
}

function isUpload(body: unknown): body is Upload {
  return typeof body === "object" && body !== null && "stream" in body && body.stream instanceof Readable;
}

interface SpecialRequest {
  readonly guard: Guard;
  readonly events: EventStream;
  readonly state: ManagementState;
  readonly sessionMs: number;
  readonly isTls: boolean;
  readonly traceFolder: string | null;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Null: who reads without a token. */
  readonly identity: Identity | null;
}

/** What is more than an answer: the stream, and cookies. */
async function special(url: string, method: string, parts: SpecialRequest): Promise<FastifyReply> {
  const { guard, events, state, sessionMs, isTls, request, reply, identity } = parts;
  if (url.endsWith("/events")) {
    if (events.isFull) return send(reply, { status: 503, body: { ok: false, message: "too many listen already" } });
    reply.hijack();
    const isBound = identity !== null && identity !== AT_THE_MACHINE;
    events.add(reply.raw, state.snapshotText, () => !isBound || guard.isStillIn(identity));
    return reply;
  }
  if (url.endsWith("/trace/file")) return traceFile(parts);
  if (method === "DELETE") {
    guard.endSession(request.headers.cookie);
    void reply.header("set-cookie", `${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`);
    return send(reply, { status: 200, body: { ok: true } });
  }
  const body = sessionRequest.safeParse(request.body);
  if (!body.success)
    return send(reply, badRequest(requestProblem(sessionRequest, body.error, request.body, "the body")));
  const found = await guard.checkToken(body.data.token, request.ip);
  if (found === "busy") return send(reply, BUSY);
  if (typeof found !== "object")
    return send(reply, { status: 401, body: { ok: false, message: "this token is not known" } });
  const value = guard.beginSession(found);
  const age = Math.round(sessionMs / 1_000);
  void reply.header(
    "set-cookie",
    `${COOKIE}=${value}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isTls ? "; Secure" : ""}`,
  );
  return send(reply, { status: 200, body: { ok: true, scope: found.scope, who: found.who } });
}

async function traceFile({ traceFolder, request, reply }: SpecialRequest): Promise<FastifyReply> {
  const wish = traceFileWish.safeParse(request.query);
  if (!wish.success)
    return send(reply, badRequest(requestProblem(traceFileWish, wish.error, request.query, "the address")));
  const problem =
    traceFolder === null ? "there is no data folder" : await sendTraceFile(reply, traceFolder, wish.data.name);
  return problem === null ? reply : send(reply, { status: 404, body: { ok: false, message: problem } });
}

function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  return sendText(reply, status, textOf(body));
}

/** One that is large comes when there is a place for it, and lies outside the heap until it is taken. */
async function sendLimited(reply: FastifyReply, { status, body }: Answer, large: LargeAnswers): Promise<FastifyReply> {
  const text = textOf(body);
  if (text.length <= LARGE_SIGNS) return sendText(reply, status, text);
  // Made already: to wait with it would be worse than to make it again.
  return (await large.hold(reply.raw, 0)) ? sendText(reply, status, Buffer.from(text)) : sendLater(reply);
}

function sendLater(reply: FastifyReply): FastifyReply {
  return send(reply.header("retry-after", String(TURN_LIMIT_MS / 1_000)), TOO_MANY_LARGE);
}

function textOf(body: unknown): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

function sendText(reply: FastifyReply, status: number, text: string | Buffer): FastifyReply {
  return reply.code(status).header("content-type", "application/json; charset=utf-8").send(text);
}

/** What never became a request: too large a head, no HTTP, or too slow. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLate = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = isLate ? "408 Request Timeout" : "400 Bad Request";
  const message = isLate
    ? `the request was not complete within ${REQUEST_LIMIT_MS / 1000} s`
    : error.code === "HPE_HEADER_OVERFLOW"
      ? `the head of the request is larger than ${HEADERS_MAX_BYTES} bytes`
      : "this is no request that can be understood";
  const body = JSON.stringify({ ok: false, message });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
