/** A bundle over the own API: written as it comes, ordered when it is whole, refused with a sentence otherwise. */
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createToken } from "#firmware/api/access.ts";
import { type Command, type CommandAnswer, done, refused, type Scope } from "#firmware/api/commands.ts";
import { type ApiServer, createApiServer } from "#firmware/api/http/server.ts";
import { ManagementState } from "#firmware/api/http/state.ts";
import { UpdateIntake } from "#firmware/api/update-intake.ts";
import { ROOM_LEFT_BYTES } from "#firmware/update/update-rules.ts";
import { BUNDLE_FILE, BUNDLE_MAX_BYTES, NO_UPDATER } from "#firmware/update/update-status.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "upload-"));
const bundle = path.join(folder, BUNDLE_FILE);
const state = new ManagementState("9.9.9");
const tokens: Partial<Record<Scope, string>> = {};
let server: ApiServer;
let port = 0;
const orders: Command[] = [];
let answerTo: (command: Command) => CommandAnswer = () => done("done");
let onOrder: (command: Command) => void = () => undefined;

beforeAll(async () => {
  const intake = new UpdateIntake(folder, (command) => {
    orders.push(command);
    onOrder(command);
    return Promise.resolve(answerTo(command));
  });
  server = createApiServer({
    tls: null,
    webFolder: null,
    clock: new SystemClock(),
    randomBytes,
    state,
    readsNeedToken: true,
    sessionMs: 1_000,
    history: () => ({ timesMs: [], values: [] }),
    chipHistory: () => ({ ok: false, message: "nothing is kept here" }),
    order: (command) => {
      orders.push(command as Command);
      return Promise.resolve(answerTo(command as Command));
    },
    query: () => Promise.resolve({ ok: true, data: {} }),
    receive: (upload, wish, { who, face, scope }) => intake.receive(upload, wish, { who, face, scope }),
  });
  const records = [];
  for (const scope of ["control", "admin"] as const) {
    const { token, record } = await createToken(randomBytes, scope, scope, 0);
    tokens[scope] = token;
    records.push(record);
  }
  server.guard.setTokens(records);
  port = Number(new URL(await server.app.listen({ host: "127.0.0.1", port: 0 })).port);
});

beforeEach(() => {
  orders.length = 0;
  answerTo = () => done("done");
  onOrder = () => undefined;
  fs.rmSync(bundle, { force: true });
});

afterAll(async () => {
  await server.app.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function post(body: Buffer | string, query = "", scope: Scope = "admin", type = "application/octet-stream") {
  const headers = { authorization: `Bearer ${tokens[scope]}`, "content-type": type };
  const reply = await fetch(`http://127.0.0.1:${port}/api/v1/update${query}`, { method: "POST", body, headers });
  return { status: reply.status, body: (await reply.json()) as { ok: boolean; message: string } };
}

test("a bundle of megabytes is on disk as it was sent before it is ordered", async () => {
  const sent = randomBytes(3 << 20);
  const onDisk: Buffer[] = [];
  onOrder = ({ kind }) => {
    if (kind === "installUpdate") onDisk.push(fs.readFileSync(bundle));
  };
  expect(await post(sent, "?force=true")).toEqual({ status: 200, body: expect.objectContaining({ ok: true }) });
  expect(orders).toEqual([
    { kind: "stageUpdate", bytes: sent.length },
    { kind: "installUpdate", isForced: true, clearsSettings: false },
  ]);
  // Not toEqual, which takes half a minute for megabytes.
  expect(onDisk.map((bytes) => bytes.equals(sent))).toEqual([true]);
  expect(fs.statSync(bundle).mode & 0o777).toBe(0o600);
});

test("what is refused before a byte came is not written, and its sender reads why", async () => {
  answerTo = ({ kind }) =>
    kind === "stageUpdate" ? refused("The running version has not proved itself yet.") : done("");
  expect(await post(randomBytes(2 << 20))).toEqual({
    status: 400,
    body: { ok: false, message: "The running version has not proved itself yet." },
  });
  expect(fs.existsSync(bundle)).toBe(false);
});

test("an empty bundle is dropped", async () => {
  const headers = { authorization: `Bearer ${tokens.admin}`, "content-type": "application/octet-stream" };
  const reply = await server.app.inject({ method: "POST", url: "/api/v1/update", headers, payload: Buffer.alloc(0) });
  expect(reply.statusCode).toBe(400);
  expect(orders.some(({ kind }) => kind === "installUpdate")).toBe(false);
});

test("JSON, a foreign type, a wrong wish and a small scope are refused, and nothing is ordered", async () => {
  expect((await post("{}", "", "admin", "application/json")).status).toBe(400);
  const foreign = await post("x", "", "admin", "text/html");
  expect(foreign).toMatchObject({
    status: 415,
    body: { message: expect.stringContaining("application/octet-stream") },
  });
  expect((await post("x", "?force=perhaps")).status).toBe(400);
  expect((await post("x", "", "control")).status).toBe(403);
  expect(orders).toEqual([]);
});

function begin(length: number): http.ClientRequest {
  const headers = {
    authorization: `Bearer ${tokens.admin}`,
    "content-type": "application/octet-stream",
    "content-length": length,
  };
  return http.request({ host: "127.0.0.1", port, path: "/api/v1/update", method: "POST", headers });
}

test("one that says to be larger than any slot is refused by its word", async () => {
  const request = begin(BUNDLE_MAX_BYTES + 1);
  const answered = new Promise<number>((resolve) => {
    request.on("response", (response) => resolve(response.statusCode ?? 0));
    request.on("error", () => resolve(-1));
  });
  request.write("x");
  // The server reads on: only when the client ends it gets its answer, or none.
  request.destroy();
  expect([400, -1]).toContain(await answered);
  expect(orders).toEqual([]);
});

test("who sends far more than a bundle, or nothing, reads why, and nothing was begun", async () => {
  const chunk = Buffer.alloc(4 << 20);
  const length = BUNDLE_MAX_BYTES + (64 << 20);
  const answer = await new Promise<string>((resolve, reject) => {
    const request = begin(length);
    request.on("response", (reply) => {
      let text = "";
      reply.on("data", (part: Buffer) => (text += String(part)));
      reply.on("end", () => resolve(text));
    });
    request.on("error", reject);
    const chunks = Array.from({ length: length / chunk.length }, () => chunk);
    pipeline(Readable.from(chunks), request).catch(reject);
  });
  expect(answer).toContain("larger than 128 MiB");
  expect((await post("")).body.message).toBe("The bundle is empty.");
  expect(orders).toEqual([]);
});

test("a bundle whose size nobody says leaves room for settings and receipts", async () => {
  const intake = new UpdateIntake(
    folder,
    (command) => {
      orders.push(command);
      return Promise.resolve(done("done"));
    },
    () => Promise.resolve(ROOM_LEFT_BYTES + (1 << 20)),
  );
  const origin = { who: "phone", face: "own API", scope: "admin" } as const;
  const sent = (bytes: number) => ({ stream: Readable.from([Buffer.alloc(bytes)]), bytes: null });
  const wish = { isForced: false, clearsSettings: false };
  expect((await intake.receive(sent(1 << 20), wish, origin)).ok).toBe(true);
  const answer = await intake.receive(sent((1 << 20) + 1), wish, origin);
  expect(answer).toMatchObject({ ok: false, message: expect.stringContaining("The data folder is full") });
  expect(fs.existsSync(bundle)).toBe(false);
  expect(orders.map(({ kind }) => kind)).toEqual(["stageUpdate", "installUpdate", "stageUpdate", "dropUpdate"]);
});

test("a client that goes away leaves nothing behind", async () => {
  const dropped = new Promise<Command>((resolve) => {
    onOrder = (command) => command.kind === "dropUpdate" && resolve(command);
  });
  const request = begin(1_000_000);
  request.on("error", () => undefined);
  request.write(randomBytes(500_000));
  const staged = new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (!fs.existsSync(bundle)) return;
      clearInterval(look);
      resolve();
    }, 10);
  });
  await staged;
  request.destroy();
  await dropped;
  expect(fs.existsSync(bundle)).toBe(false);
  expect(orders.map(({ kind }) => kind)).toEqual(["stageUpdate", "dropUpdate"]);
});

test("a slow bundle is heard to its end while a slow order is not", async () => {
  const { requestTimeout, headersTimeout } = server.app.server;
  server.app.server.requestTimeout = server.app.server.headersTimeout = 200;
  try {
    const request = begin(10);
    const answered = new Promise<number>((resolve, reject) => {
      request.on("response", (response) => resolve(response.resume().statusCode ?? 0));
      request.on("error", reject);
    });
    request.write("01234");
    const slow = net.connect(port, "127.0.0.1", () =>
      slow.write(
        `POST /api/v1/commands HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokens.admin}\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{`,
      ),
    );
    const [first] = await new Promise<string[]>((resolve) => slow.on("data", (data) => resolve([data.toString()])));
    expect(first).toContain("408");
    slow.destroy();
    request.end("56789");
    expect(await answered).toBe(200);
    expect(fs.readFileSync(bundle, "utf8")).toBe("0123456789");
  } finally {
    Object.assign(server.app.server, { requestTimeout, headersTimeout });
  }
});

test("the way back is a command, and where an update stands is told, also without a snapshot", async () => {
  const headers = { authorization: `Bearer ${tokens.admin}` };
  const ask = (method: "GET" | "POST", url: string) => server.app.inject({ method, url: `/api/v1${url}`, headers });
  expect((await ask("GET", "/update")).statusCode).toBe(503);
  state.take({ kind: "update", status: { ...NO_UPDATER, message: "told" } });
  expect((await ask("GET", "/update")).json()).toMatchObject({ state: "idle", message: "told", isUpdatable: false });
  expect((await ask("POST", "/update/back")).statusCode).toBe(200);
  expect(orders).toEqual([{ kind: "goBack" }]);
});
