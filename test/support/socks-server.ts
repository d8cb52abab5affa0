/** A SOCKS5 proxy of a few lines for tests: with or without a password, every name leads to loopback. */
import net from "node:net";

export interface SocksServer {
  readonly port: number;
  /** `host:port` of what was asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startSocksServer(user: { name: string; password: string } | null): Promise<SocksServer> {
  const asked: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
    serve(socket, user, asked).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    port: address.port,
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function serve(
  socket: net.Socket,
  user: { name: string; password: string } | null,
  asked: string[],
): Promise<void> {
  const reader = new ByteReader(socket);
  const [, methodCount = 0] = await reader.take(2);
  const methods = await reader.take(methodCount);
  const method = user === null ? 0 : 2;
  if (!methods.includes(method)) {
    socket.end(Uint8Array.of(5, 0xff));
    return;
  }
  socket.write(Uint8Array.of(5, method));
  if (user !== null) {
    const [, nameLength = 0] = await reader.take(2);
    const name = (await reader.take(nameLength)).toString();
    const [passwordLength = 0] = await reader.take(1);
    const isGood = (await reader.take(passwordLength)).toString() === user.password && name === user.name;
    socket.write(Uint8Array.of(1, isGood ? 0 : 1));
    if (!isGood) return;
  }
  const [, , , type] = await reader.take(4);
  const host =
    type === 3
      ? (await reader.take((await reader.take(1))[0] ?? 0)).toString()
      : [...(await reader.take(type === 4 ? 16 : 4))].join(".");
  const port = (await reader.take(2)).readUInt16BE();
  asked.push(`${host}:${port}`);
  const target = net.connect({ host: "127.0.0.1", port });
  target.on("error", () => socket.destroy());
  target.on("connect", () => {
    socket.write(Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 0));
    reader.release();
    target.pipe(socket);
    socket.pipe(target);
  });
}

class ByteReader {
  readonly #socket: net.Socket;
  #bytes = Buffer.alloc(0);
  #wake: () => void = () => undefined;
  readonly #onData = (chunk: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake();
  };

  constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on("data", this.#onData);
  }

  async take(count: number): Promise<Buffer> {
    while (this.#bytes.length < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  release(): void {
    this.#socket.off("data", this.#onData);
  }
}
