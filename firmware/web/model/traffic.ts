/** Live traffic as somebody looks at it: a bounded list, and what of it is shown. */
import type { Traffic, TrafficLine } from "./api-types.ts";

/** More than anybody reads; the oldest go. */
export const LINES_KEPT = 600;
const SHOWN_MAX = 200;

export interface TrafficState {
  readonly lines: readonly TrafficLine[];
  readonly last: number;
  readonly missed: number;
}

export const NO_TRAFFIC: TrafficState = { lines: [], last: 0, missed: 0 };

export function withTraffic(state: TrafficState, { lines, last, missed }: Traffic): TrafficState {
  // Smaller numbers than before: the program began anew.
  const kept = last < state.last ? [] : state.lines;
  return { lines: [...kept, ...lines].slice(-LINES_KEPT), last, missed: state.missed + missed };
}

/** Empty texts leave nothing out. */
export interface TrafficFilter {
  /** `chain 0` or `pool 1`. */
  readonly place: string;
  readonly direction: string;
  readonly kind: string;
  readonly text: string;
}

export const NO_FILTER: TrafficFilter = { place: "", direction: "", kind: "", text: "" };

export function placeOf({ place, index }: TrafficLine): string {
  return `${place} ${place === "pool" ? index + 1 : index}`;
}

/** Newest first. */
export function shownLines(lines: readonly TrafficLine[], filter: TrafficFilter): TrafficLine[] {
  const text = filter.text.toLowerCase();
  return lines
    .filter(
      (line) =>
        (filter.place === "" || placeOf(line) === filter.place) &&
        (filter.direction === "" || line.direction === filter.direction) &&
        (filter.kind === "" || line.kind === filter.kind) &&
        (text === "" || `${line.text} ${line.hex ?? ""}`.toLowerCase().includes(text)),
    )
    .slice(-SHOWN_MAX)
    .reverse();
}

/** What there is to choose from, sorted. */
export function choicesOf(lines: readonly TrafficLine[], part: (line: TrafficLine) => string): string[] {
  return [...new Set(lines.map(part))].sort();
}
