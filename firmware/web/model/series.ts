/** History as charts and spreadsheets take it: gaps stay gaps. */
import type { History } from "./api-types.ts";

export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Series {
  /** Seconds since 1970, as the chart counts. */
  readonly timesS: number[];
  readonly values: (number | null)[][];
  readonly gaps: readonly Gap[];
}

const S_MS = 1000;

/** Where slots are missing an unknown one is put in, so that no line is drawn across. */
export function seriesOf({ periodMs, timesMs, values }: History): Series {
  const timesS: number[] = [];
  const out: (number | null)[][] = values.map(() => []);
  const gaps: Gap[] = [];
  for (const [i, timeMs] of timesMs.entries()) {
    const beforeMs = timesMs[i - 1];
    if (beforeMs !== undefined && timeMs - beforeMs > periodMs) {
      gaps.push({ fromMs: beforeMs + periodMs, toMs: timeMs });
      timesS.push((beforeMs + periodMs) / S_MS);
      for (const list of out) list.push(null);
    }
    timesS.push(timeMs / S_MS);
    for (const [field, list] of out.entries()) list.push(values[field]?.[i] ?? null);
  }
  return { timesS, values: out, gaps };
}

export interface Extent {
  readonly least: number;
  readonly mean: number;
  readonly most: number;
}

/** Null: nothing is known. */
export function extentOf(values: readonly (number | null)[]): Extent | null {
  let [least, most, sum, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  for (const value of values) {
    if (value === null) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
    count++;
  }
  return count === 0 ? null : { least, most, mean: sum / count };
}

/** One line a slot; what is unknown is empty, what is missing has no line. */
export function csvOf({ fields, timesMs, values }: History): string {
  const lines = timesMs.map((timeMs, i) =>
    [new Date(timeMs).toISOString(), ...values.map((list) => list[i] ?? "")].join(","),
  );
  return `${["time", ...fields].join(",")}\n${lines.join("\n")}\n`;
}
