/** The own API as its clients see it: real sockets, orders written down instead of carried out. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createToken } from "#firmware/api/access.ts";
import { done, type Scope } from "#firmware/api/commands.ts";
import { LISTENERS_MAX } from "#firmware/api/http/events.ts";
import { openApiDocument } from "#firmware/api/http/openapi.ts";
import { ROUTES } from "#firmware/api/http/routes.ts";
import { snapshotSchema, summarySchema } from "#firmware/api/http/schemas.ts";
import { type ApiServer, createApiServer } from "#firmware/api/http/server.ts";
import { ManagementState } from "#firmware/api/http/state.ts";
import { summaryOf } from "#firmware/api/http/summary.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import { settingsKeys } from "#firmware/config/constraints.ts";
import { DEFAULT_SETTINGS } from "#firmware/config/schema.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { startRig } from "../../../support/rig.ts";

let server: ApiServer;
let base = "";
let snapshot: MinerSnapshot;
const state = new ManagementState("9.9.9");
const tokens: Record<Scope, string> = { read: "", control: "", admin: "" };
const orders: unknown[] = [];

beforeAll(async () => {
  const rig = await startRig({ machine: "s19jpro", hashesPerNonce: 16 });
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state: phase }) => phase === "hashing"), 120_000);
  await rig.advance(5_000);
  snapshot = rig.snapshot();
  await rig.stop();
  server = createApiServer({
    clock: new SystemClock(),
    randomBytes,
    state,
    readsNeedToken: true,
    sessionMs: 3_600_000,
    order: (command, origin, scope) => {
      orders.push({ command, origin, scope });
      return Promise.resolve(done("done"));
    },
  });
  const records = [];
  for (const scope of ["read", "control", "admin"] as const) {
    const { token, record } = await createToken(randomBytes, scope, scope, 0);
    tokens[scope] = token;
    records.push(record);
  }
  server.guard.setTokens(records);
  const view = {
    place: "/data/settings.toml",
    source: "file",
    problems: [],
    settings: DEFAULT_SETTINGS,
    pendingRestart: [],
  } as const;
  state.take({ kind: "settings", view, constraints: settingsKeys() });
  state.take({ kind: "log", lines: ['{"level":30,"msg":"hello"}', '{"level":40,"msg":"you"}'] });
  base = await server.app.listen({ host: "127.0.0.1", port: 0 });
});

afterAll(async () => {
  await server.app.close();
});

function call(path: string, scope: Scope | null, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (scope !== null) headers.set("authorization", `Bearer ${tokens[scope]}`);
  if (init.body !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
  return fetch(`${base}/api/v1${path}`, { ...init, headers });
}

test("before the first snapshot the answer is 503 with a sentence, in safe idle with the reason", async () => {
  expect((await call("/snapshot", "read")).status).toBe(503);
  state.take({ kind: "idle", reason: "hashboards stay off: settings.toml is empty" });
  expect(await (await call("/snapshot", "read")).json()).toMatchObject({
    message: expect.stringContaining("is empty"),
  });
  expect(await (await call("/health", null)).json()).toMatchObject({ status: "idle" });
  state.idleReason = null;
  state.take({ kind: "snapshot", snapshot });
  expect(await (await call("/health", null)).json()).toEqual({ status: "running", version: "9.9.9", problem: null });
});

test("what is served is what the schemas promise", async () => {
  expect(snapshotSchema.safeParse(await (await call("/snapshot", "read")).json()).error).toBeUndefined();
  expect(summarySchema.safeParse(await (await call("/summary", "read")).json()).error).toBeUndefined();
  for (const { method, url, answer, scope, handle } of ROUTES) {
    if (method !== "GET" || handle === undefined) continue;
    const response = await call(url.replace("/api/v1", ""), scope === "open" ? null : "admin");
    expect(response.status, url).toBe(200);
    expect(answer.safeParse(await response.json()).error, url).toBeUndefined();
  }
});

test("each route asks for its scope; only open ones need no token", async () => {
  for (const { method, url, scope } of ROUTES) {
    const path = url.replace("/api/v1", "");
    const init = method === "GET" ? { method } : { method, body: "{}" };
    const status = async (as: Scope | null): Promise<number> => (await call(path, as, init)).status;
    if (scope === "open") expect(await status(null), url).not.toBe(403);
    else expect(await status(null), url).toBe(401);
    if (scope === "control" || scope === "admin") expect(await status("read"), url).toBe(403);
    if (scope === "admin") expect(await status("control"), url).toBe(403);
  }
});

test("commands and changes go out with who ordered them and what he may", async () => {
  orders.length = 0;
  await call("/commands", "control", { method: "POST", body: '{"kind":"pause"}' });
  await call("/settings", "admin", { method: "PATCH", body: '{"cooling":{"target_c":50}}' });
  expect(orders).toEqual([
    { command: { kind: "pause" }, origin: { face: "own API", who: "control" }, scope: "control" },
    {
      command: { kind: "setSettings", patch: { cooling: { target_c: 50 } } },
      origin: { face: "own API", who: "admin" },
      scope: "admin",
    },
  ]);
});

test.each([
  ["no JSON", "{", "application/json", 400],
  ["another form", "a=1", "application/x-www-form-urlencoded", 415],
  ["no command", '{"kind":"explode"}', "application/json", 400],
  ["a prototype", '{"kind":"pause","__proto__":{"a":1}}', "application/json", 400],
  ["nesting", `{"kind":"setSettings","patch":${'{"a":'.repeat(40)}1${"}".repeat(40)}}`, "application/json", 400],
])("a body with %s is refused with a sentence, and nothing is ordered", async (_name, body, type, status) => {
  orders.length = 0;
  const response = await call("/commands", "admin", { method: "POST", body, headers: { "content-type": type } });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ ok: false, message: expect.any(String) });
  expect(orders).toEqual([]);
});

test("a session acts from its own pages only", async () => {
  const begun = await call("/sessions", null, { method: "POST", body: JSON.stringify({ token: tokens.control }) });
  expect(await begun.json()).toEqual({ ok: true, scope: "control", who: "control" });
  const cookie = begun.headers.get("set-cookie") ?? "";
  expect(cookie).toContain("HttpOnly; SameSite=Strict");
  const order = (headers: Record<string, string>): Promise<Response> =>
    call("/commands", null, { method: "POST", body: '{"kind":"resume"}', headers: { cookie, ...headers } });
  expect((await call("/summary", null, { headers: { cookie } })).status).toBe(200);
  expect((await order({ origin: base })).status).toBe(200);
  expect((await order({})).status).toBe(403);
  expect((await order({ origin: "http://evil.test" })).status).toBe(403);
  expect((await call("/summary", "read", { headers: { origin: "http://evil.test" } })).status).toBe(403);
  await call("/sessions", null, { method: "DELETE", headers: { cookie, origin: base } });
  expect((await call("/summary", null, { headers: { cookie } })).status).toBe(401);
  const wrong = await call("/sessions", null, { method: "POST", body: '{"token":"kmp_00000000_x"}' });
  expect(wrong.status).toBe(401);
});

test("the stream gives a snapshot at once and with each new one; there is an end to its listeners", async () => {
  const stop = new AbortController();
  const response = await call("/events", "read", { signal: stop.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const read = async (): Promise<string> => (await reader?.read())?.value ?? "";
  expect(await read()).toContain('event: snapshot\ndata: {"version":"9.9.9"');
  server.events.send("snapshot", '{"a":1}');
  expect(await read()).toBe('event: snapshot\ndata: {"a":1}\n\n');
  const others = await Promise.all(
    Array.from({ length: LISTENERS_MAX }, () => call("/events", "read", { signal: stop.signal })),
  );
  expect(others.map(({ status }) => status).filter((status) => status !== 200)).toEqual([503]);
  stop.abort();
});

test("the OpenAPI document lists every route, resolves in itself, and is plain JSON", () => {
  const document = openApiDocument(ROUTES, "9.9.9");
  const text = JSON.stringify(document);
  expect(document.openapi).toBe("3.1.0");
  const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(listed.sort()).toEqual(ROUTES.map(({ method, url }) => `${method} ${url}`).sort());
  for (const [, reference = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const found = reference
      .split("/")
      .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
    expect(found, reference).toBeDefined();
  }
  const ids = [...text.matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ROUTES.length);
});

test("the summary's state follows from the snapshot", () => {
  const status = (change: Partial<MinerSnapshot>): string => summaryOf({ ...snapshot, ...change }).status;
  expect(status({})).toBe("hashing");
  expect(status({ pauseReason: "night" })).toBe("paused");
  expect(status({ thermal: { ...snapshot.thermal, phase: "shutdown" } })).toBe("shutDown");
  const without = (change: object) => snapshot.chains.map((chain) => ({ ...chain, ...change }));
  expect(status({ chains: without({ feedPeriodMs: null }) })).toBe("waiting");
  expect(status({ chains: without({ state: "ramping" }) })).toBe("starting");
});
