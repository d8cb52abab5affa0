/**
 * The socket API's port: one request a connection, its reply with a NUL, then the end. Clients that say nothing, send without
 * end or never read are let go after a bounded time and hold bounded memory.
 */
import net from "node:net";
import type { TimerHandle } from "#hal/clock.ts";
import { Mutex } from "#hal/mutex.ts";
import { type AnswerParts, answer } from "./answer.ts";
import { isRequestComplete, REQUEST_LIMIT_BYTES } from "./request.ts";

export interface SocketServerOptions extends AnswerParts {
  readonly host: string;
  /** 4028 is what clients try; 0 picks a free port. */
  readonly port: number;
}

export interface SocketServer {
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  close(): Promise<void>;
}

/** A client that has begun and pauses is taken to be done: text has no end of its own, and no client sends it in parts. */
const QUIET_MS = 150;
/** JSON shows its end; a long pause within it is still the end of a broken one. */
const QUIET_JSON_MS = 1000;
/** From the connection to the whole request. */
const SILENT_MS = 5000;
/** From the reply to the client's end. */
const LINGER_MS = 5000;
/** Beyond it the oldest one that has not asked yet makes room, so that silent clients keep nobody out. */
const CONNECTIONS_MAX = 200;

/** @throws NodeJS.ErrnoException when the port cannot be had. */
export async function startSocketServer(options: SocketServerOptions): Promise<SocketServer> {
  const open = new Set<Connection>();
  const parts = { ...options, orderTurns: new Mutex() };
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    if (open.size >= CONNECTIONS_MAX) makeRoom(open);
    if (open.size >= CONNECTIONS_MAX) {
      socket.destroy();
      return;
    }
    const connection = new Connection(socket, parts);
    open.add(connection);
    socket.on("close", () => {
      open.delete(connection);
      connection.drop();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.host, () => {
      server.off("error", reject);
      // Running out of files hits single connections; the port stays.
      server.on("error", () => undefined);
      resolve();
    });
  });
  return {
    port: (server.address() as net.AddressInfo).port,
    get connections() {
      return open.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of open) connection.drop();
      }),
  };
}

function makeRoom(open: Set<Connection>): void {
  const oldest = [...open].find(({ isAsking }) => isAsking);
  if (oldest === undefined) return;
  oldest.drop();
  open.delete(oldest);
}

class Connection {
  readonly #socket: net.Socket;
  readonly #options: SocketServerOptions;
  #chunks: Buffer[] = [];
  #size = 0;
  #limit: TimerHandle;
  #quiet: TimerHandle | null = null;
  #isAsking = true;

  constructor(socket: net.Socket, options: SocketServerOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#limit = options.clock.setTimer(SILENT_MS, () => this.#tooSlow());
    // A broken connection ends with `close`; there is nobody left to tell.
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("end", () => this.#asked());
  }

  /** The request is not complete yet. */
  get isAsking(): boolean {
    return this.#isAsking;
  }

  drop(): void {
    this.#isAsking = false;
    this.#limit.cancel();
    this.#quiet?.cancel();
    this.#chunks = [];
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    // What comes after the request is read and forgotten: an unread rest would take the reply away with it.
    if (!this.#isAsking) return;
    this.#chunks.push(chunk.subarray(0, REQUEST_LIMIT_BYTES - this.#size));
    this.#size += chunk.length;
    this.#quiet?.cancel();
    const text = this.#text();
    if (this.#size >= REQUEST_LIMIT_BYTES || isRequestComplete(text)) this.#asked();
    else {
      const quietMs = text.trimStart().startsWith("{") ? QUIET_JSON_MS : QUIET_MS;
      this.#quiet = this.#options.clock.setTimer(quietMs, () => this.#asked());
    }
  }

  #text(): string {
    const whole = Buffer.concat(this.#chunks);
    this.#chunks = [whole];
    return whole.toString("utf8");
  }

  #tooSlow(): void {
    if (this.#size > 0) this.#asked();
    else this.drop();
  }

  #asked(): void {
    if (!this.#isAsking) return;
    if (this.#size === 0) {
      this.drop();
      return;
    }
    this.#isAsking = false;
    this.#quiet?.cancel();
    this.#limit.cancel();
    this.#limit = this.#options.clock.setTimer(LINGER_MS, () => this.drop());
    const text = this.#text();
    this.#chunks = [];
    void this.#reply(text);
  }

  async #reply(text: string): Promise<void> {
    const address = this.#socket.remoteAddress ?? "";
    const reply = await answer(this.#options, address, text).catch(() => null);
    if (reply === null) {
      this.drop();
      return;
    }
    this.#socket.end(`${reply}\0`);
  }
}
