import { expect, test } from "vitest";
import { SilentChipWatch } from "#firmware/chain/silent-chips.ts";
import { ChipCounters } from "#firmware/stats/chip-counters.ts";

test("a chip is silent after thirty of its own gaps, whatever the others do", () => {
  const counters = new ChipCounters(4);
  const watch = new SilentChipWatch(counters, 4);
  watch.restart();
  for (let second = 1; second <= 40; second++) {
    for (const chip of [0, 1, 3]) counters.record(chip, "valid");
    const silent = watch.sample(4, 1);
    expect(silent).toEqual(second < 30 ? null : { firstChipIndex: 2, count: 1 });
  }
  counters.record(2, "hardwareError");
  expect(watch.sample(4, 1)).toBeNull();
});

test("a whole chain that is silent, and one whose link names no chips, are nobody's single chip", () => {
  const counters = new ChipCounters(4);
  const watch = new SilentChipWatch(counters, 4);
  watch.restart();
  expect(watch.sample(4, 100)).toBeNull();
  counters.record(-1, "valid");
  expect(watch.sample(4, 100)).toBeNull();
});

test("chips behind the ones that were found are not missed", () => {
  const counters = new ChipCounters(4);
  const watch = new SilentChipWatch(counters, 4);
  watch.restart();
  for (let second = 0; second < 40; second++) {
    for (const chip of [0, 1]) counters.record(chip, "share");
    expect(watch.sample(2, 1)).toBeNull();
  }
});
