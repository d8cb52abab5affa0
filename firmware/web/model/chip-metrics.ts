/** What the chip map can show, and how far a chip is from what one wishes: 0 as wished, 4 far from it. */
import type { Chip } from "./api-types.ts";
import { fixed } from "./format.ts";

export interface ChipMetric {
  readonly id: string;
  readonly title: string;
  readonly unit: string;
  readonly of: (chip: Chip) => number | null;
  /** Its name in what the board keeps. */
  readonly kept: "relativePct" | "errorPct" | "frequencyMhz" | "temperatureC";
  readonly digits: number;
  /** Values of the lightest and the darkest colour. */
  readonly range: (chips: readonly Chip[]) => readonly [from: number, to: number];
  /** Why there may be no value. */
  readonly unknown: string;
}

export const LEVELS = 5;
/** Below that share of its neighbours' nonces a chip counts as silent. */
const SILENT_PCT = 5;
const MANY_ERRORS_PCT = 5;

const fastest = (chips: readonly Chip[]): number => Math.max(1, ...chips.map(({ frequencyMhz }) => frequencyMhz ?? 0));

export const CHIP_METRICS: readonly ChipMetric[] = [
  {
    id: "nonces",
    title: "Nonce share",
    unit: "% of its neighbours'",
    of: ({ relativePct }) => relativePct,
    kept: "relativePct",
    digits: 0,
    range: () => [100, 0],
    unknown: "too few nonces yet to tell",
  },
  {
    id: "errors",
    title: "Error rate",
    unit: "% hardware errors",
    of: ({ errorPct }) => errorPct,
    kept: "errorPct",
    digits: 1,
    range: () => [0, MANY_ERRORS_PCT],
    unknown: "it found nothing yet",
  },
  {
    id: "clock",
    title: "Frequency",
    unit: "MHz",
    of: ({ frequencyMhz }) => frequencyMhz,
    kept: "frequencyMhz",
    digits: 0,
    range: (chips) => [fastest(chips), fastest(chips) * 0.8],
    unknown: "the chain is off or the chip does not answer",
  },
  {
    id: "heat",
    title: "Temperature",
    unit: "°C",
    of: ({ temperatureC }) => temperatureC,
    kept: "temperatureC",
    digits: 0,
    range: () => [50, 100],
    unknown: "this chip has no sensor, or it has not been read",
  },
];

export function valueText(metric: ChipMetric, chip: Chip): string | null {
  const value = metric.of(chip);
  return value === null ? null : fixed(value, metric.digits);
}

/** Null: unknown. */
export function levelOf(metric: ChipMetric, chip: Chip, chips: readonly Chip[]): number | null {
  const value = metric.of(chip);
  if (value === null) return null;
  const [from, to] = metric.range(chips);
  const part = (value - from) / (to - from);
  return Math.min(LEVELS - 1, Math.max(0, Math.floor(part * LEVELS)));
}

/** What is wrong with a chip in a word; null: nothing that can be told. */
export function troubleOf({ relativePct, errorPct }: Chip): "silent" | "errors" | null {
  if (relativePct !== null && relativePct < SILENT_PCT) return "silent";
  return errorPct !== null && errorPct > MANY_ERRORS_PCT ? "errors" : null;
}
