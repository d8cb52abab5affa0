import { afterEach, expect, test } from "vitest";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import type { Connection, Listener } from "#hal/network.ts";

const listeners: Listener[] = [];

afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});

async function listen(onConnection: (connection: Connection) => void): Promise<Listener> {
  const listener = await new SocketNetwork().listen({ host: "127.0.0.1", port: 0 }, onConnection);
  listeners.push(listener);
  return listener;
}

function connect(port: number, signal: AbortSignal = new AbortController().signal): Promise<Connection> {
  return new SocketNetwork().connect({ host: "127.0.0.1", port, timeoutMs: 5000, signal });
}

test("text and bytes go both ways, and an orderly close is no error", async () => {
  const closed = new Promise<Error | null>((resolve) => {
    void listen((connection) => {
      connection.onData((chunk) => connection.write(Uint8Array.from(chunk).reverse()));
      connection.onClose(resolve);
    }).then(async ({ port }) => {
      const near = await connect(port);
      near.onData((chunk) => {
        expect(new TextDecoder().decode(chunk)).toBe("cba");
        near.close();
      });
      near.write("abc");
    });
  });
  expect(await closed).toBeNull();
});

test("the listener's close ends its connections on the other side", async () => {
  const listener = await listen(() => {});
  const near = await connect(listener.port);
  const ended = new Promise<Error | null>((resolve) => near.onClose(resolve));
  near.onData(() => {});
  await listener.close();
  expect((await ended) === null || (await ended) instanceof Error).toBe(true);
});

test("a port that nobody listens on is refused with host and port in the message", async () => {
  const listener = await listen(() => {});
  await listener.close();
  await expect(connect(listener.port)).rejects.toMatchObject({
    code: "CONNECT_REFUSED",
    message: expect.stringContaining(`127.0.0.1 port ${listener.port}`),
  });
});

test("a name that does not exist and an aborted try are named as such", async () => {
  const network = new SocketNetwork();
  const signal = new AbortController().signal;
  await expect(
    network.connect({ host: "no-such-host.invalid", port: 1, timeoutMs: 20_000, signal }),
  ).rejects.toMatchObject({ code: expect.stringMatching(/CONNECT_(FAILED|TIMEOUT)/) });
  await expect(connect(1, AbortSignal.abort())).rejects.toMatchObject({ code: "ABORTED" });
});

test("a port in use is named", async () => {
  const { port } = await listen(() => {});
  await expect(new SocketNetwork().listen({ host: "127.0.0.1", port }, () => {})).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringContaining(String(port)),
  });
});
