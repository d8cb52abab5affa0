/** What of the history is looked at: a stretch of time, and which figures go into one chart. */

export interface ChartGroup {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  /** Names as the board has them, and as the legend shows them. */
  readonly fields: readonly (readonly [field: string, name: string])[];
}

export const CHART_GROUPS: readonly ChartGroup[] = [
  {
    title: "Hashrate",
    unit: "TH/s",
    digits: 1,
    fields: [
      ["hashrateThs", "measured"],
      ["expectedThs", "expected"],
    ],
  },
  {
    title: "Hashrate of each chain",
    unit: "TH/s",
    digits: 1,
    fields: [0, 1, 2, 3].map((chain) => [`chain${chain}Ths`, `chain ${chain}`] as const),
  },
  {
    title: "Temperatures",
    unit: "°C",
    digits: 1,
    fields: [
      ["boardMaxC", "hottest board"],
      ["chipMaxC", "hottest chip"],
    ],
  },
  { title: "Fan duty", unit: "%", digits: 0, fields: [["fanDutyPct", "duty"]] },
  {
    title: "Shares and errors in each slot",
    unit: "count",
    digits: 1,
    fields: [
      ["accepted", "accepted"],
      ["rejected", "rejected"],
      ["stale", "stale"],
      ["hardwareErrors", "hardware errors"],
    ],
  },
];

const H_MS = 3_600_000;
export const SPANS = [
  { id: H_MS, text: "1 h" },
  { id: 6 * H_MS, text: "6 h" },
  { id: 24 * H_MS, text: "24 h" },
  { id: 7 * 24 * H_MS, text: "7 d" },
  { id: 30 * 24 * H_MS, text: "30 d" },
  { id: 90 * 24 * H_MS, text: "90 d" },
] as const;

const LEAST_MS = 60_000;
const FINE_MS = 24 * H_MS;

export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The fine memory reaches back a day. */
export function historyPath({ fields }: ChartGroup, { fromMs, toMs }: Stretch, nowMs: number): `/history?${string}` {
  const resolution = fromMs >= nowMs - FINE_MS - LEAST_MS ? "10s" : "5m";
  const names = fields.map(([field]) => field).join(",");
  return `/history?resolution=${resolution}&fields=${names}&fromMs=${Math.floor(fromMs)}&toMs=${Math.ceil(toMs)}`;
}

/** Closer (0.5) or wider (2), around the middle; never beyond now. */
export function zoomed({ fromMs, toMs }: Stretch, factor: number, nowMs: number): Stretch {
  const half = Math.max(LEAST_MS, (toMs - fromMs) * factor) / 2;
  const middle = Math.min((fromMs + toMs) / 2, nowMs - half);
  return { fromMs: middle - half, toMs: middle + half };
}

/** By half of what is seen. */
export function moved({ fromMs, toMs }: Stretch, direction: -1 | 1, nowMs: number): Stretch {
  const by = Math.min((direction * (toMs - fromMs)) / 2, nowMs - toMs);
  return { fromMs: fromMs + by, toMs: toMs + by };
}
