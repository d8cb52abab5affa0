/** TCP sockets. Small writes leave at once (no Nagle delay), and a dead peer is noticed by keepalive. */
import net from "node:net";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { Connection, ConnectOptions, Listener, Network } from "#hal/network.ts";

/** Idle time before the first keepalive probe; public miners use 45 to 60 s. */
/** Bytes that may wait for a side that does not read. */
const UNSENT_MAX_BYTES = 1 << 20;
/** The last bytes get so long to leave. */
const CLOSE_LIMIT_MS = 500;
const KEEPALIVE_IDLE_MS = 45_000;

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function connectError(options: ConnectOptions, cause: Error): KumpelError {
  const { host, port } = options;
  const details = { host, port, reason: errorCode(cause) };
  switch (errorCode(cause)) {
    case "ECONNREFUSED":
      return new KumpelError(
        "CONNECT_REFUSED",
        `nobody listens on ${host} port ${port}; check the port number and that the server runs`,
        { cause, details },
      );
    case "ETIMEDOUT":
      return timeoutError(options);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new KumpelError(
        "CONNECT_FAILED",
        `the name ${host} can't be resolved; check its spelling and the name server`,
        { cause, details },
      );
    default:
      return new KumpelError(
        "CONNECT_FAILED",
        `${host} port ${port} can't be reached (${errorText(cause)}); check address and network`,
        { cause, details },
      );
  }
}

function timeoutError(options: ConnectOptions): KumpelError {
  const { host, port, timeoutMs } = options;
  return new KumpelError(
    "CONNECT_TIMEOUT",
    `${host} port ${port} did not answer within ${timeoutMs} ms; check address, network and firewall`,
    { details: { host, port, timeoutMs } },
  );
}

class SocketConnection implements Connection {
  readonly remote: string;
  readonly #socket: net.Socket;
  #closeListener: (error: Error | null) => void = () => {};
  #isClosed = false;

  constructor(socket: net.Socket, remote: string) {
    this.remote = remote;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEPALIVE_IDLE_MS);
    socket.on("error", (error) => this.#finish(error));
    socket.on("close", () => this.#finish(null));
  }

  write(data: Uint8Array | string): void {
    if (this.#isClosed) return;
    if (this.#socket.writableLength > UNSENT_MAX_BYTES) {
      this.#finish(new Error("it takes nothing any more"));
      this.#socket.destroy();
      return;
    }
    // A copy: the socket may keep bytes until later, and callers reuse their buffers.
    this.#socket.write(typeof data === "string" ? data : Uint8Array.from(data));
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#socket.removeAllListeners("data");
    this.#socket.on("data", (chunk: Uint8Array) => {
      if (!this.#isClosed) listener(chunk);
    });
  }

  onClose(listener: (error: Error | null) => void): void {
    this.#closeListener = listener;
  }

  close(): void {
    this.#isClosed = true;
    this.#socket.destroySoon();
    // What the other side does not read must not keep the socket, and with it the process, for ever.
    setTimeout(() => this.#socket.destroy(), CLOSE_LIMIT_MS).unref();
  }

  #finish(error: Error | null): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (error === null) {
      this.#closeListener(null);
      return;
    }
    this.#closeListener(
      new KumpelError("CONNECTION_LOST", `the connection to ${this.remote} broke: ${errorText(error)}`, {
        cause: error,
        details: { remote: this.remote, reason: errorCode(error) },
      }),
    );
  }
}

class SocketListener implements Listener {
  readonly port: number;
  readonly #server: net.Server;
  readonly #sockets: Set<net.Socket>;

  constructor(server: net.Server, sockets: Set<net.Socket>) {
    const address = server.address();
    this.port = address !== null && typeof address === "object" ? address.port : 0;
    this.#server = server;
    this.#sockets = sockets;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
    });
  }
}

export class SocketNetwork implements Network {
  connect(options: ConnectOptions): Promise<Connection> {
    const { host, port, timeoutMs, signal } = options;
    return new Promise((resolve, reject) => {
      const aborted = (): KumpelError => new KumpelError("ABORTED", `stopped while connecting to ${host} port ${port}`);
      if (signal.aborted) {
        reject(aborted());
        return;
      }
      const socket = net.connect({ host, port });
      const onAbort = (): void => settle(aborted());
      const onTimeout = (): void => settle(timeoutError(options));
      const onError = (error: Error): void => settle(connectError(options, error));
      const onConnect = (): void => settle(null);
      const settle = (error: KumpelError | null): void => {
        signal.removeEventListener("abort", onAbort);
        socket.off("timeout", onTimeout).off("error", onError).off("connect", onConnect);
        socket.setTimeout(0);
        if (error === null) {
          resolve(new SocketConnection(socket, `${host}:${port}`));
          return;
        }
        // A late error of a socket that is given up would otherwise end the process.
        socket.on("error", () => {});
        socket.destroy();
        reject(error);
      };
      socket.setTimeout(timeoutMs, onTimeout);
      socket.once("error", onError);
      socket.once("connect", onConnect);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  }

  listen(options: { host: string; port: number }, onConnection: (connection: Connection) => void): Promise<Listener> {
    const { host, port } = options;
    return new Promise((resolve, reject) => {
      const sockets = new Set<net.Socket>();
      const server = net.createServer((socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        onConnection(new SocketConnection(socket, `${socket.remoteAddress}:${socket.remotePort}`));
      });
      server.once("error", (cause) => {
        reject(
          new KumpelError(
            "PORT_IN_USE",
            `${host} port ${port} can't be listened on (${errorText(cause)}); choose another port or end its user`,
            { cause, details: { host, port, reason: errorCode(cause) } },
          ),
        );
      });
      server.listen(port, host, () => resolve(new SocketListener(server, sockets)));
    });
  }
}
