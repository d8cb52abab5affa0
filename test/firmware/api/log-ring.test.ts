/** The ring of log lines: whatever was logged, each line that it hands out is a JSON object of bounded length. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { LogRing } from "#firmware/api/log-ring.ts";

const LINE_MAX_SIGNS = 2_000;

type Entry = Readonly<Record<string, unknown>>;

/** As the log itself writes it. */
function logged(fields: Entry): string {
  return `${JSON.stringify({ level: 40, time: "2026-01-01T00:00:00.000Z", ...fields })}\n`;
}

/** All lines, read as one answer as the own API puts it together. */
function answered(...lines: readonly string[]): Entry[] {
  const ring = new LogRing();
  for (const line of lines) ring.add(line);
  expect(ring.lines).toEqual(ring.takeFresh());
  for (const line of ring.lines) expect(line.length).toBeLessThanOrEqual(LINE_MAX_SIGNS);
  return JSON.parse(`[${ring.lines.join(",")}]`) as Entry[];
}

test("a short line stays letter by letter", () => {
  const ring = new LogRing();
  ring.add(logged({ msg: "pool 1 gives work", part: "pool" }));
  expect(ring.lines).toEqual([logged({ msg: "pool 1 gives work", part: "pool" }).trimEnd()]);
});

test("of a line that is too long the long texts are shortened, what else is in it stays", () => {
  const err = { type: "Error", message: "short", stack: "at place\n".repeat(500) };
  const [first, second] = answered(logged({ part: "chain", chain: 1, msg: "x".repeat(10_000) }), logged({ err }));
  expect(first).toMatchObject({ level: 40, part: "chain", chain: 1, msg: `${"x".repeat(1_000)}…` });
  expect(second).toMatchObject({
    err: { message: "short", stack: expect.stringMatching(/^at place\n.*…$/s) as string },
  });
});

test("where that does not do, level, time and the beginning of the message are left", () => {
  const [numbers, controls] = answered(
    logged({ msg: "many", readings: Array.from({ length: 2_000 }, (_, i) => i) }),
    logged({ msg: "\u0001".repeat(5_000), list: Array.from({ length: 50 }, () => "y".repeat(90)) }),
  );
  expect(numbers).toEqual({ level: 40, time: "2026-01-01T00:00:00.000Z", msg: "many" });
  expect(controls?.["msg"]).toBe(`${"\u0001".repeat(300)}…`);
});

test("what is no object of JSON, and what is far too long to be read, is wrapped as one", () => {
  expect(answered("plain words\n", '{"level":30,"ms', "[1,2]", "")).toEqual([
    { msg: "plain words" },
    { msg: '{"level":30,"ms' },
    { msg: "[1,2]" },
    { msg: "" },
  ]);
  const [endless] = answered(logged({ msg: "z".repeat(1 << 20) }));
  expect(endless?.["msg"]).toContain('"msg":"zzz');
});

test("any line whatever", () => {
  const text = fc.string({ unit: "binary", maxLength: 3_000, size: "max" });
  fc.assert(
    fc.property(fc.oneof(text, fc.dictionary(fc.string(), text).map(logged), fc.json()), (line) => {
      expect(answered(line)).toHaveLength(1);
    }),
    { numRuns: 200 },
  );
});
