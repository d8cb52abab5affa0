/** TLS, proxies and address families on real loopback sockets. */
import net from "node:net";
import tls from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import type { Connection, ConnectOptions } from "#hal/network.ts";
import { startSocksServer } from "../../support/socks-server.ts";
import { AUTHORITY_PEM, fingerprint256, identity } from "../../support/tls-fixture.ts";

const TIMEOUT_MS = 10_000;
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Echoes what it gets. */
async function echoServer(server: net.Server, host: string): Promise<number> {
  const sockets = new Set<net.Socket>();
  const onSocket = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.pipe(socket);
  };
  server.on(server instanceof tls.Server ? "secureConnection" : "connection", onSocket);
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  closers.push(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function connect(options: Partial<ConnectOptions> & { port: number }): Promise<Connection> {
  const { signal } = new AbortController();
  return new SocketNetwork().connect({ host: "127.0.0.1", timeoutMs: TIMEOUT_MS, signal, ...options });
}

async function echo(connection: Connection): Promise<string> {
  closers.push(() => connection.close());
  const answer = new Promise<string>((resolve) => {
    connection.onData((chunk) => resolve(Buffer.from(chunk).toString()));
  });
  connection.write("hello");
  return answer;
}

const authorities = { kind: "authorities", extraPem: AUTHORITY_PEM } as const;

describe("TLS", () => {
  test.each([
    ["localhost", authorities],
    ["127.0.0.1", authorities],
    ["localhost", { kind: "none" }],
    ["localhost", { kind: "pinned", fingerprint256: fingerprint256(identity("pool").cert) }],
    [
      "localhost",
      { kind: "pinned", fingerprint256: fingerprint256(identity("pool").cert).replaceAll(":", "").toLowerCase() },
    ],
  ] as const)("to %s with trust %o", async (host, trust) => {
    const port = await echoServer(tls.createServer(identity("pool")), "127.0.0.1");
    expect(await echo(await connect({ host, port, tls: trust }))).toBe("hello");
  });

  test("a certificate of an unknown authority is refused, and the sentence says what to do", async () => {
    const port = await echoServer(tls.createServer(identity("pool")), "127.0.0.1");
    const error = connect({ port, tls: { kind: "authorities", extraPem: null } });
    await expect(error).rejects.toMatchObject({
      code: "TLS_FAILED",
      message: expect.stringContaining("pin its certificate"),
    });
  });

  test("a good certificate for another name is refused", async () => {
    const port = await echoServer(tls.createServer(identity("pool")), "127.0.0.2");
    await expect(connect({ host: "127.0.0.2", port, tls: authorities })).rejects.toMatchObject({ code: "TLS_FAILED" });
  });

  test("another certificate than the pinned one is refused", async () => {
    const port = await echoServer(tls.createServer(identity("pool")), "127.0.0.1");
    const pinned = { kind: "pinned", fingerprint256: fingerprint256(identity("expired").cert) } as const;
    await expect(connect({ port, tls: pinned })).rejects.toMatchObject({
      code: "TLS_FAILED",
      message: expect.stringContaining("another one than the pinned"),
    });
  });

  test.each(["expired", "future"] as const)("a certificate that is %s blames the clock first", async (name) => {
    const port = await echoServer(tls.createServer(identity(name)), "127.0.0.1");
    await expect(connect({ port, tls: authorities })).rejects.toMatchObject({ code: "TLS_CLOCK" });
  });

  test("a server that speaks no TLS is an error, not a hang", async () => {
    const port = await echoServer(net.createServer(), "127.0.0.1");
    await expect(connect({ port, tls: authorities })).rejects.toMatchObject({ code: "TLS_FAILED" });
  });

  test("a server that says nothing runs into the time limit", async () => {
    const silent = net.createServer((socket) => socket.on("error", () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    closers.push(() => void silent.close());
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    await expect(connect({ port: address.port, tls: authorities, timeoutMs: 200 })).rejects.toMatchObject({
      code: "CONNECT_TIMEOUT",
    });
  });
});

describe("SOCKS5", () => {
  test("names are resolved by the proxy, and TLS runs through it", async () => {
    const port = await echoServer(tls.createServer(identity("pool")), "127.0.0.1");
    const socks = await startSocksServer(null);
    closers.push(() => socks.close());
    const proxy = { host: "127.0.0.1", port: socks.port, user: null, password: null };
    const connection = await connect({ host: "pool.test", port, tls: authorities, proxy });
    expect(connection.family).toBeNull();
    expect(await echo(connection)).toBe("hello");
    expect(socks.asked).toEqual([`pool.test:${port}`]);
  });

  test("user and password are given; a wrong one is refused without showing it", async () => {
    const port = await echoServer(net.createServer(), "127.0.0.1");
    const socks = await startSocksServer({ name: "miner", password: "s3cret" });
    closers.push(() => socks.close());
    const proxy = { host: "127.0.0.1", port: socks.port, user: "miner", password: "s3cret" };
    expect(await echo(await connect({ host: "pool.onion", port, proxy }))).toBe("hello");
    const wrong = connect({ host: "pool.onion", port, proxy: { ...proxy, password: "wr0ng" } });
    await expect(wrong).rejects.toMatchObject({ code: "PROXY_FAILED" });
    await expect(wrong).rejects.not.toThrow(/wr0ng|s3cret/);
  });

  test("a proxy that is not there is named as such", async () => {
    const free = net.createServer();
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
    const address = free.address();
    await new Promise((resolve) => free.close(resolve));
    if (address === null || typeof address === "string") throw new Error("no port");
    const proxy = { host: "127.0.0.1", port: address.port, user: null, password: null };
    await expect(connect({ host: "pool.test", port: 3333, proxy })).rejects.toMatchObject({ code: "PROXY_FAILED" });
  });
});

describe("address families", () => {
  test("IPv4 and IPv6 say which they are", async () => {
    const four = await connect({ port: await echoServer(net.createServer(), "127.0.0.1") });
    expect([four.family, await echo(four)]).toEqual(["IPv4", "hello"]);
    const six = await connect({ host: "::1", port: await echoServer(net.createServer(), "::1") });
    expect([six.family, await echo(six)]).toEqual(["IPv6", "hello"]);
  });

  test("a name whose IPv6 address is dead falls to IPv4", async () => {
    const lookups = (await import("node:dns")).promises;
    const families = (await lookups.lookup("localhost", { all: true })).map(({ family }) => family);
    const port = await echoServer(net.createServer(), "127.0.0.1");
    const connection = await connect({ host: "localhost", port });
    // Where localhost has no IPv6 address there is nothing to fall from; the connection must stand all the same.
    expect(families).toContain(4);
    expect([connection.family, await echo(connection)]).toEqual(["IPv4", "hello"]);
  });
});
