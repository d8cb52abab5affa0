/** Draws with uPlot: lines with gaps, gaps shaded and named, incidents as numbered marks, a stretch chosen with the mouse. */
import uPlot from "uplot";
import type { ChartProps } from "../model/chart-props.ts";
import { clockTime } from "../model/format.ts";

const HEIGHT = 240;
const S_MS = 1000;
/** Told apart without colours, too. */
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3]];
const COLOURS = ["--link", "--warn", "--bad", "--good"];
const LEAST_SELECTION_PX = 8;

/** @returns what takes it away again. */
export function drawChart(place: HTMLElement, props: ChartProps): () => void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--quiet"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { stroke: colour("--line") },
  };
  const options: uPlot.Options = {
    width: Math.max(200, place.clientWidth),
    height: HEIGHT,
    scales: { x: { min: props.fromMs / S_MS, max: props.toMs / S_MS } },
    axes: [
      { ...axis, values: (_chart, ticks) => ticks.map((tick) => tickText(tick, props)) },
      { ...axis, size: 64, label: props.unit, labelSize: 20 },
    ],
    cursor: { drag: { x: true, y: false, setScale: false } },
    series: [
      { value: (_chart, timeS: number | null) => (timeS === null ? "--" : clockTime(timeS * S_MS)) },
      ...props.names.map((name, i) => ({
        label: name,
        stroke: colour(COLOURS[i % COLOURS.length]!),
        dash: DASHES[i % DASHES.length]!,
        width: 1.5,
        spanGaps: false,
        points: { show: false },
      })),
    ],
    hooks: {
      drawClear: [(chart) => shadeGaps(chart, props, colour("--line"), colour("--quiet"))],
      draw: [(chart) => drawMarks(chart, props, colour("--bad"))],
      setSelect: [
        (chart) => {
          if (chart.select.width < LEAST_SELECTION_PX) return;
          const fromMs = chart.posToVal(chart.select.left, "x") * S_MS;
          props.onZoom(fromMs, chart.posToVal(chart.select.left + chart.select.width, "x") * S_MS);
        },
      ],
    },
  };
  const chart = new uPlot(options, [props.series.timesS, ...props.series.values], place);
  const watcher = new ResizeObserver(() => chart.setSize({ width: Math.max(200, place.clientWidth), height: HEIGHT }));
  watcher.observe(place);
  return () => {
    watcher.disconnect();
    chart.destroy();
  };
}

const DAY_MS = 86_400_000;

/** Over more than a day the date, else the time of day. */
function tickText(timeS: number, { fromMs, toMs }: ChartProps): string {
  const date = new Date(timeS * S_MS);
  const time = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  if (toMs - fromMs <= DAY_MS) return time;
  const day = date.toLocaleDateString("en-GB", { day: "2-digit", month: "2-digit" });
  return time === "00:00" ? day : `${day} ${time}`;
}

function shadeGaps(chart: uPlot, { series, fromMs, toMs }: ChartProps, fill: string, text: string): void {
  const { ctx, bbox } = chart;
  ctx.save();
  for (const gap of series.gaps) {
    const left = chart.valToPos(Math.max(gap.fromMs, fromMs) / S_MS, "x", true);
    const width = chart.valToPos(Math.min(gap.toMs, toMs) / S_MS, "x", true) - left;
    if (width <= 0) continue;
    ctx.globalAlpha = 0.5;
    ctx.fillStyle = fill;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    ctx.fillStyle = text;
    ctx.textAlign = "center";
    if (width > ctx.measureText("no data").width) ctx.fillText("no data", left + width / 2, bbox.top + bbox.height / 2);
  }
  ctx.restore();
}

function drawMarks(chart: uPlot, { marks, fromMs, toMs }: ChartProps, stroke: string): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.fillStyle = stroke;
  ctx.textAlign = "left";
  for (const [i, { atMs }] of marks.entries()) {
    if (atMs < fromMs || atMs > toMs) continue;
    const x = chart.valToPos(atMs / S_MS, "x", true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(String(i + 1), x + 3, bbox.top + 10);
  }
  ctx.restore();
}
