/** The own API as its clients see it: real sockets, orders written down instead of carried out. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
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
import { QueryRunner } from "#firmware/api/query-runner.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import { settingsKeys } from "#firmware/config/constraints.ts";
import { DEFAULT_SETTINGS } from "#firmware/config/schema.ts";
import { TuningDesk } from "#firmware/tuning/tuning-desk.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { temporaryFolder } from "../../../support/program.ts";
import { startRig } from "../../../support/rig.ts";

let server: ApiServer;
let base = "";
const traceFolder = temporaryFolder();
let snapshot: MinerSnapshot;
const state = new ManagementState("9.9.9");
const tokens: Record<Scope, string> = { read: "", control: "", admin: "" };
const orders: unknown[] = [];
const questions: unknown[] = [];
/** What a real miner answered. */
const told = new Map<string, unknown>();
const CHIP_DAY = {
  periodMs: 300_000,
  keptMs: 86_400_000,
  timesMs: [300_000, 900_000],
  frequencyMhz: [490, null],
  errorPct: [0.5, null],
  relativePct: [101, null],
  temperatureC: [null, null],
} as const;
const QUESTIONS = [
  { kind: "chips", chainIndex: 0 },
  { kind: "register", chainIndex: 0, chipIndex: 12, register: 8 },
  { kind: "sensors" },
  { kind: "tuning" },
  { kind: "decisions" },
  { kind: "trace" },
  { kind: "recording" },
  { kind: "hardware" },
  { kind: "receipts", days: 30 },
  { kind: "traffic" },
] as const;

beforeAll(async () => {
  const rig = await startRig({ machine: "s19jpro", hashesPerNonce: 16 });
  await rig.until("all hash", () => rig.snapshot().chains.every(({ state: phase }) => phase === "hashing"), 120_000);
  await rig.advance(5_000);
  snapshot = rig.snapshot();
  const queries = new QueryRunner(rig.miner.parts, new TuningDesk(rig.miner.parts));
  for (const query of QUESTIONS) {
    const asked = queries.answer(query, "admin");
    void asked.then((answer) => told.set(query.kind, answer.ok ? answer.data : answer.message));
    await rig.until(`${query.kind} is answered`, () => told.has(query.kind), 5_000);
  }
  await rig.stop();
  server = createApiServer({
    tls: null,
    clock: new SystemClock(),
    randomBytes,
    state,
    readsNeedToken: true,
    sessionMs: 3_600_000,
    webFolder: null,
    traceFolder,
    order: (command, origin, scope) => {
      orders.push({ command, origin, scope });
      return Promise.resolve(done("done"));
    },
    history: (wish) => {
      questions.push(wish);
      return { timesMs: [10_000, 20_000], values: wish.fields.map(() => [1, null]) };
    },
    chipHistory: (chainIndex, chipIndex) =>
      chipIndex > 1
        ? { ok: false, message: `Chain ${chainIndex} has no chip ${chipIndex}: chips are 0 to 1.` }
        : { ok: true, data: { ...CHIP_DAY, chainIndex, chipIndex } },
    query: (query, scope) => {
      questions.push({ query, scope });
      return Promise.resolve({ ok: true, data: told.get((query as { kind: string }).kind) });
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
    overriddenKeys: [],
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
  state.take({ kind: "idle", reason: "hashboards stay off: settings.toml is empty", lacksPool: false, machine: "" });
  expect(await (await call("/snapshot", "read")).json()).toMatchObject({
    message: expect.stringContaining("is empty"),
  });
  expect(await (await call("/health", null)).json()).toMatchObject({ status: "idle" });
  state.idle = null;
  state.take({ kind: "snapshot", snapshot });
  expect(await (await call("/health", null)).json()).toEqual({ status: "running", version: "9.9.9", problem: null });
});

test("what is served is what the schemas promise", async () => {
  expect(snapshotSchema.safeParse(await (await call("/snapshot", "read")).json()).error).toBeUndefined();
  expect(summarySchema.safeParse(await (await call("/summary", "read")).json()).error).toBeUndefined();
  for (const { method, url, answer, scope, handle } of ROUTES) {
    if (method !== "GET" || handle === undefined) continue;
    const response = await call(url.replace("/api/v1", "").replace(/:\w+/g, "0"), scope === "open" ? null : "admin");
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

test("what the web server itself refuses has a sentence of ours, too", async () => {
  expect(await (await call("/%zz", "read")).json()).toEqual({
    ok: false,
    message: "the address holds a % that no two hexadecimal digits follow: write a % itself as %25",
  });
  const large = await call("/commands", "admin", {
    method: "POST",
    body: JSON.stringify({ kind: "x".repeat(70_000) }),
  });
  expect([large.status, await large.json()]).toEqual([
    413,
    { ok: false, message: expect.stringMatching(/^the body of 700\d\d bytes is larger than 65536 bytes: send less/) },
  ]);
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
  expect(listed.sort()).toEqual(ROUTES.map(({ method, url }) => `${method} ${url.replace(/:(\w+)/g, "{$1}")}`).sort());
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

test("details are asked of the miner, with the numbers of the address and the scope of who asks", async () => {
  questions.length = 0;
  expect(await (await call("/chains/2/chips", "read")).json()).toMatchObject({ chip: "BM1362", state: "hashing" });
  expect((await call("/chains/0/chips/12/registers/8", "read")).status).toBe(403);
  expect((await call("/chains/0/chips/12/registers/8", "control")).status).toBe(200);
  for (const detail of ["sensors", "tuning", "decisions"]) expect((await call(`/${detail}`, "read")).status).toBe(200);
  expect(questions).toEqual([
    { query: { kind: "chips", chainIndex: 2 }, scope: "read" },
    { query: { kind: "register", chainIndex: 0, chipIndex: 12, register: 8 }, scope: "control" },
    { query: { kind: "sensors" }, scope: "read" },
    { query: { kind: "tuning" }, scope: "read" },
    { query: { kind: "decisions" }, scope: "read" },
  ]);
  for (const wrong of ["/chains/x/chips", "/chains/-1/chips", "/chains/1e3/chips", "/chains/99999999999/chips"]) {
    const refused = await call(wrong, "read");
    expect(refused.status).toBe(400);
    expect(await refused.json()).toEqual({
      ok: false,
      message: expect.stringMatching(/^\w+ in the address is ".+": must be a whole decimal number of up to 9 digits$/),
    });
  }
  expect((await call("/sensors", null)).status).toBe(401);
});

test("history: what is asked for is checked, with a sentence that names what there is", async () => {
  questions.length = 0;
  const answer = await (await call("/history?resolution=5m&fields=accepted,chain1Ths&fromMs=5", "read")).json();
  expect(answer).toEqual({
    periodMs: 300_000,
    fields: ["accepted", "chain1Ths"],
    timesMs: [10_000, 20_000],
    values: [
      [1, null],
      [1, null],
    ],
  });
  expect(questions).toEqual([
    { resolution: "5m", fields: ["accepted", "chain1Ths"], fromMs: 5, toMs: Number.MAX_SAFE_INTEGER },
  ]);
  for (const [wrong, place] of [
    ["fields=nonsense", "fields"],
    ["fields=accepted,accepted,accepted,accepted,accepted,accepted,accepted,accepted,accepted", "fields"],
    ["resolution=1s", "resolution"],
    ["fromMs=yesterday", "fromMs"],
    ["toMs=-1", "toMs"],
  ]) {
    const refused = await call(`/history?${wrong}`, "read");
    expect(refused.status, wrong).toBe(400);
    expect(((await refused.json()) as { message: string }).message, wrong).toMatch(
      new RegExp(`^${place} (is "?[\\w-]+"?|\\(not shown\\)): must be `),
    );
  }
});

test("a chip's day: its numbers come from the address, and a chip that is not there is named", async () => {
  const path = (chip: string): string => `/chains/1/chips/${chip}/history`;
  expect(await (await call(path("1"), "read")).json()).toEqual({ ...CHIP_DAY, chainIndex: 1, chipIndex: 1 });
  const missing = await call(path("2"), "read");
  expect([missing.status, await missing.json()]).toEqual([
    400,
    { ok: false, message: "Chain 1 has no chip 2: chips are 0 to 1." },
  ]);
  for (const wrong of ["-1", "1.5", "0x1", "x"]) expect((await call(path(wrong), "read")).status, wrong).toBe(400);
  expect((await call(path("1"), null)).status).toBe(401);
});

test("the support bundle holds all parts", async () => {
  const bundle = (await (await call("/support", "control")).json()) as Record<string, unknown>;
  expect(Object.keys(bundle)).toEqual(
    expect.arrayContaining([
      "version",
      "snapshot",
      "settings",
      "audit",
      "log",
      "chips",
      "sensors",
      "tuning",
      "recording",
    ]),
  );
  expect((bundle["chips"] as unknown[]).length).toBe(3);
  expect((await call("/support", "read")).status).toBe(403);
});

test("the local door asks for no token, is named in the orders, and closes with the server", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kumpel-door-"));
  const socketPath = path.join(folder, "console.sock");
  await new Promise<void>((resolve) => server.local.listen(socketPath, resolve));
  const ask = (method: string, target: string, body?: object): Promise<{ status: number; text: string }> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "content-type": "application/json" };
      const request = http.request({ socketPath, path: `/api/v1${target}`, method, headers }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.on("error", reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  orders.length = 0;
  expect((await ask("POST", "/commands", { kind: "pause" })).status).toBe(200);
  expect(orders).toEqual([{ command: { kind: "pause" }, origin: { face: "console", who: "console" }, scope: "admin" }]);
  expect((await ask("GET", "/audit")).status).toBe(200);
  fs.rmSync(folder, { recursive: true });
});

test("a recording is handed out as a file; links, other names and what is not there are not", async () => {
  fs.writeFileSync(path.join(traceFolder, "kumpel.trace"), "kumpel trace 1\n0.000 0 > 55aa\n");
  fs.writeFileSync(path.join(traceFolder, "empty.trace"), "");
  fs.writeFileSync(path.join(traceFolder, "access.json"), "secret");
  fs.symlinkSync(path.join(traceFolder, "access.json"), path.join(traceFolder, "link.trace"));
  fs.mkdirSync(path.join(traceFolder, "folder.trace"));
  const good = await call("/trace/file?name=kumpel.trace", "control");
  expect(good.headers.get("content-disposition")).toBe('attachment; filename="kumpel.trace"');
  expect(await good.text()).toContain("0.000 0 > 55aa");
  expect((await (await call("/trace/file?name=empty.trace", "control")).text()).length).toBe(0);
  for (const [name, status] of [
    ["none.trace", 404],
    ["link.trace", 404],
    ["folder.trace", 404],
    ["access.json", 400],
    ["..%2Fkumpel.trace", 400],
  ] as const) {
    const answer = await call(`/trace/file?name=${name}`, "control");
    expect(answer.status, name).toBe(status);
    expect(await answer.text(), name).not.toContain("secret");
  }
  expect((await call("/trace/file", "read")).status).toBe(403);
});
