/**
 * The faces for other people's tools, in the management worker: cgminer API, stock web face with its status port, metrics.
 * Each listens only where the settings say so; what it is asked to do goes to the one command bus.
 */
import http from "node:http";
import type { Clock } from "#hal/clock.ts";
import type { Random } from "#hal/random.ts";
import { parseAccess } from "./cgminer/access.ts";
import { startSocketServer } from "./cgminer/server.ts";
import type { Command, CommandAnswer, CommandOrigin } from "./commands.ts";
import {
  FACE_NAMES,
  type FaceFailure,
  type FaceName,
  type FaceOptions,
  type FacePlace,
  type StartedFaces,
} from "./face-places.ts";
import type { Idle } from "./idle-snapshot.ts";
import type { FaceOrder, FaceParts, MachineFacts, OrderAnswer, ReadHistory } from "./machine-facts.ts";
import { metricsReply } from "./metrics/metrics-reply.ts";
import type { MinerSnapshot } from "./snapshot.ts";
import { credentialsOf, type WebCredentials } from "./stock/digest.ts";
import { startStatusServer, startWebServer } from "./stock/web-server.ts";
import type { Upload } from "./update-intake.ts";
import type { InstallWish } from "./update-orders.ts";

export interface FacesParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly snapshot: () => MinerSnapshot | null;
  readonly facts: () => MachineFacts;
  readonly idle: () => Idle | null;
  readonly history: ReadHistory;
  readonly order: (command: Command, origin: CommandOrigin) => Promise<CommandAnswer>;
  readonly logText: () => string;
  readonly receive: (upload: Upload, wish: InstallWish, origin: CommandOrigin) => Promise<CommandAnswer>;
}

/** Starts what is wanted; one that cannot listen is told and keeps no other from it. */
export async function startFaces(options: FaceOptions, parts: FacesParts): Promise<StartedFaces> {
  const starts = startersOf(options, parts);
  const ports: Record<FaceName, number | null> = { cgminer: null, stock: null, status: null, metrics: null };
  const failures: FaceFailure[] = [];
  for (const face of FACE_NAMES) {
    const wanted = options.places[face];
    if (wanted === null) continue;
    try {
      ports[face] = await listenSomewhere(starts[face], wanted);
    } catch (error) {
      const { code = "UNKNOWN", message } = error as NodeJS.ErrnoException;
      failures.push({ face, place: wanted, code, message });
    }
  }
  return { ports, failures };
}

type Start = (host: string, port: number) => Promise<{ readonly port: number }>;

function startersOf(options: FaceOptions, parts: FacesParts): Readonly<Record<FaceName, Start>> {
  const { clock, random, snapshot, facts, idle, history, logText } = parts;
  const faceParts = (face: FaceName): FaceParts => {
    return { snapshot, facts, idle, history, clock, order: (order, who) => give(order, { face, who }, parts) };
  };
  const login = new StockLogin(options.stockLogin, parts);
  return {
    cgminer: (host, port) =>
      startSocketServer({
        ...faceParts("cgminer"),
        access: parseAccess(options.cgminerAllow, options.cgminerGroups),
        host,
        port,
      }),
    stock: (host, port) =>
      startWebServer({
        ...faceParts("stock"),
        credentials: () => login.credentials,
        changeCredentials: (next, who) => login.change(next, who),
        setNetwork: null,
        receiveImage: async (stream, bytes, clearsSettings, who) => {
          const answer = await parts.receive(
            { stream, bytes },
            { isForced: false, clearsSettings },
            { face: "stock", who },
          );
          return { ok: answer.ok, message: answer.message, effectiveAt: answer.ok ? "now" : null };
        },
        logText,
        host,
        port,
        random,
      }),
    status: (host, port) => startStatusServer({ ...faceParts("status"), host, port }),
    metrics: (host, port) => startMetricsServer({ ...faceParts("metrics"), host, port }),
  };
}

async function listenSomewhere(start: Start, { host, port, isPortDefault }: FacePlace): Promise<number> {
  try {
    return (await start(host, port)).port;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!isPortDefault || (code !== "EADDRINUSE" && code !== "EACCES")) throw error;
    return (await start(host, 0)).port;
  }
}

/** User and password of the stock face: what was changed counts at once and is kept in the settings. */
class StockLogin {
  credentials: WebCredentials | null;
  readonly #parts: FacesParts;

  constructor(login: FaceOptions["stockLogin"], parts: FacesParts) {
    this.credentials = login === null ? null : "ha1" in login ? login : credentialsOf(login.user, login.password);
    this.#parts = parts;
  }

  async change(next: WebCredentials, who: string): Promise<OrderAnswer> {
    const { user, ha1 } = next;
    const patch = { network: { stock: { user, ha1, password: null } } };
    const answer = await this.#parts.order({ kind: "setSettings", patch }, { face: "stock", who });
    if (answer.ok) this.credentials = next;
    return { ok: answer.ok, message: answer.message, effectiveAt: answer.ok ? "now" : null };
  }
}

async function give(order: FaceOrder, origin: CommandOrigin, { order: place }: FacesParts): Promise<OrderAnswer> {
  const answer = await place(commandOf(order), origin);
  return { ok: answer.ok, message: answer.message, effectiveAt: answer.ok ? answer.effect : null };
}

/** Only orders know faces; only commands knows the bus. */
export function commandOf(order: FaceOrder): Command {
  switch (order.kind) {
    case "setPools":
      // An empty password keeps the one that this pool and user have.
      return {
        kind: "setPools",
        pools: order.pools.map((pool) => Object.assign({}, pool, { password: pool.password ?? "" })),
        // Managers compare what they read with what they wrote, and write again where it differs.
        areUrlsExact: true,
      };
    case "setFan":
      return { kind: "setFanDuty", dutyPct: order.dutyPct };
    case "factoryReset":
      return { kind: "factoryReset", confirm: "factory reset" };
    case "pause":
    case "resume":
      return { kind: order.kind };
    case "restart":
    case "restartChain":
    case "setFrequency":
    case "locate":
      return order;
  }
}

interface MetricsServerOptions extends FaceParts {
  readonly host: string;
  readonly port: number;
}

const METRICS_PATH = "/metrics";
const SILENT_MS = 10_000;

/** One page; nothing of a request but its first line is looked at. */
async function startMetricsServer(options: MetricsServerOptions): Promise<{ port: number }> {
  const server = http.createServer({ requestTimeout: SILENT_MS, headersTimeout: SILENT_MS }, (request, response) => {
    request.resume();
    const isMetrics = (request.url ?? "").split("?")[0] === METRICS_PATH;
    const isRead = request.method === "GET" || request.method === "HEAD";
    const reply =
      isMetrics && isRead
        ? metricsReply(options)
        : { status: isMetrics ? 405 : 404, contentType: "text/plain; charset=utf-8", body: `see ${METRICS_PATH}\n` };
    response.writeHead(reply.status, { "content-type": reply.contentType });
    response.end(request.method === "HEAD" ? undefined : reply.body);
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : options.port };
}
