/**
 * What a face may ask of the mining plane beyond the snapshot: details that are too many to be told each second. Answers
 * are data, checked by these schemas in the OpenAPI document. Null means unknown, never 0; units end the names.
 */
import { z } from "zod";
import type { CaptureHeader } from "../trace/capture-format.ts";
import type { TrafficEntry } from "../trace/live/traffic-tap.ts";
import type { Scope } from "./commands.ts";
import { CHAINS_MAX, CHIPS_MAX, REGISTER_MAX } from "./limits.ts";
import { RECEIPT_DAYS_MAX, receiptsAnswer } from "./receipts.ts";

const chainIndex = z
  .number()
  .int()
  .min(0)
  .max(CHAINS_MAX - 1);
const chipIndex = z
  .number()
  .int()
  .min(0)
  .max(CHIPS_MAX - 1);
const register = z.number().int().min(0).max(REGISTER_MAX);

export const querySchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("chips"), chainIndex }),
  z.strictObject({ kind: z.literal("register"), chainIndex, chipIndex, register }),
  z.strictObject({ kind: z.literal("sensors") }),
  z.strictObject({ kind: z.literal("tuning") }),
  z.strictObject({ kind: z.literal("decisions") }),
  z.strictObject({ kind: z.literal("trace") }),
  z.strictObject({ kind: z.literal("recording") }),
  z.strictObject({ kind: z.literal("hardware") }),
  z.strictObject({ kind: z.literal("traffic") }),
  z.strictObject({ kind: z.literal("receipts"), days: z.number().int().min(1).max(RECEIPT_DAYS_MAX) }),
]);
export type Query = z.infer<typeof querySchema>;
export type QueryKind = Query["kind"];

export const QUERY_SCOPE: Readonly<Record<QueryKind, Scope>> = {
  chips: "read",
  // A read on the chain's own line is a small disturbance.
  register: "control",
  sensors: "read",
  tuning: "read",
  decisions: "read",
  trace: "read",
  recording: "control",
  hardware: "read",
  // Who mines where is in it.
  traffic: "control",
  receipts: "read",
};

const measured = z.number().nullable();
const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();

const bounds = z.object({ min: z.number(), max: z.number(), reason: z.string() });

export const chipAnswer = z.object({
  chipIndex: z.number(),
  domainIndex: z.number(),
  frequencyMhz: measured.meta({ description: "As the PLL makes it now." }),
  wantedMhz: z.number().meta({ description: "As the owner tuned it, before heat or errors take some of it." }),
  temperatureC: measured.meta({ description: "The chip's own sensor, where it has one." }),
  nonces: z.object({
    good: z.number(),
    hardwareErrors: z.number(),
    duplicate: z.number(),
    stale: z.number(),
  }),
  errorPct: measured.meta({
    description: "Hardware errors as a share of what the chip found; null before it found anything.",
  }),
  relativePct: measured.meta({
    description:
      "Good nonces per MHz against the mean of its chain: 100 is like the others. Null while there are too few to say.",
  }),
});

/** The answer of each query. */
export const queryAnswers = {
  chips: z.object({
    chainIndex: z.number(),
    chip: z.string(),
    state: z.string(),
    domains: z.number(),
    chipsPerDomain: z.number(),
    chips: list(chipAnswer),
  }),
  register: z.object({
    chainIndex: z.number(),
    chipIndex: z.number(),
    register: z.number(),
    name: z.string().nullable(),
    value: z.number(),
  }),
  sensors: z.object({
    sensors: list(
      z.object({
        place: z.string(),
        chainIndex: z.number(),
        temperatureC: measured,
        ageMs: measured.meta({ description: "Since the last believed reading." }),
        problem: z.string().nullable(),
      }),
    ),
    fans: list(z.object({ fan: z.number(), rpm: measured, isStopped: z.boolean() })),
  }),
  tuning: z.object({
    limits: z.object({
      frequencyMhz: bounds,
      voltageMv: bounds.nullable().meta({ description: "Null: the voltage is fixed." }),
      isVoltagePerChain: z.boolean(),
      chips: z.number(),
      domains: z.number(),
      chipsPerDomain: z.number(),
    }),
    chains: list(
      z.object({
        chainIndex: z.number(),
        frequencyMhz: z.number().meta({ description: "Of every chip without one of its own." }),
        startFrequencyMhz: z.number().meta({ description: "The one that the run began with." }),
        chips: list(z.object({ chipIndex: z.number(), frequencyMhz: z.number() })),
        voltageMv: measured,
        startVoltageMv: measured,
      }),
    ),
    undoSteps: z.number().meta({ description: "Changes that can be undone." }),
    undo: z
      .object({
        isMore: z.boolean().meta({ description: "Some chip gets faster or some voltage higher: it takes more power." }),
        text: z.string(),
      })
      .nullable()
      .meta({ description: "What undoing the last change does; null: there is nothing to undo." }),
  }),
  hardware: z.object({
    chip: z.string(),
    chains: z.number(),
    chipsPerChain: z.number(),
    limits: z.object({
      boardMaxC: z.number().meta({ description: "Power goes off above." }),
      chipMaxC: z.number().meta({ description: "Power goes off above, where a chip can be read." }),
      temperatureSource: z.string(),
      frequencyMhz: bounds,
      voltageMv: bounds.nullable().meta({ description: "Null: the voltage is fixed." }),
    }),
    hashboards: list(z.object({ chainIndex: z.number(), text: z.string() })),
  }),
  /** Only between the two threads: bytes are decoded before they go out. */
  traffic: z.object({
    header: z.custom<CaptureHeader>(),
    entries: list(z.custom<TrafficEntry>()),
    lostEvents: z.number(),
    nowMs: z.number(),
    nowWallMs: z.number(),
  }),
  receipts: receiptsAnswer,
  recording: z.object({ text: z.string().meta({ description: "The black box as it would be written now." }) }),
  trace: z.object({
    isOn: z.boolean(),
    path: z.string().nullable(),
    bytes: z.number(),
    isFull: z.boolean(),
    lostEvents: z.number(),
    failure: z.string().nullable(),
  }),
  decisions: z.object({
    decisions: list(
      z.object({
        agoMs: z.number(),
        machine: z.string(),
        input: z.string(),
        actions: list(z.string()),
        reason: z.string(),
      }),
    ),
  }),
} as const satisfies Record<QueryKind, z.ZodType>;

export type AnswerOf<K extends QueryKind> = Readonly<z.infer<(typeof queryAnswers)[K]>>;

export type QueryAnswer =
  | { readonly ok: true; readonly data: unknown }
  | { readonly ok: false; readonly message: string };
