/** What a chart is made of; read by the component and by what draws it. */
import type { Series } from "./series.ts";

export interface Mark {
  readonly atMs: number;
  readonly text: string;
}

export interface ChartProps {
  readonly label: string;
  readonly unit: string;
  readonly names: readonly string[];
  readonly series: Series;
  readonly fromMs: number;
  readonly toMs: number;
  readonly marks: readonly Mark[];
  readonly onZoom: (fromMs: number, toMs: number) => void;
}
