import { expect, test } from "vitest";
import { parseLine, parseNotify } from "#firmware/stratum/messages.ts";
import { warmUp } from "#firmware/warm-up.ts";

test("the warm-up runs through, and its made-up jobs are real ones to the parser", () => {
  const lines: string[] = [];
  const parse = JSON.parse;
  JSON.parse = ((text: string) => {
    lines.push(text);
    return parse(text);
  }) as typeof JSON.parse;
  try {
    warmUp();
  } finally {
    JSON.parse = parse;
  }
  expect(lines.length).toBeGreaterThan(100);
  const message = parseLine(lines[7] ?? "");
  expect(message.kind === "call" ? typeof parseNotify(message.params) : message.kind).toBe("object");
});
