/** A line chart. What draws it is loaded when the first one is looked at. */
import { useEffect, useRef } from "preact/hooks";
import type { Series } from "../model/series.ts";

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

export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { label, unit, names, series, fromMs, toMs, marks } = props;
  useEffect(() => {
    let isOver = false;
    let destroy = (): void => {};
    void import("./chart-drawing.ts").then(({ drawChart }) => {
      if (!isOver && place.current !== null) destroy = drawChart(place.current, latest.current);
    });
    return () => {
      isOver = true;
      destroy();
    };
  }, [label, unit, names, series, fromMs, toMs, marks]);
  return <div ref={place} class="chart" role="img" aria-label={label} />;
}
