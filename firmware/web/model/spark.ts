/** A small curve in a box of its own: stretches of known values, and where there are none. */
import { extentOf, type Series } from "./series.ts";

export const SPARK_WIDTH = 100;
export const SPARK_HEIGHT = 40;
const MARGIN = 2;
const S_MS = 1000;

export interface Spark {
  /** As an SVG polyline takes them. */
  readonly lines: readonly string[];
  readonly gaps: readonly { readonly x: number; readonly width: number }[];
  readonly least: number;
  readonly most: number;
}

/** Null: nothing is known. @param field which list of values. */
export function sparkOf({ timesS, values, gaps }: Series, field = 0): Spark | null {
  const list = values[field] ?? [];
  const extent = extentOf(list);
  const fromS = timesS[0];
  if (extent === null || fromS === undefined) return null;
  const { least, most } = extent;
  const spanS = (timesS.at(-1) ?? fromS) - fromS || 1;
  const x = (timeS: number): number => ((timeS - fromS) * SPARK_WIDTH) / spanS;
  const y = (value: number): number =>
    SPARK_HEIGHT - MARGIN - ((value - least) / (most - least || 1)) * (SPARK_HEIGHT - 2 * MARGIN);
  const lines: string[][] = [[]];
  for (const [i, timeS] of timesS.entries()) {
    const value = list[i] ?? null;
    if (value === null) lines.push([]);
    else lines.at(-1)?.push(`${x(timeS).toFixed(2)},${y(value).toFixed(2)}`);
  }
  return {
    // A point alone is drawn as a line to itself, or it would not be seen.
    lines: lines.flatMap((line) =>
      line.length === 0 ? [] : [(line.length === 1 ? [...line, ...line] : line).join(" ")],
    ),
    gaps: gaps.map(({ fromMs, toMs }) => {
      const left = x(fromMs / S_MS);
      return { x: left, width: x(toMs / S_MS) - left };
    }),
    least,
    most,
  };
}
