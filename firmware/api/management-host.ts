/** The main thread's side of the management worker: starts it, feeds it, starts it again when it died. */
import { Worker } from "node:worker_threads";
import { type Clock, pause, within } from "#hal/clock.ts";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { Log } from "../log.ts";
import { type FaceFailure, type FacePorts, NO_FACES } from "./face-places.ts";
import { whyNoPort } from "./listeners.ts";
import type { ManagementOptions } from "./management.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

const RESTART_PAUSE_MS = 5_000;
/** A worker that has not answered for so long hangs; the longest answer of a busy one takes a fraction of it. */
const HANG_LIMIT_MS = 20_000;
/** Old generation heap of the worker: its out-of-memory ends it alone. */
const HEAP_LIMIT_MIB = 64;
/** One small snapshot a second needs no large nursery; memory is the tight budget of a board. */
const NURSERY_LIMIT_MIB = 4;

/** Goodbyes to a broker and to the network get so long at the end. */
const CLOSE_LIMIT_MS = 700;

export interface ManagementHostOptions {
  log: Log;
  clock: Clock;
  /** The bundle: the worker is the same file in another role. */
  programPath: string;
  worker: ManagementOptions;
  /** A worker begins and knows nothing yet: what it is told first. */
  greeting: () => readonly ToWorker[];
  /** A test alert was sent, or a pool was tried. */
  onTested: (message: Extract<FromWorker, { kind: "tested" }>) => void;
  /** It wants something done. */
  onCommand: (message: Extract<FromWorker, { kind: "command" }>) => void;
  /** Who is signed in. */
  onSessions: (message: Extract<FromWorker, { kind: "sessions" }>) => void;
  /** It wants something known. */
  onQuery: (message: Extract<FromWorker, { kind: "query" }>) => void;
}

export class ManagementHost {
  readonly #options: ManagementHostOptions;
  #worker: Worker | null = null;
  #port: number | null = null;
  #heardAtMs = 0;
  /** Ends the life of a worker that hangs. */
  #giveUp: ((reason: string) => void) | null = null;
  #facePorts: FacePorts = NO_FACES.ports;
  /** The worker has said that it is there. */
  #isUp = false;
  #problems: readonly string[] = [];

  constructor(options: ManagementHostOptions) {
    this.#options = options;
  }

  /** Port that the web server listens on, or null. */
  get port(): number | null {
    return this.#port;
  }

  /** Ports of the faces for other people's tools; null = it does not listen. */
  get facePorts(): FacePorts {
    return this.#facePorts;
  }

  /** Ports and addresses of the settings that cannot be had, one sentence each. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** The worker listens and has answered lately. */
  get isAnswering(): boolean {
    return this.#port !== null && this.#options.clock.nowMs() - this.#heardAtMs < HANG_LIMIT_MS;
  }

  post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  /** Once a second: whether the worker still answers. One that hangs is ended and started again. */
  ping(): void {
    if (!this.#isUp || this.#worker === null) return;
    const silentMs = this.#options.clock.nowMs() - this.#heardAtMs;
    if (silentMs > HANG_LIMIT_MS) this.#giveUp?.(`it has not answered for ${HANG_LIMIT_MS / 1000} s`);
    else this.post({ kind: "ping" });
  }

  /**
   * Keeps a worker alive until `signal` aborts.
   * @throws KumpelError `PORT_IN_USE` when the port asked for is taken; everything else is retried.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { log, clock } = this.#options;
    if (signal.aborted) return;
    do {
      const end = await this.#runOnce(signal);
      if (end === "stopped") return;
      if (end instanceof KumpelError) throw end;
      log.error({ reason: end }, "management worker ended, starting it again");
    } while (await pause(clock, RESTART_PAUSE_MS, signal));
  }

  /** One worker's life; resolves with why it ended. */
  async #runOnce(signal: AbortSignal): Promise<string | KumpelError> {
    const { programPath, worker: workerData, greeting } = this.#options;
    const worker = new Worker(programPath, {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_LIMIT_MIB, maxYoungGenerationSizeMb: NURSERY_LIMIT_MIB },
    });
    this.#worker = worker;
    for (const message of greeting()) worker.postMessage(message);
    // The miner's signal outlives this worker and would keep it with its listener.
    const life = new AbortController();
    const end = await new Promise<string | KumpelError>((resolve) => {
      this.#giveUp = resolve;
      signal.addEventListener("abort", () => void this.#sayGoodbye(worker).then(() => resolve("stopped")), {
        once: true,
        signal: life.signal,
      });
      worker.on("error", (error) => resolve(errorText(error)));
      worker.on("exit", (code) => resolve(`exit code ${code}`));
      worker.on("message", (message: FromWorker) => {
        const failure = this.#take(message);
        if (failure !== null) resolve(failure);
      });
    });
    life.abort();
    this.#worker = null;
    this.#isUp = false;
    this.#port = signal.aborted ? this.#port : null;
    await worker.terminate();
    return end;
  }

  /** Why the worker is of no use, or null. */
  #take(message: FromWorker): string | KumpelError | null {
    const { log, onCommand, onQuery, onSessions, onTested } = this.#options;
    switch (message.kind) {
      case "command":
        onCommand(message);
        return null;
      case "query":
        onQuery(message);
        return null;
      case "sessions":
        onSessions(message);
        return null;
      case "alive":
        this.#heardAtMs = this.#options.clock.nowMs();
        return null;
      case "listening": {
        this.#heardAtMs = this.#options.clock.nowMs();
        this.#isUp = true;
        this.#port = message.port;
        this.#facePorts = message.faces.ports;
        this.#problems = message.problems;
        if (message.port !== null) log.info({ port: message.port }, "own API listens");
        log.info({ faces: message.faces.ports }, "faces for other tools");
        const [failure] = message.faces.failures;
        return failure === undefined ? null : this.#faceError(failure);
      }
      case "say":
        log[message.level](message.text);
        return null;
      case "tested":
        onTested(message);
        return null;
      case "closed":
        return null;
      case "failed":
        return this.#listenError(message);
    }
  }

  /** History is written, and where something goes out to others they are told that this is the end. */
  async #sayGoodbye(worker: Worker): Promise<void> {
    // One that does not listen yet has nothing to say.
    if (!this.#isUp) return;
    const closed = new Promise<void>((resolve) => {
      worker.on("message", (message: FromWorker) => {
        if (message.kind === "closed") resolve();
      });
      worker.on("exit", () => resolve());
    });
    worker.postMessage({ kind: "close" } satisfies ToWorker);
    await within(this.#options.clock, CLOSE_LIMIT_MS, closed);
  }

  #faceError({ face, place: { host, port }, code, message }: FaceFailure): string | KumpelError {
    const why = whyNoPort(code);
    if (why === null) return `${face}: ${message}`;
    const option = `choose another with --${face}-port or network.${face}.port`;
    return new KumpelError("PORT_IN_USE", `Port ${port} on ${host} (${face}) ${why}: ${option}.`);
  }

  #listenError(message: Extract<FromWorker, { kind: "failed" }>): string | KumpelError {
    const { host, port } = this.#options.worker;
    const why = whyNoPort(message.code);
    if (why === null) return message.message;
    return new KumpelError(
      "PORT_IN_USE",
      `Port ${port} on ${host} ${why}: end the program that has it, or choose another with --http-port or network.http.port.`,
    );
  }
}
