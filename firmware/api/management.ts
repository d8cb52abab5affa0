/**
 * The management plane: a worker thread with the web server. It reads snapshots and can't hold up the mining plane; if
 * it dies it is started again while hashing goes on. What it wants done it orders from the main thread.
 */
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { type Clock, LATE, within } from "#hal/clock.ts";
import type { Random } from "#hal/random.ts";
import type { RandomBytes } from "./access.ts";
import { type CommandAnswer, type CommandOrigin, refused, type Scope } from "./commands.ts";
import { FACE_NAMES, type FaceOptions, faceOptions, NO_FACES, type StartedFaces } from "./face-places.ts";
import type { FacesParts } from "./faces.ts";
import { type ApiServer, createApiServer } from "./http/server.ts";
import { ManagementState } from "./http/state.ts";
import { type MachineFacts, UNKNOWN_FACTS } from "./machine-facts.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** What the main thread hands to the worker. */
export const managementOptions = z.object({
  role: z.literal("management"),
  host: z.string(),
  /** 0 picks a free port. */
  port: z.number().int().min(0).max(65_535),
  /** True when the port is only a default: then a free one serves as well. */
  isPortDefault: z.boolean(),
  version: z.string(),
  readsNeedToken: z.boolean(),
  sessionMs: z.number().positive(),
  faces: faceOptions,
});
export type ManagementOptions = z.infer<typeof managementOptions>;

/** What `main.ts` has and the worker needs. */
export interface ManagementSurroundings {
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly random: Random;
  readonly networkFacts: () => Partial<MachineFacts>;
}

const ORDER_LIMIT_MS = 10_000;
/** More than that many orders at once are refused without asking. */
const ORDERS_MAX = 64;

/** Runs in the worker until it is terminated. */
export async function runManagement({
  clock,
  random,
  randomBytes,
  networkFacts,
}: ManagementSurroundings): Promise<void> {
  const options = managementOptions.parse(workerData);
  const { readsNeedToken, sessionMs, version } = options;
  const state = new ManagementState(version);
  const orders = new Orders(clock, (message) => tell(message));
  const server = createApiServer({
    clock,
    randomBytes,
    state,
    readsNeedToken,
    sessionMs,
    order: (command, origin, scope) => orders.place(command, origin, scope),
  });
  parentPort?.on("message", (message: ToWorker) => {
    state.take(message);
    if (message.kind === "access") server.guard.setTokens(message.tokens);
    else if (message.kind === "answer") orders.answered(message.id, message.answer);
    else if (message.kind === "snapshot" && !server.events.isEmpty)
      server.events.send("snapshot", state.snapshotText ?? "null");
  });
  try {
    const port = await listen(server, options);
    const faces = await openFaces(options.faces, {
      clock,
      random,
      snapshot: () => state.snapshot,
      facts: () => Object.assign({}, UNKNOWN_FACTS, networkFacts(), { version }),
      order: (command, origin) => orders.place(command, origin, "admin"),
      logText: () => state.log.join("\n"),
    });
    tell({ kind: "listening", port, faces });
  } catch (error) {
    const { code = "UNKNOWN", message } = error as NodeJS.ErrnoException;
    tell({ kind: "failed", code, message });
  }
}

/** Code of faces that are switched off is not even loaded: memory is the tight budget of a board. */
async function openFaces(options: FaceOptions, parts: FacesParts): Promise<StartedFaces> {
  if (FACE_NAMES.every((face) => options.places[face] === null)) return NO_FACES;
  const { startFaces } = await import("./faces.ts");
  return startFaces(options, parts);
}

function tell(message: FromWorker): void {
  parentPort?.postMessage(message);
}

/** Orders under way, by their number. */
class Orders {
  readonly #clock: Clock;
  readonly #tell: (message: FromWorker) => void;
  readonly #waiting = new Map<number, (answer: CommandAnswer) => void>();
  #next = 1;

  constructor(clock: Clock, send: (message: FromWorker) => void) {
    this.#clock = clock;
    this.#tell = send;
  }

  async place(command: unknown, origin: CommandOrigin, scope: Scope): Promise<CommandAnswer> {
    if (this.#waiting.size >= ORDERS_MAX) return refused("Too many commands wait; try again in a second.");
    const id = this.#next++;
    const answer = new Promise<CommandAnswer>((resolve) => this.#waiting.set(id, resolve));
    this.#tell({ kind: "command", id, deadlineMs: ORDER_LIMIT_MS, command, origin, scope });
    const outcome = await within(this.#clock, ORDER_LIMIT_MS, answer);
    this.#waiting.delete(id);
    return outcome === LATE
      ? refused(`No answer within ${ORDER_LIMIT_MS / 1000} s; look whether it was done.`)
      : outcome;
  }

  answered(id: number, answer: CommandAnswer): void {
    this.#waiting.get(id)?.(answer);
  }
}

async function listen({ app }: ApiServer, options: ManagementOptions): Promise<number> {
  const { host, port, isPortDefault } = options;
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (!isPortDefault || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    await app.listen({ host, port: 0 });
  }
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}
