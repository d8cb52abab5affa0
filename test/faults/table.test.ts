import { expect, test } from "vitest";
import { AREAS } from "./areas.ts";

const rows = AREAS.flatMap((area) => area.rows);

test("the table has at least sixty rows, each with a name of its own and all its words", () => {
  expect(rows.length).toBeGreaterThanOrEqual(60);
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  for (const { id, fault, detectedBy, reaction } of rows) {
    for (const text of [fault, detectedBy, reaction]) expect(text.length, id).toBeGreaterThan(6);
    expect(`${fault}${detectedBy}${reaction}`, id).not.toMatch(/[|\n]/);
  }
});

test("the required times that the project promises stand in the table", () => {
  const required = new Map(rows.map(({ id, requiredS }) => [id, requiredS]));
  expect(required.get("board-too-hot")).toBeLessThanOrEqual(2);
  expect(required.get("chip-too-hot")).toBeLessThanOrEqual(2);
  expect(required.get("all-fans-stop")).toBeLessThanOrEqual(5);
});
