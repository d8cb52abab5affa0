/** The tables of docs/SIMULATION.md, made from the data that the simulator runs on; a test compares the page with them. */
import { FAULTS } from "./fault-table.ts";
import { INVARIANTS } from "./invariants.ts";

export function faultTable(): string {
  const rows = FAULTS.map(
    ({ name, what, target, perHour, durationMs: [min, max] }) =>
      `| \`${name}\` | ${what} | ${target} | ${perHour} | ${min === max ? time(min) : `${time(min)} to ${time(max)}`} |`,
  );
  return [
    "| fault | what happens | target | per hour | for how long |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

export function invariantTable(): string {
  const rows = INVARIANTS.map(
    ({ name, what, isCheap }) => `| \`${name}\` | ${what} | ${isCheap ? "every event" : "every second"} |`,
  );
  return ["| invariant | what must hold | asked |", "| --- | --- | --- |", ...rows].join("\n");
}

function time(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  return ms < 60_000 ? `${ms / 1_000} s` : `${ms / 60_000} min`;
}
