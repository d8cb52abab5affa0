import { expect, test } from "vitest";
import { CHIPS, chipById } from "#drivers/bm13xx/chips.ts";
import { solvePll } from "#drivers/bm13xx/pll.ts";
import { findHashboard, HASHBOARDS } from "#drivers/hashboards/models.ts";

test.each(Object.entries(HASHBOARDS))("%s holds together", (name, row) => {
  expect(row.model).toBe(name);
  expect(findHashboard(name)).toBe(row);
  expect(row.chips).toBe(row.domains * row.chipsPerDomain);
  expect(row.chips * row.addressInterval).toBeLessThanOrEqual(256);
  const made = solvePll(row.defaultFrequencyMhz, CHIPS[row.chip].pll).frequencyMhz;
  expect(Math.abs(made - row.defaultFrequencyMhz)).toBeLessThan(0.9);
  expect(row.temperatureLimits.boardMaxC).toBeLessThanOrEqual(row.temperatureLimits.chipMaxC);
  expect(row.temperatureLimits.source).not.toBe("");
});

test("an unknown name is null", () => {
  expect(findHashboard("s99")).toBeNull();
  expect(findHashboard("toString")).toBeNull();
});

test.each(Object.values(CHIPS))("$chip: ids, engines and retired slots fit", (row) => {
  expect(chipById(row.chipId)).toBe(row);
  if (row.midstate === null) expect(row.engineMask + 1).toBe(row.enginesPerCore);
  else expect(row.engineMask + 1).toBe(row.midstatesMax);
  expect(row.engines).toBeLessThanOrEqual(row.cores * row.enginesPerCore);
  // The id bits lie above the engine bits of the id byte.
  expect(1 << row.wireIdShift).toBe(row.engineMask + 1);
  // Chips that take midstates know seven bits of an id.
  expect(row.wireIdCount).toBe((row.midstate === null ? 256 : 128) >> row.wireIdShift);
  expect(row.retiredIdCount).toBeGreaterThanOrEqual(4);
  expect(row.retiredIdCount).toBeLessThanOrEqual(row.wireIdCount / 2);
});
