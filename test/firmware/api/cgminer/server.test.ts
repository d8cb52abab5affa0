/** The port itself: one request a connection, a NUL at the end, and clients that misbehave in every way. */
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { parseAccess } from "#firmware/api/cgminer/access.ts";
import { type SocketServer, startSocketServer } from "#firmware/api/cgminer/server.ts";
import { type FaceBench, faceBench } from "./face-fixture.ts";

const servers: SocketServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(bench: FaceBench = faceBench(), allow = "W:127.0.0.1"): Promise<SocketServer> {
  const server = await startSocketServer({ ...bench, access: parseAccess(allow), host: "127.0.0.1", port: 0 });
  servers.push(server);
  return server;
}

interface Call {
  readonly socket: net.Socket;
  /** Everything that came until the server ended the connection. */
  readonly reply: Promise<string>;
}

function call(server: SocketServer): Call {
  const socket = net.connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.on("error", () => undefined);
  const reply = new Promise<string>((resolve) => {
    const done = (): void => {
      socket.end();
      resolve(Buffer.concat(chunks).toString());
    };
    socket.on("end", done);
    socket.on("close", done);
  });
  return { socket, reply };
}

/** Real sockets need turns of the event loop, however many, until something holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(holds()).toBe(true);
}

test.each(['{"command":"version"}', '{"command":"version"}\n', "version\n", "version\0"])(
  "%j is answered at once, with a NUL, and the connection ends",
  async (request) => {
    const { socket, reply } = call(await serve());
    socket.write(request);
    expect(await reply).toMatch(/Antminer S21.*\0$/s);
  },
);

test("a text request without an end is answered after a short silence, or when the client ends its half", async () => {
  const bench = faceBench();
  const server = await serve(bench);
  const first = call(server);
  first.socket.end("version");
  expect(await first.reply).toContain("VERSION,");
  const second = call(server);
  second.socket.write("summary");
  await until(() => server.connections === 1 && bench.clock.pendingTimers === 2);
  await bench.clock.advance(150);
  expect(await second.reply).toContain("SUMMARY,");
});

test("a request in single bytes is put together", async () => {
  const { socket, reply } = call(await serve());
  socket.setNoDelay(true);
  for (const byte of '{"command":"summary+{}","parameter":"}"}') {
    socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(JSON.parse((await reply).slice(0, -1))).toHaveProperty("summary");
});

test("silent clients are let go after five seconds, and keep nobody out before", async () => {
  const bench = faceBench();
  const server = await serve(bench);
  const silent = Array.from({ length: 300 }, () => call(server));
  await until(() => server.connections === 200);
  const asking = call(server);
  asking.socket.write('{"command":"version"}');
  expect(await asking.reply).toContain("Antminer");
  await until(() => server.connections <= 200);
  await bench.clock.advance(5_000);
  await until(() => server.connections === 0);
  expect(await Promise.all(silent.map(({ reply }) => reply))).toEqual(Array(300).fill(""));
  expect(bench.clock.pendingTimers).toBe(0);
});

test("a client that never finishes its JSON is told so", async () => {
  const bench = faceBench();
  const { socket, reply } = call(await serve(bench));
  socket.write('{"command":"version"');
  await until(() => bench.clock.pendingTimers === 2);
  await bench.clock.advance(1_000);
  expect(JSON.parse((await reply).slice(0, -1)).STATUS[0]).toMatchObject({ STATUS: "E", Code: 23 });
});

test("ten megabytes are an error, and only the first few kilobytes are kept", async () => {
  const server = await serve();
  const big = `{"command":"${"a".repeat(10_000_000)}"}`;
  const { socket, reply } = call(server);
  socket.end(big);
  expect(JSON.parse((await reply).slice(0, -1)).STATUS[0]).toMatchObject({ STATUS: "E", Code: 23 });
  const asText = call(server);
  asText.socket.end("a".repeat(10_000_000));
  expect(await asText.reply).toContain("Code=14,");
  await until(() => server.connections === 0);
});

test("a client that does not end its side after the reply is let go", async () => {
  const bench = faceBench();
  const server = await serve(bench);
  const socket = net.connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => undefined);
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString()));
  socket.write("version\n");
  await until(() => received.endsWith("\0"));
  expect(server.connections).toBe(1);
  await bench.clock.advance(5_000);
  await until(() => server.connections === 0);
  socket.destroy();
});

test("200 clients at once get their own answers", async () => {
  const server = await serve();
  const commands = ["version", "summary", "stats", "pools", "devs", "config", "coin", "lcd"];
  const replies = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const { socket, reply } = call(server);
      socket.write(JSON.stringify({ command: commands[i % 8] }));
      return JSON.parse((await reply).slice(0, -1)) as Record<string, unknown>;
    }),
  );
  replies.forEach((reply, i) => {
    expect(reply).toHaveProperty((commands[i % 8] ?? "").toUpperCase());
  });
});

test("an address in no range gets nothing; connections that break off break nothing", async () => {
  const server = await serve(faceBench(), "W:192.0.2.1");
  const { socket, reply } = call(server);
  socket.write("version\n");
  expect(await reply).toBe("");
  for (let i = 0; i < 20; i++) {
    const broken = net.connect(server.port, "127.0.0.1", () => {
      broken.write("version\n");
      broken.resetAndDestroy();
    });
    broken.on("error", () => undefined);
  }
  await until(() => server.connections === 0);
});

test("a port that is taken is an error with its code", async () => {
  const { port } = await serve();
  await expect(
    startSocketServer({ ...faceBench(), access: parseAccess("*"), host: "127.0.0.1", port }),
  ).rejects.toMatchObject({ code: "EADDRINUSE" });
});
