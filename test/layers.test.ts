import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

interface CruiseResult {
  modules: { source: string }[];
  summary: { violations: { rule: { name: string }; from: string; to: string }[]; totalCruised: number };
}

test("dependencies go down only, and the check saw every layer", () => {
  const out = execFileSync(
    process.execPath,
    [
      "node_modules/dependency-cruiser/bin/dependency-cruise.mjs",
      ...["--config", ".dependency-cruiser.mjs", "--output-type", "json"],
      ...["firmware", "drivers", "hal"],
    ],
    { encoding: "utf8", maxBuffer: 64 << 20 },
  );
  const result = JSON.parse(out) as CruiseResult;
  for (const layer of ["firmware/", "drivers/", "hal/linux/", "hal/emulator/"]) {
    expect(
      result.modules.some((m) => m.source.startsWith(layer)),
      `no module seen below ${layer}`,
    ).toBe(true);
  }
  expect(result.summary.violations.map((v) => `${v.rule.name}: ${v.from} -> ${v.to}`)).toEqual([]);
});
