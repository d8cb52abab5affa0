/** A line chart. What draws it is loaded when the first one is looked at. */
import { useEffect, useRef } from "preact/hooks";
import type { ChartProps } from "../model/chart-props.ts";

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
