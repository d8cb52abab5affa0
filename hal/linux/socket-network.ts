/** TCP and TLS sockets. Small writes leave at once (no Nagle delay), and a dead peer is noticed by keepalive. */
import net from "node:net";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { Connection, ConnectOptions, Listener, Network } from "#hal/network.ts";
import { dial } from "./dial.ts";
import { errorCode } from "./dial-errors.ts";

/** Bytes that may wait for a side that does not read. */
const UNSENT_MAX_BYTES = 1 << 20;
/** The last bytes get so long to leave. */
const CLOSE_LIMIT_MS = 500;
/** Idle time before the first keepalive probe; public miners use 45 to 60 s. */
const KEEPALIVE_IDLE_MS = 45_000;

class SocketConnection implements Connection {
  readonly remote: string;
  readonly family: Connection["family"];
  readonly #socket: net.Socket;
  #closeListener: (error: Error | null) => void = () => {};
  #isClosed = false;

  /** @param isDirect false: the socket's own address is the proxy's and says nothing. */
  constructor(socket: net.Socket, remote: string, isDirect: boolean) {
    this.remote = remote;
    this.family = isDirect ? familyOf(socket) : null;
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

function familyOf(socket: net.Socket): Connection["family"] {
  const { remoteFamily } = socket;
  return remoteFamily === "IPv4" || remoteFamily === "IPv6" ? remoteFamily : null;
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
  async connect(options: ConnectOptions): Promise<Connection> {
    const socket = await dial(options);
    return new SocketConnection(socket, `${options.host}:${options.port}`, options.proxy == null);
  }

  listen(options: { host: string; port: number }, onConnection: (connection: Connection) => void): Promise<Listener> {
    const { host, port } = options;
    return new Promise((resolve, reject) => {
      const sockets = new Set<net.Socket>();
      const server = net.createServer((socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
        onConnection(new SocketConnection(socket, `${socket.remoteAddress}:${socket.remotePort}`, true));
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
