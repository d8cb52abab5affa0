import { expect, test } from "vitest";
import { parsePoolUrl } from "#firmware/stratum/pool-url.ts";
import { judgeRedirect } from "#firmware/stratum/redirect.ts";

const at = (host: string) => parsePoolUrl(`stratum+tcp://${host}:3333`);

test.each([
  ["a.pool.test", [], { host: "a.pool.test", port: 3333, waitMs: 0 }],
  ["a.pool.test", ["b.pool.test", 3334, 1], { host: "b.pool.test", port: 3334, waitMs: 1_000 }],
  ["a.pool.test", ["b.pool.test", "3334", "1"], { host: "b.pool.test", port: 3334, waitMs: 1_000 }],
  ["a.pool.test", ["pool.test", 3334], { host: "pool.test", port: 3334, waitMs: 0 }],
  ["a.pool.test", ["B.POOL.TEST", 3334, 86400], { host: "B.POOL.TEST", port: 3334, waitMs: 60_000 }],
  ["a.pool.test", ["a.pool.test", 3334, -5], { host: "a.pool.test", port: 3334, waitMs: 0 }],
  ["10.0.0.2", ["10.0.0.2", 4444, 0], { host: "10.0.0.2", port: 4444, waitMs: 0 }],
  ["pool", ["pool", 4444, 0], { host: "pool", port: 4444, waitMs: 0 }],
  ["pool.com", ["eu.pool.com", 1, 0], { host: "eu.pool.com", port: 1, waitMs: 0 }],
])("%s sent to %o: followed", (host, params, target) => {
  expect(judgeRedirect(at(host), params)).toEqual({ kind: "follow", ...target });
});

test.each([
  ["a.pool.test", ["evil.test", 3333, 0]],
  ["a.pool.test", ["pool.test.evil.example", 3333, 0]],
  ["a.pool.test", ["evilpool.test", 3333, 0]],
  ["pool.com", ["evil.com", 3333, 0]],
  ["pool.co.uk", ["evil.co.uk", 3333, 0]],
  ["10.0.0.2", ["10.0.0.3", 3333, 0]],
  ["10.0.0.2", ["pool.test", 3333, 0]],
  ["a.pool.test", ["10.0.0.2", 3333, 0]],
  ["pool", ["other", 3333, 0]],
  ["a.pool.test", ["b.pool.test", 99999, 1]],
  ["a.pool.test", ["b.pool.test", 0, 1]],
  ["a.pool.test", ["b.pool.test", "33x", 1]],
  ["a.pool.test", [{ host: "b.pool.test" }, 3333]],
  ["a.pool.test", [null, null, null]],
  ["a.pool.test", ["x".repeat(300), 3333]],
])("%s sent to %o: refused, with a sentence", (host, params) => {
  expect(judgeRedirect(at(host), params)).toEqual({
    kind: "refused",
    text: expect.stringMatching(/^the pool asked to move to .*: not followed$/),
  });
});
