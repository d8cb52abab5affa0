/** One chip: what is known of it now, and how it went since this page was opened. */
import type { Chip } from "../model/api-types.ts";
import { CHIP_METRICS, type ChipMetric, troubleOf } from "../model/chip-metrics.ts";
import { duration, fixed, withUnit } from "../model/format.ts";
import { Card } from "./card.tsx";
import { Value, Values } from "./value.tsx";

export interface ChipDetailProps {
  readonly chainIndex: number;
  readonly chip: Chip;
  /** The same chip before, oldest first. */
  readonly past: readonly Chip[];
  readonly pastMs: number;
  readonly metric: ChipMetric;
}

export function ChipDetail({ chainIndex, chip, past, pastMs, metric }: ChipDetailProps) {
  const trouble = troubleOf(chip);
  return (
    <Card title={`Chip ${chip.chipIndex} of chain ${chainIndex}`} testId="chip-detail">
      {trouble !== null && (
        <p class="bad">
          {trouble === "silent"
            ? "It finds next to nothing: it may be dead, or cut off from its neighbours."
            : "Many of its answers are wrong: it is too hot, too fast, or its voltage is too low."}
        </p>
      )}
      <Values>
        <Value
          name="Frequency"
          text={withUnit(chip.frequencyMhz, "MHz", 2)}
          note={`wanted ${fixed(chip.wantedMhz, 2)} MHz`}
        />
        <Value name="Domain" text={String(chip.domainIndex)} />
        <Value name="Good nonces" text={fixed(chip.nonces.good)} />
        <Value
          name="Hardware errors"
          text={fixed(chip.nonces.hardwareErrors)}
          note={chip.errorPct === null ? undefined : `${fixed(chip.errorPct, 2)} %`}
        />
        <Value name="Duplicate, stale" text={`${fixed(chip.nonces.duplicate)}, ${fixed(chip.nonces.stale)}`} />
        {CHIP_METRICS.filter(({ id }) => id === "nonces" || id === "heat").map(
          ({ id, title, unit, digits, of, unknown }) => (
            <Value key={id} name={title} text={withUnit(of(chip), unit, digits)} reason={unknown} />
          ),
        )}
      </Values>
      <Past past={past} pastMs={pastMs} metric={metric} />
    </Card>
  );
}

const WIDTH = 100;
const HEIGHT = 40;

function Past({ past, pastMs, metric }: Pick<ChipDetailProps, "past" | "pastMs" | "metric">) {
  const values = past.map(metric.of);
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return <p class="quiet">Its course shows here after a few seconds.</p>;
  const least = Math.min(...known);
  const most = Math.max(...known);
  const span = most - least || 1;
  const points = values.flatMap((value, i) =>
    value === null
      ? []
      : [`${(i * WIDTH) / (values.length - 1)},${HEIGHT - 2 - ((value - least) / span) * (HEIGHT - 4)}`],
  );
  const summary = `${metric.title} over ${duration(pastMs)}: ${fixed(least, metric.digits)} to ${fixed(most, metric.digits)} ${metric.unit}`;
  return (
    <figure>
      <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={summary}>
        <polyline points={points.join(" ")} />
      </svg>
      <figcaption class="quiet note">{summary}; since this page was opened.</figcaption>
    </figure>
  );
}
