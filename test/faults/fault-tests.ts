/**
 * Makes tests of an area's rows: each row plays its fault and has to react in time, and the page docs/SAFETY.md has to say
 * what was measured. UPDATE_SAFETY=1 writes the page instead (npm run faults).
 */
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { FaultArea, FaultRow } from "./fault-row.ts";

const PAGE = fileURLToPath(new URL("../../docs/SAFETY.md", import.meta.url));

/** Virtual times are the same on every computer; a tenth of a second is the bench's own step. */
export function measuredText(row: FaultRow, seconds: number | undefined): string {
  if (row.requiredS === 0) return "never";
  return seconds === undefined ? "?" : `${seconds.toFixed(1)} s`;
}

export function areaTable({ name, title, rows }: FaultArea, measured: ReadonlyMap<string, number>): string {
  const lines = rows.map((row) => {
    const required = row.requiredS === 0 ? "must not happen" : `${row.requiredS} s`;
    const cells = [row.fault, row.detectedBy, row.reaction, required, measuredText(row, measured.get(row.id))];
    return `| \`${row.id}\` | ${cells.join(" | ")} |`;
  });
  const head = "| row | fault | detected by | reaction | required | measured |\n| --- | --- | --- | --- | --- | --- |";
  return `<!-- area ${name} -->\n### ${title}\n\n${head}\n${lines.join("\n")}\n<!-- end ${name} -->`;
}

/** Puts an area's table into the page, in the place of the one that stands there. */
export function replaceArea(page: string, area: FaultArea, table: string): string {
  const [from, to] = [page.indexOf(`<!-- area ${area.name} -->`), page.indexOf(`<!-- end ${area.name} -->`)];
  if (from < 0 || to < 0) throw new Error(`docs/SAFETY.md has no place for the area ${area.name}`);
  return page.slice(0, from) + table + page.slice(to + `<!-- end ${area.name} -->`.length);
}

export function faultTests(area: FaultArea): void {
  const measured = new Map<string, number>();
  test.each(area.rows.map((row) => [row.id, row] as const))("%s", async (id, row) => {
    const seconds = await row.play();
    measured.set(id, seconds);
    expect(seconds, `seconds from "${row.fault}" to "${row.reaction}"`).toBeLessThanOrEqual(row.requiredS);
  });

  test(`docs/SAFETY.md says what was measured of: ${area.title}`, () => {
    const page = fs.readFileSync(PAGE, "utf8");
    const wanted = replaceArea(page, area, areaTable(area, measured));
    if (process.env["UPDATE_SAFETY"] === "1") fs.writeFileSync(PAGE, wanted);
    else expect(page === wanted ? "as measured" : wanted, "npm run faults writes the page anew").toBe("as measured");
  });
}
