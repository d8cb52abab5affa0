/**
 * The management plane: a worker thread with the web server. It reads snapshots and can't hold up the mining plane; if
 * it dies it is started again while hashing goes on. What it wants done it orders from the main thread.
 */
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import type { Clock } from "#hal/clock.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import { AGENT, BUILD_WALL_MS } from "../version.ts";
import type { RandomBytes } from "./access.ts";
import { done, refused } from "./commands.ts";
import { FACE_NAMES, type FaceOptions, faceOptions, NO_FACES, type StartedFaces } from "./face-places.ts";
import type { FacesParts } from "./faces.ts";
import { ChipHistory } from "./history/chip-history.ts";
import { HistoryKeeper, RESOLUTIONS } from "./history/history-keeper.ts";
import { HISTORY_DAYS_MS } from "./http/history-schemas.ts";
import { pace } from "./http/pacer.ts";
import { type ApiServer, createApiServer } from "./http/server.ts";
import { ManagementState } from "./http/state.ts";
import type { TlsMaterial } from "./http/tls.ts";
import { Listeners } from "./listeners.ts";
import { LocateMemory } from "./locate-memory.ts";
import { type MachineFacts, UNKNOWN_FACTS, viewOf } from "./machine-facts.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { Orders } from "./orders.ts";
import type { Outward, OutwardSurroundings } from "./outward.ts";
import { ALERTS_OFF, type OutwardOptions, outwardOptions } from "./outward-options.ts";
import type { OutwardParts } from "./outward-parts.ts";
import { settingsFacts } from "./settings-facts.ts";
import { UpdateIntake } from "./update-intake.ts";

/** What the main thread hands to the worker. */
export const managementOptions = z.object({
  role: z.literal("management"),
  host: z.string(),
  /** 0 picks a free port. */
  port: z.number().int().min(0).max(65_535),
  /** True when the port is only a default: then a free one serves as well. */
  isPortDefault: z.boolean(),
  /** The command line names it: it is had or the run ends. */
  isAsked: z.boolean(),
  version: z.string(),
  readsNeedToken: z.boolean(),
  sessionMs: z.number().positive(),
  faces: faceOptions,
  /** Data folder: history goes there. */
  dataPath: z.string(),
  /** Folder with the page of the owner, beside the program. */
  webFolder: z.string().nullable(),
  /** Unix socket of the console; null: there is none. */
  consolePath: z.string().nullable(),
  /** Null: plain HTTP. */
  tls: z
    .object({
      files: z.object({ certificateFile: z.string(), keyFile: z.string() }).nullable(),
      names: z.array(z.string()).readonly(),
      addresses: z.array(z.string()).readonly(),
    })
    .nullable(),
  outward: outwardOptions,
});
export type ManagementOptions = z.infer<typeof managementOptions>;

/** What `main.ts` has and the worker needs. */
export interface ManagementSurroundings {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly random: Random;
  readonly networkFacts: () => Partial<MachineFacts>;
  readonly dial: OutwardParts["dial"];
  /** Sockets for what the worker itself tries. */
  readonly openNetwork: () => Promise<Network>;
  readonly openStore: (folder: string) => Promise<FileStore>;
}

/** Runs in the worker until it is terminated. */
export async function runManagement({
  clock,
  random,
  randomBytes,
  networkFacts,
  dial,
  openNetwork,
  openStore,
}: ManagementSurroundings): Promise<void> {
  const options = managementOptions.parse(workerData);
  const { readsNeedToken, sessionMs, version } = options;
  const state = new ManagementState(version);
  const startedAtMs = clock.nowMs();
  const locate = new LocateMemory(clock);
  const orders = new Orders(clock, tell, (command) => locate.note(command));
  const store = await openStore(options.dataPath);
  const history = new HistoryKeeper({
    clock,
    store,
    warn: (text) => tell({ kind: "say", level: "warn", text }),
  });
  const chipHistory = new ChipHistory({
    clock,
    ask: (chainIndex) => orders.query({ kind: "chips", chainIndex }, "read"),
  });
  const tls = await tlsOf(options, store);
  const intake = new UpdateIntake(options.dataPath, (command, origin, scope) => orders.order(command, origin, scope));
  const server = createApiServer({
    tls,
    clock,
    randomBytes,
    state,
    readsNeedToken,
    sessionMs,
    webFolder: options.webFolder,
    onSessions: (sessions) => tell({ kind: "sessions", sessions }),
    order: (command, origin, scope) => orders.order(command, origin, scope),
    query: (query, scope) => orders.query(query, scope),
    facts: () => facts(),
    traceFolder: options.dataPath,
    receive: (upload, wish, { who, face, scope }) => intake.receive(upload, wish, { who, face, scope }),
    history: ({ resolution, fields, fromMs, toMs }) => {
      const endMs = Math.min(toMs, clock.wallTimeMs() + RESOLUTIONS[resolution]);
      return history.read(resolution, Math.max(fromMs, endMs - HISTORY_DAYS_MS[resolution]), endMs, fields);
    },
    chipHistory: (chainIndex, chipIndex) => chipHistory.read(chainIndex, chipIndex),
  });
  pace(server.app, clock);
  const facts = (): MachineFacts =>
    Object.assign({}, UNKNOWN_FACTS, networkFacts(), settingsFacts(state.settings?.view ?? null), {
      version,
      buildWallMs: BUILD_WALL_MS,
      isLocating: locate.isOn,
    });
  const end = new AbortController();
  let outward: Outward | null = null;
  parentPort?.on("message", (message: ToWorker) => {
    state.take(message);
    if (message.kind === "snapshot") {
      history.take(message.snapshot);
      chipHistory.take(message.snapshot);
    }
    if (message.kind === "close") end.abort();
    if (message.kind === "ipReport") void reportAddress(options.faces, facts());
    else if (message.kind === "close" || message.kind === "testAlert") void serve(message, outward, history);
    else if (message.kind === "testPool") void tryPool(message, clock, openNetwork);
    else pass(message, server, orders, state);
  });
  try {
    await history.open();
    const facesParts: FacesParts = {
      clock,
      random,
      snapshot: () => state.snapshot,
      facts,
      idle: () => (state.idle === null ? null : { ...state.idle, sinceMs: startedAtMs }),
      order: (command, origin) => orders.order(command, origin, "admin"),
      history: (fromMs, toMs, fields) => history.read("5m", fromMs, toMs, fields),
      logText: () => state.log.join("\n"),
      receive: (upload, wish, origin) => intake.receive(upload, wish, { ...origin, scope: "admin" }),
    };
    const listeners = new Listeners({
      server,
      options,
      clock,
      tell,
      openFaces: (faces) => openFaces(faces, facesParts),
      signal: end.signal,
    });
    await listeners.open();
    outward = await openOutward(options.outward, {
      clock,
      random,
      dial,
      facts,
      port: listeners.port ?? options.port,
      isTls: tls !== null,
      tell,
      view: () => viewOf({ snapshot: () => state.snapshot, facts, clock, idle: facesParts.idle }),
      order: (command, origin) => orders.order(command, origin, "control"),
    });
  } catch (error) {
    const { code = "UNKNOWN", message } = error as NodeJS.ErrnoException;
    tell({ kind: "failed", code, message });
  }
}

/** What the main thread says to those who wait for it. */
function pass(message: ToWorker, { guard, events }: ApiServer, orders: Orders, state: ManagementState): void {
  if (message.kind === "ping") tell({ kind: "alive" });
  else if (message.kind === "access") guard.setTokens(message.tokens);
  else if (message.kind === "sessions") guard.setSessions(message.sessions);
  else if (message.kind === "answer" || message.kind === "told") orders.take(message);
  else if (message.kind === "snapshot" && !events.isEmpty) events.send("snapshot", state.snapshotText ?? "null");
}

/** Null: plain HTTP. */
async function tlsOf({ tls }: ManagementOptions, store: FileStore): Promise<TlsMaterial | null> {
  if (tls === null) return null;
  const { tlsMaterial } = await import("./http/tls.ts");
  const material = await tlsMaterial(tls, store, (text) => tell({ kind: "say", level: "warn", text }));
  tell({ kind: "say", level: "info", text: `own API behind TLS, SHA-256 of its certificate ${material.fingerprint}` });
  return material;
}

/** For managers of stock machines: without that face nobody is told anything. */
async function reportAddress({ places }: FaceOptions, facts: MachineFacts): Promise<void> {
  if (places.stock === null) return;
  const { sendIpReport } = await import("./stock/web-server.ts");
  const isSent = await sendIpReport(facts);
  tell({ kind: "say", level: "info", text: isSent ? "address reported, as the button asks" : "no address to report" });
}

/** Code of faces that are switched off is not even loaded: memory is the tight budget of a board. */
async function openFaces(options: FaceOptions, parts: FacesParts): Promise<StartedFaces> {
  if (FACE_NAMES.every((face) => options.places[face] === null)) return NO_FACES;
  const { startFaces } = await import("./faces.ts");
  return startFaces(options, parts);
}

/** Neither is this. */
async function openOutward(options: OutwardOptions, surroundings: OutwardSurroundings): Promise<Outward | null> {
  if (options.mqtt === null && options.alerts === null && options.mdns === null) return null;
  const { startOutward } = await import("./outward.ts");
  return startOutward(options, surroundings);
}

async function serve(
  message: Extract<ToWorker, { kind: "close" | "testAlert" }>,
  outward: Outward | null,
  history: HistoryKeeper,
): Promise<void> {
  if (message.kind === "close") {
    await Promise.all([outward?.close(), history.close()]);
    tell({ kind: "closed" });
    return;
  }
  tell({ kind: "tested", id: message.id, answer: (await outward?.testAlert()) ?? refused(ALERTS_OFF) });
}

/** Its code is loaded with the first pool that is tried. */
async function tryPool(
  { id, pool }: Extract<ToWorker, { kind: "testPool" }>,
  clock: Clock,
  openNetwork: ManagementSurroundings["openNetwork"],
): Promise<void> {
  const { testPool } = await import("../pool/pool-test.ts");
  const poolTest = await testPool({ network: await openNetwork(), clock, settings: pool, agent: AGENT });
  const { isGood, message } = poolTest;
  tell({ kind: "tested", id, answer: { ...(isGood ? done(message) : refused(message)), poolTest } });
}

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}
