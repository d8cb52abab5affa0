import { expect, test } from "vitest";
import { toAscii } from "../scripts/slim-sources.mjs";

test("escaped sources mean the same in strings and regular expressions, beyond the first plane, too", () => {
  const source =
    'const arrows = /\u2192|\u00e4/gu, text = "W\u00e4rting \u{1F600}"; [text, "a\u2192\u00e4".replace(arrows, "x")];';
  const escaped = toAscii(source);
  expect(escaped).toMatch(/^[\0-\x7f]*$/);
  const run = (text: string): unknown => new Function(text.replace("; [", "; return ["))();
  expect(run(escaped)).toEqual(run(source));
  expect(run(escaped)).toEqual(["W\u00e4rting \u{1F600}", "axx"]);
});
