/** Hashes cost a processor time: who would wait for too many others hears that, not that his token is wrong. */
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createToken } from "#firmware/api/access.ts";
import { bareServer } from "./server-bench.ts";

test("of many tokens at once those beyond the queue are told to try again, in a session's body as in a header", async () => {
  const server = bareServer();
  const { token, record } = await createToken(randomBytes, "phone", "read", 0);
  server.guard.setTokens([record]);
  // The right one, not proved yet: each of them has to be reckoned.
  const replies = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0
        ? server.app.inject({ method: "POST", url: "/api/v1/sessions", payload: { token } })
        : server.app.inject({ url: "/api/v1/pools", headers: { authorization: `Bearer ${token}` } }),
    ),
  );
  const refused = replies.filter(({ statusCode }) => statusCode === 429);
  expect(new Set(refused.map(({ raw }) => raw.req.method))).toEqual(new Set(["POST", "GET"]));
  for (const reply of refused)
    expect(reply.json()).toEqual({
      ok: false,
      message: "too many tokens are being checked; try again in a second",
    });
  expect(refused.length).toBeLessThan(replies.length);
  await server.app.close();
});
