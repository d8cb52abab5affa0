import { expect, test } from "vitest";
import { tightenLimits } from "#drivers/hashboards/limits.ts";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import { thermalLimits } from "#firmware/control/thermal-types.ts";

const HINTS = { board: "--board-limit", chip: "--chip-limit" };

test.each(Object.values(HASHBOARDS))("$model: limits can be tightened, and not loosened", (row) => {
  const { boardMaxC, chipMaxC } = row.temperatureLimits;
  const tight = tightenLimits(row, { boardMaxC: boardMaxC - 10, chipMaxC: null }, HINTS);
  expect(tight.temperatureLimits).toEqual({ boardMaxC: boardMaxC - 10, chipMaxC, source: "the owner's setting" });
  expect(tightenLimits(row, { boardMaxC: null, chipMaxC: null }, HINTS).temperatureLimits).toEqual(
    row.temperatureLimits,
  );
  for (const wish of [
    { boardMaxC: boardMaxC + 0.5, chipMaxC: null },
    { boardMaxC: null, chipMaxC: chipMaxC + 1 },
    { boardMaxC: 39, chipMaxC: null },
    { boardMaxC: Number.NaN, chipMaxC: null },
  ]) {
    expect(() => tightenLimits(row, wish, HINTS)).toThrow(/is no (board|chip) limit for .*: choose 40 to \d+ C/);
  }
});

test("full fans come before a limit that was tightened, too", () => {
  expect(thermalLimits({ boardMaxC: 75, chipMaxC: 95 })).toEqual({
    targetC: 60,
    hotC: 70,
    dangerousC: 75,
    chipDangerousC: 95,
  });
  expect(thermalLimits({ boardMaxC: 60, chipMaxC: 80 })).toEqual({
    targetC: 45,
    hotC: 55,
    dangerousC: 60,
    chipDangerousC: 80,
  });
});
