/** How a chip went: the last day as the board keeps it, and closely since this page was opened. */
import type { ComponentChildren } from "preact";
import type { Chip } from "../model/api-types.ts";
import type { ChipMetric } from "../model/chip-metrics.ts";
import { usePolled } from "../model/context.ts";
import { duration, fixed, isPlural, withUnit } from "../model/format.ts";
import { type Series, seriesOf } from "../model/series.ts";
import { SPARK_HEIGHT, SPARK_WIDTH, type Spark, sparkOf } from "../model/spark.ts";

const ASK_MS = 60_000;

export interface ChipDayProps {
  readonly chainIndex: number;
  readonly chipIndex: number;
  readonly metric: ChipMetric;
}

export function ChipDay({ chainIndex, chipIndex, metric }: ChipDayProps) {
  const { data, problem } = usePolled(`/chains/${chainIndex}/chips/${chipIndex}/history`, ASK_MS);
  if (problem !== null) return <p class="bad">{problem}</p>;
  if (data === null) return null;
  const [first, last] = [data.timesMs[0], data.timesMs.at(-1)];
  if (first === undefined || last === undefined)
    return <p class="quiet">The board keeps a figure every {duration(data.periodMs)}; there is none yet.</p>;
  if (data.timesMs.length === 1)
    return (
      <p class="quiet" data-testid="chip-day">
        {metric.title} in the last {duration(data.periodMs)} that the board keeps:{" "}
        {withUnit(data[metric.kept][0] ?? null, metric.unit, metric.digits)}. Its course shows with the next figure.
      </p>
    );
  const series = seriesOf({ ...data, fields: [metric.kept], values: [data[metric.kept]] });
  const spark = sparkOf(series);
  const span = `the ${duration(last + data.periodMs - first)} that the board keeps`;
  if (spark === null)
    return (
      <p class="quiet" data-testid="chip-day">
        {metric.title} over {span}: unknown, {metric.unknown}.
      </p>
    );
  return (
    <Curve testId="chip-day" spark={spark} metric={metric} span={span}>
      {" "}
      One figure every {duration(data.periodMs)}. <Gaps gaps={series.gaps} />
    </Curve>
  );
}

function Gaps({ gaps }: Pick<Series, "gaps">) {
  if (gaps.length === 0) return <>No gaps.</>;
  const missingMs = gaps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  return (
    <>
      {gaps.length} gap{isPlural(gaps.length)}, shaded: nothing is known of {duration(missingMs)}.
    </>
  );
}

export interface ChipNowProps {
  /** The same chip before, oldest first. */
  readonly past: readonly Chip[];
  readonly pastMs: number;
  readonly metric: ChipMetric;
}

export function ChipNow({ past, pastMs, metric }: ChipNowProps) {
  const timesS = past.map((_, i) => i);
  const spark = sparkOf({ timesS, values: [past.map(metric.of)], gaps: [] });
  if (spark === null || past.length < 2) return <p class="quiet">Its present course shows here after a few seconds.</p>;
  return <Curve spark={spark} metric={metric} span={`${duration(pastMs)}, since this page was opened`} />;
}

interface CurveProps {
  readonly spark: Spark;
  readonly metric: ChipMetric;
  readonly span: string;
  readonly testId?: string;
  readonly children?: ComponentChildren;
}

function Curve({ spark: { lines, gaps, least, most }, metric, span, testId, children }: CurveProps) {
  const summary = `${metric.title} over ${span}: ${fixed(least, metric.digits)} to ${fixed(most, metric.digits)} ${metric.unit}.`;
  return (
    <figure data-testid={testId}>
      <svg
        class="spark"
        viewBox={`0 0 ${SPARK_WIDTH} ${SPARK_HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={summary}
      >
        {gaps.map(({ x, width }) => (
          <rect key={x} class="gap" x={x} width={width} height={SPARK_HEIGHT} />
        ))}
        {lines.map((points) => (
          <polyline key={points} points={points} />
        ))}
      </svg>
      <figcaption class="quiet note">
        {summary}
        {children}
      </figcaption>
    </figure>
  );
}
