/** Where alerts go: a webhook that is well, slow, broken or wrong, in virtual time and over real sockets; and the test alert. */
import http from "node:http";
import type net from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Alerter, type AlertTopic } from "#firmware/api/alerts/alerter.ts";
import { type Post, type PostFailure, postTo, Webhook } from "#firmware/api/alerts/webhook.ts";
import { viewOf } from "#firmware/api/machine-facts.ts";
import type { AlertOptions } from "#firmware/api/outward-options.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { faceBench, machine } from "../cgminer/face-fixture.ts";

const WEBHOOK = { url: "https://hook.example/secret-path?token=abc", token: "secret-token" };
const NEVER = new AbortController().signal;
const BUSY: PostFailure = { why: "HTTP status 503", isFinal: false };

function bench(post: Post) {
  const clock = new VirtualClock();
  const said: string[] = [];
  const parts = {
    clock,
    random: { uint32: () => 0, unit: () => 0.5 },
    say: (level: string, text: string) => void said.push(`${level} ${text}`),
  };
  return { clock, said, parts, webhook: new Webhook(WEBHOOK, parts, post) };
}

describe("the webhook", () => {
  test("what it did not take is tried again, in order, and one line tells of it", async () => {
    const taken: string[] = [];
    let failures = 3;
    const { clock, said, webhook } = bench((body) => {
      if (failures-- > 0) return Promise.resolve(BUSY);
      taken.push(body);
      return Promise.resolve(null);
    });
    webhook.send("one", NEVER);
    webhook.send("two", NEVER);
    await clock.advance(60_000);
    expect(taken).toEqual(["one", "two"]);
    expect(said).toEqual([
      "warn alerts: the webhook on hook.example took none (HTTP status 503)",
      "info alerts: the webhook on hook.example takes alerts again",
    ]);
  });

  test("tries are few, the queue is short, and a day of trouble is one line", async () => {
    const tried = new Map<string, number>();
    const { clock, said, webhook } = bench((body) => {
      tried.set(body, (tried.get(body) ?? 0) + 1);
      return Promise.resolve(BUSY);
    });
    for (let i = 0; i < 100; i++) webhook.send(`alert ${i}`, NEVER);
    await clock.advance(24 * 3_600_000);
    // The first was under way already; of the others the newest are kept.
    expect(tried.size).toBe(33);
    expect([...tried.values()].every((count) => count === 6)).toBe(true);
    expect(said).toHaveLength(1);
  });

  test("what is refused for good is not tried again", async () => {
    let tries = 0;
    const { clock, webhook } = bench(() => {
      tries++;
      return Promise.resolve({ why: "HTTP status 404", isFinal: true });
    });
    webhook.send("one", NEVER);
    await clock.advance(3_600_000);
    expect(tries).toBe(1);
  });

  test("neither address nor token is told", async () => {
    const { clock, said, webhook } = bench(() => Promise.resolve(BUSY));
    webhook.send("one", NEVER);
    await clock.advance(600_000);
    expect(said.join()).not.toMatch(/secret|abc/);
  });
});

describe("over real sockets", () => {
  const servers: http.Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close().closeAllConnections();
  });

  async function serve(listener: http.RequestListener): Promise<string> {
    const server = http.createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/hook`;
  }

  test("it is a POST of JSON with the token", async () => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => {
        body += chunk.toString();
      });
      request.on("end", () => {
        const { method, url: path, headers } = request;
        seen.push([method, path, headers["content-type"], headers.authorization, body]);
        response.writeHead(204).end();
      });
    });
    expect(await postTo({ url, token: "t-1" })('{"a":"ü"}', NEVER)).toBeNull();
    expect(seen).toEqual([["POST", "/hook", "application/json", "Bearer t-1", '{"a":"ü"}']]);
  });

  test.each([
    [302, true],
    [404, true],
    [429, false],
    [500, false],
  ])("status %i", async (status, isFinal) => {
    const url = await serve((_request, response) => response.writeHead(status, { location: "/other" }).end("x"));
    expect(await postTo({ url, token: null })("{}", NEVER)).toEqual({ why: `HTTP status ${status}`, isFinal });
  });

  test("nobody there, a socket that closes, an end of the program", async () => {
    const gone = await serve(() => undefined);
    servers.splice(0).forEach((server) => void server.close());
    expect(await postTo({ url: gone, token: null })("{}", NEVER)).toMatchObject({ isFinal: false });
    const rude = await serve((request) => request.socket.destroy());
    expect(await postTo({ url: rude, token: null })("{}", NEVER)).toMatchObject({ isFinal: false });
    const silent = await serve(() => undefined);
    const stop = new AbortController();
    const posted = postTo({ url: silent, token: null })("{}", stop.signal);
    stop.abort();
    expect(await posted).not.toBeNull();
  });
});

describe("the alerter", () => {
  function alerterWith(
    options: Partial<AlertOptions>,
    topic: AlertTopic | null,
    post: Post = () => Promise.resolve(null),
  ) {
    const { clock, parts } = bench(post);
    const state = { snapshot: machine() };
    const alerter = new Alerter(
      { webhook: WEBHOOK, minSeverity: "warning", isQuiet: false, ...options },
      {
        ...parts,
        view: () => viewOf({ ...faceBench(state.snapshot), clock }),
        order: () => Promise.reject(new Error("orders nothing")),
        dial: () => Promise.reject(new Error("dials nobody")),
      },
      topic,
      post,
    );
    return { clock, state, alerter };
  }

  test("a shutdown goes to webhook and broker, and so does its end", async () => {
    const posted: string[] = [];
    const published: string[] = [];
    const topic = { alert: (body: string) => void published.push(body), alertNow: () => Promise.resolve(null) };
    const { clock, state, alerter } = alerterWith({}, topic, (body) => {
      posted.push(body);
      return Promise.resolve(null);
    });
    const stop = new AbortController();
    const ended = alerter.run(stop.signal);
    await clock.advance(60_000);
    expect(posted).toEqual([]);
    state.snapshot = machine({ shutdownReason: "board of chain 1 above its limit" });
    await clock.advance(10_000);
    state.snapshot = machine();
    await clock.advance(10_000);
    expect(published).toEqual(posted);
    expect(posted.map((body) => JSON.parse(body) as unknown)).toMatchObject([
      {
        version: 1,
        id: "shutdown",
        kind: "raised",
        severity: "critical",
        part: "",
        text: "board of chain 1 above its limit",
        stands_s: 0,
        at: "2026-01-01T00:01:05.000Z",
        machine: { id: "28e2970a0b0c", model: "Antminer S21", hostname: "Antminer", emulated: null },
      },
      { id: "shutdown", kind: "resolved" },
    ]);
    stop.abort();
    await ended;
  });

  test("quiet is quiet", async () => {
    const posted: string[] = [];
    const { clock, state, alerter } = alerterWith({ isQuiet: true }, null, (body) => {
      posted.push(body);
      return Promise.resolve(null);
    });
    state.snapshot = machine({ shutdownReason: "hot" });
    void alerter.run(NEVER);
    await clock.advance(3_600_000);
    expect(posted).toEqual([]);
    expect(await alerter.test(NEVER)).toEqual({ ok: false, message: "Alerts are switched off: alerts.quiet is set." });
  });

  test.each([
    [null, null, true, "Test alert: the webhook on hook.example took it; the MQTT broker took it."],
    [BUSY, null, false, "Test alert: the webhook on hook.example did not (HTTP status 503); the MQTT broker took it."],
    [
      null,
      "MQTT is not connected",
      false,
      "Test alert: the webhook on hook.example took it; the MQTT broker did not (MQTT is not connected).",
    ],
  ])("a test alert says of each place whether it arrived (%s, %s)", async (failure, lost, ok, message) => {
    const topic = { alert: () => undefined, alertNow: () => Promise.resolve(lost) };
    const { alerter } = alerterWith({}, topic, () => Promise.resolve(failure));
    expect(await alerter.test(NEVER)).toMatchObject({ ok, message });
  });
});
