/** Whatever comes in is read or refused: no crash, no hang, nothing kept. `npm run fuzz` is the long run. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { groupOf, parseAccess } from "#firmware/api/cgminer/access.ts";
import { answer } from "#firmware/api/cgminer/answer.ts";
import { COMMANDS } from "#firmware/api/cgminer/commands.ts";
import { isRequestComplete, parseRequest, splitFields } from "#firmware/api/cgminer/request.ts";
import { Fuzzed, fuzzRuns, fuzzTimeoutMs } from "../../../support/fuzz.ts";
import { heldAfterBytes } from "../../../support/heap.ts";
import { faceBench } from "./face-fixture.ts";

const NUM_RUNS = fuzzRuns(3000);
const TIMEOUT_MS = fuzzTimeoutMs(NUM_RUNS);
const runs = { numRuns: NUM_RUNS, seed: 20_261_128 };

const commandName = fc.constantFrom(...COMMANDS.keys(), "", "nonsense", "__proto__", "constructor");
const parameter = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.constantFrom("0", "1", "0,1", "a,b,c"));
const request = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.tuple(commandName, fc.string()).map(([name, rest]) => `${name}|${rest}`),
  fc.array(commandName, { maxLength: 8 }).map((names) => names.join("+")),
  fc
    .record({ command: commandName, parameter, new_api: fc.boolean() }, { requiredKeys: [] })
    .map((r) => JSON.stringify(r)),
  fc.json().map((text) => `{"command":${text}}`),
  fc.string({ maxLength: 60 }).map((text) => `{${text}`),
);

test(
  "any request parses to commands or to one of three errors, and the same again",
  () => {
    const fuzzed = new Fuzzed("cgminer request");
    const act = fuzzed.watch((text: string) => {
      const parsed = parseRequest(text);
      if (parsed.kind === "error") expect([14, 23, 24]).toContain(parsed.code);
      else expect(parsed.commands.length).toBeLessThanOrEqual(40);
      expect(parseRequest(text)).toEqual(parsed);
      if (isRequestComplete(text) && text.trimStart().startsWith("{")) expect(parsed).not.toMatchObject({ code: 23 });
      expect(splitFields(text).length).toBeLessThanOrEqual(text.length + 1);
    });
    fc.assert(fc.property(request, act), runs);
    fuzzed.tell();
  },
  TIMEOUT_MS,
);

test(
  "any request has one reply of bounded size, in the form it was asked in",
  async () => {
    const bench = faceBench();
    const parts = { ...bench, access: parseAccess("W:*") };
    const fuzzed = new Fuzzed("cgminer reply");
    const act = fuzzed.watchAsync(async (text: string) => {
      const reply = await answer(parts, "127.0.0.1", text);
      bench.orders.length = 0;
      expect(reply).not.toBeNull();
      expect(reply).not.toContain("\0");
      expect(reply?.length).toBeLessThan(100_000);
      const parsed = parseRequest(text);
      if (parsed.isJson) expect(JSON.parse(reply ?? "")).toBeTypeOf("object");
      else if (reply !== "RESTART" && reply !== "") expect(reply?.startsWith("{") || reply?.endsWith("|")).toBe(true);
    });
    await fc.assert(fc.asyncProperty(request, act), { ...runs, numRuns: Math.ceil(NUM_RUNS / 3) });
    fuzzed.tell();
  },
  TIMEOUT_MS,
);

test(
  "any access rule and any address: no crash, and nothing opened that is not named",
  () => {
    const text = fc.string({ unit: fc.constantFrom(..."WAR:*/.,0123456789abcf[]%"), maxLength: 60 });
    const fuzzed = new Fuzzed("cgminer access");
    const act = fuzzed.watch((allow: string, address: string) => {
      const group = groupOf(parseAccess(allow, allow), address);
      if (group !== null) expect(allow).not.toBe("");
      if (group !== null && group !== "R") expect(allow.toUpperCase()).toContain(`${group}:`);
    });
    fc.assert(fc.property(text, fc.oneof(text, fc.ipV4(), fc.ipV6()), act), runs);
    fuzzed.tell();
  },
  TIMEOUT_MS,
);

test(
  "many requests keep no memory",
  () => {
    const texts = fc.sample(request, { numRuns: 500, seed: runs.seed });
    const held = heldAfterBytes(() => {
      for (let i = 0; i < 40; i++) for (const text of texts) parseRequest(text);
    });
    expect(held).toBeLessThan(1 << 20);
  },
  TIMEOUT_MS,
);
