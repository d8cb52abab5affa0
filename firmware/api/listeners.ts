/**
 * Where the management plane listens: the console's socket, the own API, the faces. What the command line asks for is had
 * or the run ends. What only the settings say is tried again and again, since an address may come later, and since a board
 * that mines must not stop, nor be out of reach, for a port.
 */
import fs from "node:fs";
import { type Clock, pause } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import { FACE_NAMES, type FaceFailure, type FaceOptions, type StartedFaces } from "./face-places.ts";
import type { ApiServer } from "./http/server.ts";
import type { FromWorker } from "./messages.ts";

const OWNER_ONLY = 0o600;
/** As a key of what cannot be had. */
const CONSOLE = "console";
const RETRY_MS = 5_000;

/** Why a port cannot be had although the settings are such as settings are. */
const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: "is in use",
  EACCES: "may not be opened by this user",
  EADDRNOTAVAIL: "cannot be had, since this machine has no such address",
};

/** A clause for the sentence, or null for what is no matter of the place. */
export function whyNoPort(code: string): string | null {
  return WHY[code] ?? null;
}

export interface ListenPlaces {
  readonly host: string;
  readonly port: number;
  /** A free one serves as well. */
  readonly isPortDefault: boolean;
  readonly isAsked: boolean;
  /** Unix socket of the console; null: there is none. */
  readonly consolePath: string | null;
  readonly faces: FaceOptions;
}

export interface ListenersParts {
  readonly server: Pick<ApiServer, "app" | "local">;
  readonly options: ListenPlaces;
  readonly clock: Clock;
  readonly openFaces: (faces: FaceOptions) => Promise<StartedFaces>;
  readonly tell: (message: FromWorker) => void;
  /** Ends the tries. */
  readonly signal: AbortSignal;
}

export class Listeners {
  readonly #parts: ListenersParts;
  #port: number | null = null;
  #ports: StartedFaces["ports"] = { cgminer: null, stock: null, status: null, metrics: null };
  readonly #problems = new Map<string, string>();

  constructor(parts: ListenersParts) {
    this.#parts = parts;
  }

  /** Port of the own API; null while it cannot be had. */
  get port(): number | null {
    return this.#port;
  }

  /** Tells `listening`, and goes on trying what is missing. @throws NodeJS.ErrnoException of a port that was asked for. */
  async open(): Promise<void> {
    const { options } = this.#parts;
    await this.#openConsole();
    await this.#openApi();
    const missing = await this.#openFaces(options.faces);
    const asked = missing.filter(({ place }) => place.isAsked);
    this.#tell(asked);
    if (asked.length === 0 && this.#problems.size > 0) void this.#keepTrying(missing);
  }

  async #keepTrying(failures: readonly FaceFailure[]): Promise<void> {
    const { clock, signal } = this.#parts;
    let missing = failures;
    while (this.#problems.size > 0 && (await pause(clock, RETRY_MS, signal))) {
      const before = this.#problems.size;
      if (this.#problems.has(CONSOLE)) await this.#openConsole();
      if (this.#port === null) await this.#openApi();
      missing = await this.#openFaces(only(this.#parts.options.faces, missing));
      if (this.#problems.size < before) this.#tell([]);
    }
  }

  /** A folder that became read-only must not take all other ways to the machine with it. */
  async #openConsole(): Promise<void> {
    const { consolePath } = this.#parts.options;
    if (consolePath === null) return;
    try {
      await listenLocally(this.#parts.server, consolePath);
      this.#problems.delete(CONSOLE);
    } catch (error) {
      this.#note(
        CONSOLE,
        `console: its socket ${consolePath} cannot be had (${errorText(error)}): look at that folder`,
      );
    }
  }

  async #openApi(): Promise<void> {
    const { server, options } = this.#parts;
    try {
      this.#port = await listen(server, options);
      this.#problems.delete("http");
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (options.isAsked) throw error;
      const why = whyNoPort(code) ?? `cannot be had (${errorText(error)})`;
      this.#note("http", `own API: port ${options.port} on ${options.host} ${why}: change network.http`);
    }
  }

  /** Those that failed. */
  async #openFaces(faces: FaceOptions): Promise<readonly FaceFailure[]> {
    const started = await this.#parts.openFaces(faces);
    const ports = { ...this.#ports };
    for (const face of FACE_NAMES) {
      ports[face] = started.ports[face] ?? ports[face];
      if (started.ports[face] !== null) this.#problems.delete(face);
    }
    this.#ports = ports;
    for (const { face, place, code, message } of started.failures) {
      const why = whyNoPort(code) ?? `cannot be had (${message})`;
      this.#note(face, `${face}: port ${place.port} on ${place.host} ${why}: change network.${face}`);
    }
    return started.failures;
  }

  /** Once, however often it is tried. */
  #note(what: string, sentence: string): void {
    if (this.#problems.get(what) === sentence) return;
    this.#problems.set(what, sentence);
    this.#parts.tell({ kind: "say", level: "warn", text: `${sentence}; it is tried again` });
  }

  #tell(failures: readonly FaceFailure[]): void {
    const problems = [...this.#problems.values()];
    this.#parts.tell({ kind: "listening", port: this.#port, faces: { ports: this.#ports, failures }, problems });
  }
}

function only(faces: FaceOptions, failures: readonly FaceFailure[]): FaceOptions {
  const places = { ...faces.places };
  for (const face of FACE_NAMES) if (!failures.some((failure) => failure.face === face)) places[face] = null;
  return { ...faces, places };
}

async function listen({ app }: ListenersParts["server"], { host, port, isPortDefault }: ListenPlaces): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    if (!isPortDefault || (error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    await app.listen({ host, port: 0 });
  }
  const address = app.server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

/** Whoever may open the socket's file is the owner: no token is asked of him. A file of a run before is in the way. */
async function listenLocally({ local }: ListenersParts["server"], path: string): Promise<void> {
  fs.rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    const onError = (error: Error): void => {
      local.off("listening", onListening);
      reject(error);
    };
    const onListening = (): void => {
      local.off("error", onError);
      resolve();
    };
    local.once("error", onError);
    local.once("listening", onListening);
    local.listen(path);
  });
  try {
    fs.chmodSync(path, OWNER_ONLY);
  } catch (error) {
    local.close();
    throw error;
  }
}
