/** Refusals of the own API: the thing, the value, what to do; nothing in the words of the libraries behind it. */
import { expect, test } from "vitest";
import { commandSchema } from "#firmware/api/commands.ts";
import { BODY_MAX_BYTES, parseJsonBody, webServerProblem } from "#firmware/api/http/body.ts";
import { ROUTES } from "#firmware/api/http/routes.ts";
import { requestProblem } from "#firmware/api/request-problem.ts";

function refusal(value: unknown): string {
  const { error } = commandSchema.safeParse(value);
  if (error === undefined) throw new Error(`${JSON.stringify(value)} was taken`);
  return requestProblem(commandSchema, error, value, "the body");
}

test.each([
  [{ kind: "setFanDuty", dutyPct: 150 }, "dutyPct is 150: must be 0..100 or null"],
  [{ kind: "setFanDuty" }, "dutyPct is missing: must be 0..100 or null"],
  [{ kind: "setFanMode", mode: "steam" }, 'mode is "steam": must be one of: air immersion hydro'],
  [{ kind: "explode" }, 'kind is "explode": must be one of those in /api/v1/openapi.json'],
  [{}, "kind is missing: must be one of those in /api/v1/openapi.json"],
  [{ kind: "restartChain", chainIndex: 1.5 }, /^chainIndex is 1\.5: must be a whole number in 0\.\.\d+$/],
  [{ kind: "pause", extra: 1 }, "extra is not known here: leave it out"],
  [{ kind: "locate", isOn: "yes" }, "isOn (not shown): must be true or false"],
  [[], "the body is a list: must be an object in JSON"],
  [null, "the body is null: must be an object in JSON"],
  [
    { kind: "createToken", name: "my;secret", scope: "read" },
    "name (not shown): must be 1 to 40 letters, digits, blanks, dots, hyphens or underscores",
  ],
  [{ kind: "setPoolGroups", poolGroups: [] }, "poolGroups is a list: must be a list of 1 to 8 tables"],
])("a command that is none: %j", (command, sentence) => {
  expect(refusal(command)).toMatch(typeof sentence === "string" ? new RegExp(`^${quoted(sentence)}$`) : sentence);
});

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

test("a query of the address is told with what was given", () => {
  const query = ROUTES.find(({ url }) => url === "/api/v1/receipts")?.query;
  const error = query?.safeParse({ days: "0" }).error;
  if (query === undefined || error === undefined) throw new Error("there is no such query, or it took 0 days");
  expect(requestProblem(query, error, { days: "0" }, "the address")).toMatch(
    /^days is "0": must be a whole number in 1\.\.\d+$/,
  );
});

test.each([
  ["", "the body is empty: send an object in JSON"],
  ["{", 'the body of 1 signs is no valid JSON: send one object such as {"kind":"pause"}'],
  ['{"a":[{"__proto__":1}]}', "the body holds the key __proto__: leave it out"],
  ['{"\\u005f_proto__":1}', "the body holds the key __proto__: leave it out"],
  ['{"constructor":{"prototype":{}}}', "the body holds the key constructor.prototype: leave it out"],
  ["[".repeat(40), "the body is nested deeper than 32: send a flatter one"],
])("a body that is none: %s", (text, problem) => {
  expect(parseJsonBody(text)).toEqual({ problem });
});

test("a body that is one comes as it is", () => {
  expect(parseJsonBody('{"constructor":1,"a":[true,"__proto__"]}')).toEqual({
    value: { constructor: 1, a: [true, "__proto__"] },
  });
});

test("what the web server finds wrong itself is told in our words, and a failure within is not told", () => {
  expect(
    webServerProblem(
      { code: "FST_ERR_CTP_BODY_TOO_LARGE", statusCode: 413, message: "Request body is too large" },
      { "content-length": "70000" },
    ),
  ).toBe(`the body of 70000 bytes is larger than ${BODY_MAX_BYTES} bytes: send less at once`);
  expect(webServerProblem({ code: "FST_ERR_OTHER", statusCode: 400, message: "library" }, {})).not.toContain("library");
  expect(webServerProblem({ message: "secret path" }, {})).toBe("the management plane failed on this request");
});
