/** Each public bug case has a test that names its number, here or beside the part that it is about. */
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const CASES = 25;

test("every public bug case is a test's name", () => {
  const files = fs
    .readdirSync("test", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"));
  const named = new Set<string>();
  for (const file of files) {
    const text = fs.readFileSync(path.join("test", file), "utf8");
    const titles = text.match(/\b(?:test|describe)(?:\.each\([^"`]*)?\(\s*["`][^"`]*/g) ?? [];
    for (const title of titles) for (const [number] of title.matchAll(/\bH\d{2}\b/g)) named.add(number);
  }
  const all = Array.from({ length: CASES }, (_, i) => `H${String(i + 1).padStart(2, "0")}`);
  expect([...named].sort()).toEqual(all);
});
