/**
 * Stream connections in memory, under a given clock: what one side writes arrives at the other after `latencyMs`, in
 * order. For tests and virtual time; a name is any text, and a port that nobody listens on refuses.
 */
import { type Clock, sleep } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { Connection, ConnectOptions, Listener, Network } from "#hal/network.ts";

const FIRST_FREE_PORT = 40_000;

class MemoryConnection implements Connection {
  readonly remote: string;
  readonly family = null;
  peer: MemoryConnection | null = null;
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #encoder = new TextEncoder();
  #dataListener: ((chunk: Uint8Array) => void) | null = null;
  #closeListener: ((error: Error | null) => void) | null = null;
  /** Bytes and the end that came before anybody listened. */
  #early: Uint8Array[] = [];
  #earlyClose: { error: Error | null } | null = null;
  #isClosed = false;

  constructor(clock: Clock, latencyMs: number, remote: string) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.remote = remote;
  }

  write(data: Uint8Array | string): void {
    if (this.#isClosed) return;
    const bytes = typeof data === "string" ? this.#encoder.encode(data) : Uint8Array.from(data);
    this.#clock.setTimer(this.#latencyMs, () => this.peer?.receive(bytes));
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#dataListener = listener;
    const early = this.#early;
    this.#early = [];
    for (const chunk of early) listener(chunk);
  }

  onClose(listener: (error: Error | null) => void): void {
    this.#closeListener = listener;
    const ended = this.#earlyClose;
    this.#earlyClose = null;
    if (ended !== null) listener(ended.error);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clock.setTimer(this.#latencyMs, () => this.peer?.end(null));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Bytes of the other side arrive. */
  receive(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#dataListener === null) this.#early.push(bytes);
    else this.#dataListener(bytes);
  }

  /** The other side is gone: in order (`null`) or broken. */
  end(error: Error | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#closeListener === null) this.#earlyClose = { error };
    else this.#closeListener(error);
  }

  /** Cuts both sides at once, as a broken cable whose end is noticed does. */
  break(): void {
    const error = new KumpelError("CONNECTION_LOST", `the connection to ${this.remote} broke`);
    this.peer?.end(error);
    this.end(error);
  }
}

interface Service {
  readonly onConnection: (connection: Connection) => void;
  readonly connections: Set<MemoryConnection>;
}

export class MemoryNetwork implements Network {
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #services = new Map<number, Service>();
  #nextPort = FIRST_FREE_PORT;
  #isDown = false;

  /** @param options.latencyMs one way. */
  constructor(options: { clock: Clock; latencyMs?: number }) {
    this.#clock = options.clock;
    this.#latencyMs = options.latencyMs ?? 0;
  }

  /** While down, connecting runs into its time limit. Connections that stand stay up; see `breakAll`. */
  setDown(isDown: boolean): void {
    this.#isDown = isDown;
  }

  /** Breaks every connection that stands. */
  breakAll(): void {
    for (const service of this.#services.values()) {
      for (const connection of service.connections) connection.break();
      service.connections.clear();
    }
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const { host, port, timeoutMs, signal } = options;
    const tripMs = 2 * this.#latencyMs;
    if (this.#isDown || tripMs > timeoutMs) {
      await sleep(this.#clock, timeoutMs, signal);
      throw new KumpelError("CONNECT_TIMEOUT", `${host} port ${port} did not answer within ${timeoutMs} ms`, {
        details: { host, port, timeoutMs },
      });
    }
    await sleep(this.#clock, tripMs, signal);
    const service = this.#services.get(port);
    if (service === undefined) {
      throw new KumpelError("CONNECT_REFUSED", `nobody listens on ${host} port ${port}; start the server first`, {
        details: { host, port },
      });
    }
    const near = new MemoryConnection(this.#clock, this.#latencyMs, `${host}:${port}`);
    const far = new MemoryConnection(this.#clock, this.#latencyMs, `memory:${this.#nextPort++}`);
    near.peer = far;
    far.peer = near;
    for (const old of service.connections) if (old.isClosed) service.connections.delete(old);
    service.connections.add(far);
    service.onConnection(far);
    return near;
  }

  listen(options: { host: string; port: number }, onConnection: (connection: Connection) => void): Promise<Listener> {
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    if (this.#services.has(port)) {
      return Promise.reject(
        new KumpelError("PORT_IN_USE", `port ${port} is taken; choose another one`, { details: { port } }),
      );
    }
    const service: Service = { onConnection, connections: new Set() };
    this.#services.set(port, service);
    return Promise.resolve({
      port,
      close: () => {
        this.#services.delete(port);
        for (const connection of service.connections) {
          connection.close();
        }
        return Promise.resolve();
      },
    });
  }
}
