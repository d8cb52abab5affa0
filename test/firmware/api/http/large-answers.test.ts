/** Many ask for megabytes and take none: few answers are made, and whoever takes his is served again. */
import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import net from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { LargeAnswers, TURN_LIMIT_MS, UNSENT_MAX, UNTAKEN_LIMIT_MS } from "#firmware/api/http/large-answers.ts";
import { createApiServer } from "#firmware/api/http/server.ts";
import { ManagementState } from "#firmware/api/http/state.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

/** More than the buffers of a connection within this computer take. */
const POINTS = 1_500_000;
const PATH = "/api/v1/history?fields=hashrateThs";

async function start() {
  const clock = new VirtualClock();
  const made = { count: 0 };
  const timesMs = Array.from({ length: POINTS }, (_, i) => i * 10_000);
  const state = new ManagementState("9.9.9");
  const server = createApiServer({
    tls: null,
    clock,
    randomBytes,
    state,
    readsNeedToken: false,
    sessionMs: 3_600_000,
    webFolder: null,
    order: () => Promise.reject(new Error("nothing is ordered here")),
    query: () => Promise.resolve({ ok: true, data: { text: "x".repeat(16 << 20) } }),
    history: () => {
      made.count++;
      return { timesMs, values: [[]] };
    },
    chipHistory: () => ({ ok: false, message: "" }),
  });
  onTestFinished(() => server.app.close());
  const sockets: net.Socket[] = [];
  server.app.server.on("connection", (socket: net.Socket) => void sockets.push(socket));
  await server.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.app.server.address() as net.AddressInfo;
  /** Takes the head of the answer and nothing more. */
  const ask = (path: string): { socket: net.Socket; head: Promise<string> } => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`));
    onTestFinished(() => void socket.destroy());
    const head = once(socket, "data").then(([chunk]) => {
      socket.pause();
      return String(chunk).split("\r\n\r\n")[0] ?? "";
    });
    return { socket, head };
  };
  /** What the system does when a connection took nothing for so long. */
  const timeOut = (client: net.Socket): void => {
    const { server: listening } = server.app;
    expect(listening.timeout).toBe(UNTAKEN_LIMIT_MS);
    const socket = sockets.find(({ remotePort }) => remotePort === client.localPort);
    listening.emit("timeout", socket);
  };
  return { clock, made, ask, timeOut };
}

const statusOf = (head: string): string => head.slice(0, 12);

/** Time goes on until they all know. */
async function settled<T>(clock: VirtualClock, promises: readonly Promise<T>[]): Promise<T[]> {
  const known = new Set<Promise<T>>();
  for (const promise of promises) void promise.finally(() => known.add(promise));
  while (known.size < promises.length) {
    await clock.advance(100);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Promise.all(promises);
}

test("of a dozen who take nothing four get an answer, the others are told when to come back", async () => {
  const { clock, made, ask, timeOut } = await start();
  const asked = Array.from({ length: 12 }, () => ask(PATH));
  const heads = await settled(
    clock,
    asked.map(({ head }) => head),
  );
  expect(heads.map(statusOf).sort()).toEqual([
    ...Array.from({ length: UNSENT_MAX }, () => "HTTP/1.1 200"),
    ...Array.from({ length: 12 - UNSENT_MAX }, () => "HTTP/1.1 503"),
  ]);
  expect(made.count).toBe(UNSENT_MAX);
  for (const head of heads.filter((text) => statusOf(text).endsWith("503"))) expect(head).toMatch(/^retry-after: 5$/m);
  // What is large without being known for it finds no place either; what is small does.
  const [large, small] = await settled(clock, [ask("/api/v1/sensors").head, ask("/api/v1/health").head]);
  expect([large, small].map((head) => statusOf(head ?? ""))).toEqual(["HTTP/1.1 503", "HTTP/1.1 200"]);
  // One leaves, another takes all of his, a third takes nothing for too long: three of those who wait are served.
  const [first, second, third] = asked.filter((_, i) => statusOf(heads[i] ?? "").endsWith("200"));
  if (third === undefined) throw new Error("fewer were served");
  const waiting = [ask(PATH), ask(PATH), ask(PATH)];
  first?.socket.destroy();
  second?.socket.resume();
  timeOut(third.socket);
  const served = await Promise.all(waiting.map(({ head }) => head));
  expect(served.map(statusOf)).toEqual(served.map(() => "HTTP/1.1 200"));
});

test("who is silent for other reasons keeps the connection", async () => {
  const { ask, timeOut } = await start();
  const { socket, head } = ask("/api/v1/health");
  await head;
  timeOut(socket);
  socket.write("GET /api/v1/health HTTP/1.1\r\nhost: x\r\n\r\n");
  socket.resume();
  expect(String(await once(socket, "data"))).toContain("HTTP/1.1 200");
});

class FakeResponse extends EventEmitter {
  destroyed = false;

  destroy(): this {
    this.destroyed = true;
    this.emit("close");
    return this;
  }
}

async function full() {
  const clock = new VirtualClock();
  const large = new LargeAnswers(clock);
  const held = Array.from({ length: UNSENT_MAX }, () => new FakeResponse());
  const hold = (response: FakeResponse, waitMs?: number): Promise<boolean> => large.hold(response as never, waitMs);
  for (const response of held) expect(await hold(response)).toBe(true);
  return { clock, held, hold };
}

test("a place that gets free goes to who waits longest", async () => {
  const { clock, held, hold } = await full();
  const order: string[] = [];
  const [early, late] = [new FakeResponse(), new FakeResponse()];
  const waits = [
    hold(early).then((isHeld) => order.push(`early ${isHeld}`)),
    hold(late).then((isHeld) => order.push(`late ${isHeld}`)),
  ];
  held[0]?.destroy();
  await clock.advance(TURN_LIMIT_MS);
  await Promise.all(waits);
  expect(order).toEqual(["early true", "late false"]);
});

test("an answer counts once, and not at all when nobody is there for it", async () => {
  const { clock, held, hold } = await full();
  const [first, second] = held;
  // The second look at the same answer takes no other place; one that is sent and then closed frees one place.
  expect(await hold(first ?? new FakeResponse(), 0)).toBe(true);
  first?.emit("finish");
  first?.emit("close");
  expect(await hold(new FakeResponse(), 0)).toBe(true);
  expect(await hold(new FakeResponse(), 0)).toBe(false);
  const gone = new FakeResponse();
  const wait = hold(gone);
  gone.destroy();
  second?.emit("finish");
  await clock.advance(1);
  expect(await wait).toBe(false);
  expect(await hold(new FakeResponse(), 0)).toBe(true);
});
