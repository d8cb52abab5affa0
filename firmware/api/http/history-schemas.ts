/** What is asked of the history, and its answer. */
import { z } from "zod";
import { HISTORY_FIELDS } from "../history/history-fields.ts";
import { RESOLUTIONS, type Resolution } from "../history/history-keeper.ts";

/** More in one answer would hold up the others. */
const FIELDS_MAX = 8;
const DAY_MS = 86_400_000;
const NAMES = HISTORY_FIELDS.map(({ name }) => name) as [string, ...string[]];
const NAMED = `some of ${NAMES.join(", ")}`;

const wallMs = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const historyWish = z.object({
  resolution: z.enum(Object.keys(RESOLUTIONS) as [Resolution, ...Resolution[]]).default("10s"),
  fields: z
    .string()
    .max(400)
    .default("hashrateThs,expectedThs")
    .transform((text) => text.split(","))
    .refine(
      (names) => names.length <= FIELDS_MAX && names.every((name) => NAMES.includes(name)),
      `must be up to ${FIELDS_MAX} fields: ${NAMED}`,
    )
    .meta({ description: `Up to ${FIELDS_MAX}, with commas between: ${NAMED}.` }),
  fromMs: wallMs
    .default(0)
    .meta({ description: "Wall clock, ms since 1970; left out: a day (10s) or 90 days (5m) before the end." }),
  toMs: wallMs.default(Number.MAX_SAFE_INTEGER).meta({ description: "Left out: now." }),
});
export type HistoryWish = z.infer<typeof historyWish>;

export const historyAnswer = z.object({
  periodMs: z.number(),
  fields: z.array(z.string()),
  timesMs: z.array(z.number()).readonly().meta({ description: "Begin of each slot, wall clock; gaps are left out." }),
  values: z
    .array(z.array(z.number().nullable()).readonly())
    .readonly()
    .meta({ description: "One list a field: means, or sums of what was counted in the slot; null = unknown." }),
});

const figures = z.array(z.number().nullable()).readonly();

/** One list a figure, as long as the times; null = unknown. */
export const chipHistoryAnswer = z.object({
  chainIndex: z.number(),
  chipIndex: z.number(),
  periodMs: z.number(),
  keptMs: z.number().meta({ description: "How far back it reaches." }),
  timesMs: z.array(z.number()).readonly().meta({ description: "Begin of each slot, wall clock; gaps are left out." }),
  frequencyMhz: figures.meta({ description: "At the end of the slot, in steps of 1/16 MHz." }),
  errorPct: figures.meta({ description: "Hardware errors as a share of what the chip found in the slot." }),
  relativePct: figures.meta({ description: "Good nonces per MHz against its chain, in the slot; 254 at most." }),
  temperatureC: figures.meta({ description: "At the end of the slot, where the chip has a sensor." }),
});

export const HISTORY_DAYS_MS: Readonly<Record<Resolution, number>> = { "10s": DAY_MS, "5m": 90 * DAY_MS };
