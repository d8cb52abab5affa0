/** What was: charts with gaps and incidents, as far back as the board remembers. */
import { useMemo, useState } from "preact/hooks";
import { browser } from "../browser.ts";
import type { Incident } from "../model/api-types.ts";
import type { Mark } from "../model/chart-props.ts";
import { usePolled, useSnapshot } from "../model/context.ts";
import { clockTime, fixed } from "../model/format.ts";
import {
  CHART_GROUPS,
  type ChartGroup,
  historyPath,
  moved,
  SPANS,
  type Stretch,
  zoomed,
} from "../model/history-view.ts";
import { csvOf, extentOf, seriesOf } from "../model/series.ts";
import { Card } from "../parts/card.tsx";
import { Chart } from "../parts/chart.tsx";
import { ChoiceRow } from "../parts/choice-row.tsx";

const NO_INCIDENTS: readonly Incident[] = [];

export function HistoryPage() {
  const snapshot = useSnapshot();
  const [stretch, setStretch] = useState(() => lastOf(SPANS[0].id));
  const incidents = snapshot?.recentIncidents ?? NO_INCIDENTS;
  // A snapshot comes each second with a list of its own: charts are drawn anew only when it differs.
  const key = incidents.map(({ atWallMs }) => atWallMs).join();
  const marks = useMemo(
    () =>
      incidents
        .filter(({ atWallMs }) => atWallMs >= stretch.fromMs && atWallMs <= stretch.toMs)
        .map(({ atWallMs, text }): Mark => ({ atMs: atWallMs, text })),
    [key, stretch],
  );
  const nowMs = browser.wallMs();
  return (
    <>
      <ChoiceRow
        name="How far back"
        choices={SPANS}
        chosen={Math.round(stretch.toMs - stretch.fromMs)}
        onChoose={(spanMs) => setStretch(lastOf(spanMs))}
      />
      <div class="acts">
        <button type="button" class="plain" onClick={() => setStretch(moved(stretch, -1, nowMs))}>
          Earlier
        </button>
        <button type="button" class="plain" onClick={() => setStretch(moved(stretch, 1, nowMs))}>
          Later
        </button>
        <button type="button" class="plain" onClick={() => setStretch(zoomed(stretch, 0.5, nowMs))}>
          Closer
        </button>
        <button type="button" class="plain" onClick={() => setStretch(zoomed(stretch, 2, nowMs))}>
          Wider
        </button>
        <span class="quiet" data-testid="stretch">
          {clockTime(stretch.fromMs)} to {clockTime(stretch.toMs)}
        </span>
      </div>
      <p class="quiet">
        A stretch is chosen by dragging over a chart, too. Grey: no data, since nothing ran or the clock was moved.
      </p>
      {CHART_GROUPS.map((group) => (
        <GroupCard key={group.title} group={group} stretch={stretch} marks={marks} onZoom={setStretch} />
      ))}
      <Card title="Incidents in this stretch">
        {marks.length === 0 ? (
          <p class="quiet">None.</p>
        ) : (
          <ol>
            {marks.map(({ atMs, text }) => (
              <li key={`${atMs} ${text}`}>
                {clockTime(atMs)}: {text}
              </li>
            ))}
          </ol>
        )}
      </Card>
    </>
  );
}

function lastOf(spanMs: number): Stretch {
  const toMs = browser.wallMs();
  return { fromMs: toMs - spanMs, toMs };
}

interface GroupCardProps {
  readonly group: ChartGroup;
  readonly stretch: Stretch;
  readonly marks: readonly Mark[];
  readonly onZoom: (stretch: Stretch) => void;
}

function GroupCard({ group, stretch, marks, onZoom }: GroupCardProps) {
  const path = useMemo(() => historyPath(group, stretch, browser.wallMs()), [group, stretch]);
  const { data, problem } = usePolled(path);
  const shown = useMemo(() => (data === null ? null : dropUnknown(data, group)), [data, group]);
  if (problem !== null)
    return (
      <Card title={group.title}>
        <p class="bad">{problem}</p>
      </Card>
    );
  if (data === null || shown === null)
    return (
      <Card title={group.title}>
        <p class="quiet">Loading ...</p>
      </Card>
    );
  const summary = shown.names.map((name, i) => {
    const extent = extentOf(shown.series.values[i] ?? []);
    if (extent === null) return `${name} unknown`;
    const text = (value: number): string => fixed(value, group.digits);
    return `${name} ${text(extent.least)} to ${text(extent.most)}, mean ${text(extent.mean)} ${group.unit}`;
  });
  return (
    <Card title={group.title} testId="chart">
      <figure>
        <Chart
          label={`${group.title}: ${summary.join("; ")}`}
          unit={group.unit}
          names={shown.names}
          series={shown.series}
          fromMs={stretch.fromMs}
          toMs={stretch.toMs}
          marks={marks}
          onZoom={(fromMs, toMs) => onZoom({ fromMs, toMs })}
        />
        <figcaption class="quiet note">
          {shown.series.timesS.length === 0 ? "Nothing is kept of this stretch." : `${summary.join("; ")}.`}{" "}
          {shown.series.gaps.length > 0 && `${shown.series.gaps.length} gap(s) without data.`}
        </figcaption>
      </figure>
      <button
        type="button"
        class="plain"
        disabled={data.timesMs.length === 0}
        onClick={() =>
          browser.saveFile(`kumpel-${group.title.toLowerCase().replaceAll(" ", "-")}.csv`, "text/csv", csvOf(data))
        }
      >
        Save as CSV
      </button>
    </Card>
  );
}

/** Chains that this machine does not have leave no line, and no line in the legend. */
function dropUnknown(data: Parameters<typeof seriesOf>[0], group: ChartGroup) {
  const all = seriesOf(data);
  const kept = group.fields
    .map(([, name], i) => ({ name, values: all.values[i] ?? [] }))
    .filter(({ values }, i) => i === 0 || values.some((value) => value !== null));
  return { names: kept.map(({ name }) => name), series: { ...all, values: kept.map(({ values }) => values) } };
}
