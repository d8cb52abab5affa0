/** Whatever body or address comes to the own API is answered: no crash, no order that is not one. `npm run fuzz` is the long run. */
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createToken } from "#firmware/api/access.ts";
import { commandSchema, done } from "#firmware/api/commands.ts";
import { type ApiServer, createApiServer } from "#firmware/api/http/server.ts";
import { ManagementState } from "#firmware/api/http/state.ts";
import { querySchema } from "#firmware/api/queries.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { Fuzzed, fuzzRuns, fuzzTimeoutMs, WAITED } from "../../../support/fuzz.ts";

const NUM_RUNS = fuzzRuns(1_500);
const KINDS = commandSchema.options.map((option) => option.shape.kind.value);
let server: ApiServer;
let authorization = "";
/** Orders and questions that came through. */
const through: unknown[] = [];

beforeAll(async () => {
  server = createApiServer({
    tls: null,
    webFolder: null,
    clock: new SystemClock(),
    randomBytes,
    state: new ManagementState("9.9.9"),
    readsNeedToken: true,
    sessionMs: 1_000,
    history: () => ({ timesMs: [], values: [] }),
    chipHistory: () => ({ ok: false, message: "nothing is kept here" }),
    order: (command) => {
      if (through.length < 10_000) through.push(command);
      return Promise.resolve(done("done"));
    },
    query: (query) => {
      if (through.length < 10_000) through.push(query);
      return Promise.resolve({ ok: true, data: {} });
    },
  });
  const { token, record } = await createToken(randomBytes, "fuzz", "admin", 0);
  server.guard.setTokens([record]);
  authorization = `Bearer ${token}`;
});

afterAll(() => server.app.close());

const key = fc.oneof(
  fc.constantFrom(
    "kind",
    "chainIndex",
    "chipIndex",
    "frequencyMhz",
    "patch",
    "pools",
    "confirm",
    "__proto__",
    "constructor",
  ),
  fc.string({ maxLength: 8 }),
);
const value = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(...KINDS), fc.integer(), fc.constant(null));
/** Half of them nearly right. */
const body = fc.oneof(
  fc
    .dictionary(key, value, { maxKeys: 6 })
    .chain((extra) => fc.constantFrom(...KINDS).map((kind) => JSON.stringify({ kind, ...extra }))),
  fc.json(),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc.integer({ min: 1, max: 400 }).map((depth) => "[".repeat(depth)),
  fc.tuple(fc.json(), fc.nat(60)).map(([text, at]) => `${text.slice(0, at)}\u0000${text.slice(at)}`),
);
const address = fc.oneof(
  fc.constantFrom("/commands", "/settings", "/sessions"),
  fc.tuple(fc.constantFrom("/history?", "/chains/", "/x/"), fc.webQueryParameters()).map(([path, rest]) => path + rest),
);

test(
  "any body and address gets an answer with a sentence, and only orders that are orders get through",
  async () => {
    const fuzzed = new Fuzzed("own API");
    const act = fuzzed.watchAsync(async (target: string, payload: string, method: string) => {
      through.length = 0;
      const reply = await server.app.inject({
        method: method as "POST",
        url: `/api/v1${target}`,
        headers: { authorization, ...(method === "GET" ? {} : { "content-type": "application/json" }) },
        ...(method === "GET" ? {} : { payload }),
      });
      // 503: nothing was told to this server yet, and it says so.
      expect([200, 400, 401, 404, 413, 415, 503], reply.body).toContain(reply.statusCode);
      if (reply.statusCode !== 200) expect((JSON.parse(reply.body) as { message: string }).message).not.toBe("");
      for (const one of through) {
        const isOrder = commandSchema.safeParse(one).success || querySchema.safeParse(one).success;
        const isPatch = typeof one === "object" && one !== null && "patch" in one;
        expect(isOrder || isPatch, JSON.stringify(one)).toBe(true);
      }
      // A wrong token is kept waiting.
      return reply.statusCode === 401 ? WAITED : undefined;
    });
    const method = fc.constantFrom("POST", "PATCH", "GET", "DELETE");
    await fc.assert(fc.asyncProperty(address, body, method, act), { numRuns: NUM_RUNS });
    fuzzed.tell();
  },
  fuzzTimeoutMs(NUM_RUNS),
);
