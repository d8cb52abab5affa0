/** The live stream ends with the right to it: a token that was revoked, or a session that was ended, hears no more. */
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createToken, type TokenRecord } from "#firmware/api/access.ts";
import type { ApiServer } from "#firmware/api/http/server.ts";
import { bareServer } from "./server-bench.ts";

let server: ApiServer;
let base = "";
let revoked: { token: string; record: TokenRecord };
let kept: { token: string; record: TokenRecord };
let stop = new AbortController();

beforeAll(async () => {
  server = bareServer();
  revoked = await createToken(randomBytes, "revoked", "read", 0);
  kept = await createToken(randomBytes, "kept", "read", 0);
  base = await server.app.listen({ host: "127.0.0.1", port: 0 });
});

beforeEach(() => {
  stop = new AbortController();
  server.guard.setTokens([revoked.record, kept.record]);
});

afterEach(() => stop.abort());

afterAll(async () => {
  await server.app.close();
});

/** What comes next on a stream; null when it has ended. */
type Next = () => Promise<string | null>;

async function listen(headers: Record<string, string>): Promise<Next> {
  const response = await fetch(`${base}/api/v1/events`, { headers, signal: stop.signal });
  expect(response.status).toBe(200);
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  const next: Next = async () => (await reader?.read())?.value ?? null;
  expect(await next()).toBe("retry: 2000\n\n");
  return next;
}

function bearer({ token }: { token: string }): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function beginSession({ token }: { token: string }): Promise<string> {
  const headers = { "content-type": "application/json" };
  const made = await fetch(`${base}/api/v1/sessions`, { method: "POST", headers, body: JSON.stringify({ token }) });
  return made.headers.get("set-cookie")?.split(";")[0] ?? "";
}

async function expectGoesOn(next: Next): Promise<void> {
  server.events.send("snapshot", '{"a":1}');
  expect(await next()).toBe('event: snapshot\ndata: {"a":1}\n\n');
}

test("a token that is revoked ends its streams and those of its sessions, at once, and nobody else's", async () => {
  const own = await listen(bearer(revoked));
  const session = await listen({ cookie: await beginSession(revoked) });
  const other = await listen(bearer(kept));
  server.guard.setTokens([kept.record]);
  expect([await own(), await session()]).toEqual([null, null]);
  await expectGoesOn(other);
  expect((await fetch(`${base}/api/v1/events`, { headers: bearer(revoked) })).status).toBe(401);
});

test("a session that its browser ends takes its stream along, and no other of the same token", async () => {
  const cookie = await beginSession(kept);
  const mine = await listen({ cookie });
  const other = await listen({ cookie: await beginSession(kept) });
  await fetch(`${base}/api/v1/sessions`, { method: "DELETE", headers: { cookie, origin: base } });
  expect(await mine()).toBeNull();
  await expectGoesOn(other);
});
