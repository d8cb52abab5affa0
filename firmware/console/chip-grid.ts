/** All chips of a chain on one page: whole domains in a row, as many as fit, so that 126 chips stay below 24 lines. */
import type { AnswerOf } from "../api/queries.ts";
import { number, wrap } from "./table.ts";

type Chips = AnswerOf<"chips">;
export type GridValue = "mhz" | "errors" | "nonces" | "temp";

const TEXT: Readonly<Record<GridValue, { title: string; of: (chip: Chips["chips"][number]) => string }>> = {
  mhz: { title: "hash clock in MHz", of: (c) => number(c.frequencyMhz, 1) },
  errors: { title: "hardware errors in % of what the chip found", of: (c) => number(c.errorPct, 1) },
  nonces: { title: "good nonces per MHz in % of the chain's mean", of: (c) => number(c.relativePct) },
  temp: { title: "on-die temperature in C", of: (c) => number(c.temperatureC, 1) },
};

export function chipGrid(answer: Chips, value: GridValue, width: number): string[] {
  const { title, of } = TEXT[value];
  const cells = answer.chips.map(of);
  const cellWidth = Math.max(1, ...cells.map((text) => text.length)) + 1;
  const left = String(answer.chips.length).length + 1;
  const room = Math.max(1, Math.floor((width - left) / cellWidth));
  const perRow = Math.max(1, Math.floor(room / answer.chipsPerDomain)) * answer.chipsPerDomain;
  // A domain wider than the screen is broken where it must be.
  const step = Math.min(perRow, room);
  const head = `chain ${answer.chainIndex}, ${answer.chips.length} x ${answer.chip}, ${answer.state}: ${title}`;
  const lines = wrap(head, width);
  for (let first = 0; first < cells.length; first += step) {
    const row = cells.slice(first, first + step).map((text) => text.padStart(cellWidth));
    lines.push(`${String(first).padStart(left - 1)}:${row.join("")}`.slice(0, width));
  }
  return lines;
}
