/** One chip: what is known of it now, and how it went. */
import type { Chip } from "../model/api-types.ts";
import { CHIP_METRICS, troubleOf } from "../model/chip-metrics.ts";
import { fixed, withUnit } from "../model/format.ts";
import { Card } from "./card.tsx";
import { ChipDay, ChipNow, type ChipNowProps } from "./chip-past.tsx";
import { Value, Values } from "./value.tsx";

export interface ChipDetailProps extends ChipNowProps {
  readonly chainIndex: number;
  readonly chip: Chip;
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
      <ChipDay chainIndex={chainIndex} chipIndex={chip.chipIndex} metric={metric} />
      <ChipNow past={past} pastMs={pastMs} metric={metric} />
    </Card>
  );
}
