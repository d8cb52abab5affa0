/** The support table of README.md says what the code says: no machine more, none fewer, no claim beyond its sources. */
import fs from "node:fs";
import { expect, test } from "vitest";
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import type { HashboardModel } from "#drivers/hashboards/hashboard-model.ts";
import { HASHBOARDS } from "#drivers/hashboards/models.ts";
import { experimentalReasons } from "#firmware/hardware/experimental.ts";
import { usualBoard } from "#firmware/platform/open-board.ts";
import { unconfirmedOfBoard } from "#hal/boards/board-facts.ts";
import { CONTROL_BOARDS } from "#hal/boards/control-boards.ts";
import { HOBBY_BOARDS } from "#hal/boards/hobby-board.ts";
import { MACHINE_NAMES, machineFacts } from "#hal/emulator/machines.ts";

const CHECKED = {
  captured: "start sequence captured on stock machines",
  documented: "start sequence documented",
  inferred: "start sequence inferred from a sibling",
  unconfirmed: "no",
} as const;

function boardOf(model: string): { name: string; unconfirmed: readonly string[] } {
  const board = usualBoard(model);
  if (board === "bitaxe" || board === "emberone") {
    const { experimental } = HOBBY_BOARDS[board];
    return { name: board, unconfirmed: experimental === null ? [] : [experimental] };
  }
  return { name: board, unconfirmed: unconfirmedOfBoard(CONTROL_BOARDS[board], model) };
}

function expectedRow(row: HashboardModel): string {
  const { name, unconfirmed } = boardOf(row.model);
  const isEmulated = (MACHINE_NAMES as readonly string[]).includes(row.model);
  const chains = isEmulated ? machineFacts(row.model).chainCount : 0;
  const reasons = experimentalReasons(row, boardSupport(row.model), unconfirmed);
  const cells = [
    row.label,
    `\`${row.model}\``,
    `${chains} x ${row.chips} ${row.chip}`,
    name,
    isEmulated ? "yes" : "no",
    CHECKED[row.confidence.sequence],
    reasons.length === 0 ? "nobody yet" : "nobody yet; experimental",
  ];
  return `| ${cells.join(" | ")} |`;
}

test("README's support table and the code agree", () => {
  const lines = fs.readFileSync("README.md", "utf8").split("\n");
  const start = lines.findIndex((line) => line.startsWith("| machine |"));
  expect(start).toBeGreaterThan(0);
  const rest = lines.slice(start + 2);
  const shown = rest.slice(
    0,
    rest.findIndex((line) => !line.startsWith("|")),
  );
  const expected = Object.values(HASHBOARDS).map(expectedRow);
  expect(expected.length).toBeGreaterThan(15);
  expect([...shown].sort()).toEqual([...expected].sort());
});
