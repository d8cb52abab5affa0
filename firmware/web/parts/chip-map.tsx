/** All chips of a chain: a value in each, its colour by how far it is from what one wishes. One stop for the tab key. */
import { useRef } from "preact/hooks";
import type { Chip, Chips } from "../model/api-types.ts";
import { type ChipMetric, LEVELS, levelOf, troubleOf, valueText } from "../model/chip-metrics.ts";
import { fixed } from "../model/format.ts";

export interface ChipMapProps {
  readonly chips: Chips;
  readonly metric: ChipMetric;
  readonly selected: number | null;
  readonly onSelect: (chipIndex: number) => void;
}

export function ChipMap({ chips: answer, metric, selected, onSelect }: ChipMapProps) {
  const grid = useRef<HTMLFieldSetElement>(null);
  const { chips, chainIndex } = answer;
  const reachable = selected ?? 0;
  const move = (event: KeyboardEvent): void => {
    const cells = [...(grid.current?.querySelectorAll<HTMLButtonElement>("button.chip") ?? [])];
    const at = cells.indexOf(event.target as HTMLButtonElement);
    const next = nextCell(event.key, at, columnsOf(cells), cells.length);
    if (at < 0 || next === null) return;
    event.preventDefault();
    cells[next]?.focus();
  };
  return (
    <>
      <fieldset ref={grid} class="chips" onKeyDown={move} data-testid="chip-map">
        <legend>
          Chain {chainIndex}: {metric.title.toLowerCase()}, {metric.unit}
        </legend>
        {chips.map((chip) => (
          <ChipCell
            key={chip.chipIndex}
            chip={chip}
            metric={metric}
            level={levelOf(metric, chip, chips)}
            isSelected={chip.chipIndex === selected}
            isReachable={chip.chipIndex === reachable}
            onSelect={onSelect}
          />
        ))}
      </fieldset>
      <Legend metric={metric} chips={chips} />
    </>
  );
}

interface ChipCellProps {
  readonly chip: Chip;
  readonly metric: ChipMetric;
  readonly level: number | null;
  readonly isSelected: boolean;
  readonly isReachable: boolean;
  readonly onSelect: (chipIndex: number) => void;
}

function ChipCell({ chip, metric, level, isSelected, isReachable, onSelect }: ChipCellProps) {
  const text = valueText(metric, chip);
  const trouble = troubleOf(chip);
  return (
    <button
      type="button"
      class={`chip ${level === null ? "lvx" : `lv${level}`} ${trouble === null ? "" : "lame"}`}
      aria-pressed={isSelected}
      tabIndex={isReachable ? 0 : -1}
      onClick={() => onSelect(chip.chipIndex)}
    >
      <span class="only-read">chip </span>
      <small>{chip.chipIndex}</small>
      <span class="only-read">: </span>
      {trouble ?? text ?? "?"}
      <span class="only-read">
        {" "}
        {text === null ? "unknown" : trouble === null ? metric.unit : `${text} ${metric.unit}`}
      </span>
    </button>
  );
}

function Legend({ metric, chips }: { readonly metric: ChipMetric; readonly chips: readonly Chip[] }) {
  const [from, to] = metric.range(chips);
  const edge = (level: number): string => fixed(from + ((to - from) * level) / LEVELS, metric.digits);
  return (
    <ul class="legend" aria-label="Legend">
      {Array.from({ length: LEVELS }, (_, level) => (
        <li key={level}>
          <i class={`lv${level}`} /> {level === LEVELS - 1 ? `${edge(level)} and beyond` : `from ${edge(level)}`}
        </li>
      ))}
      <li>
        <i class="lvx" /> ? unknown: {metric.unknown}
      </li>
    </ul>
  );
}

/** Cells that stand as high as the first one. */
function columnsOf(cells: readonly HTMLElement[]): number {
  const top = cells[0]?.offsetTop;
  const columns = cells.findIndex(({ offsetTop }) => offsetTop !== top);
  return columns < 0 ? cells.length : columns;
}

function nextCell(key: string, at: number, columns: number, count: number): number | null {
  const targets: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: count - 1,
  };
  const next = targets[key];
  return next === undefined || next < 0 || next >= count ? null : next;
}
