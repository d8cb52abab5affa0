/** What a change did: hashrate, errors and watts a moment later beside what they were before it. */
import { z } from "zod";
import { sleep } from "#hal/clock.ts";
import { queryAnswers } from "../api/queries.ts";
import { maxKnown, sumKnown } from "../stats/known-values.ts";
import type { ConsoleContext, Place } from "./command.ts";
import { snapshotOf } from "./commands/look.ts";
import { number } from "./table.ts";

const reading = z.object({
  frequencyMhz: z.number().nullable(),
  voltageV: z.number().nullable(),
  expectedThs: z.number().nullable(),
  measuredThs: z.number().nullable(),
  temperatureChipMaxC: z.number().nullable(),
  powerW: z.number().nullable(),
  /** Of all nonces so far: two readings tell the rate between them. */
  goodNonces: z.number(),
  hardwareErrors: z.number(),
});
export type EffectReading = z.infer<typeof reading>;

export const effectSchema = z.object({
  place: z.string(),
  afterS: z.number(),
  before: reading,
  after: reading,
  errorPct: z
    .number()
    .nullable()
    .meta({ description: "Hardware errors between the two readings, as a share of the nonces." }),
});
export type Effect = z.infer<typeof effectSchema>;

/** Of the chains that a place is on; of a chip, its own clock and nonces. */
export async function measure(context: ConsoleContext, { chainIndex, chipIndex }: Place): Promise<EffectReading> {
  const snapshot = await snapshotOf(context);
  const chains = snapshot.chains.filter(({ index }) => chainIndex === null || index === chainIndex);
  const clocks = chains.map(({ frequencyMhz }) => frequencyMhz);
  const total = sumKnown(clocks);
  const whole: EffectReading = {
    frequencyMhz: total === null ? null : total / clocks.filter((mhz) => mhz !== null).length,
    voltageV: chains[0]?.voltageV ?? null,
    expectedThs: sumKnown(chains.map(({ hashrate }) => hashrate.expectedThs)),
    measuredThs: sumKnown(chains.map(({ hashrate }) => hashrate.recentMeasuredThs)),
    temperatureChipMaxC: maxKnown(chains.map(({ temperatureChipMaxC }) => temperatureChipMaxC)),
    powerW: null,
    goodNonces: 0,
    hardwareErrors: 0,
  };
  for (const { index } of chains) {
    const { chips } = await context.client.get(`/chains/${index}/chips`, queryAnswers.chips);
    for (const chip of chips) {
      if (chipIndex !== null && chip.chipIndex !== chipIndex) continue;
      whole.goodNonces += chip.nonces.good;
      whole.hardwareErrors += chip.nonces.hardwareErrors;
      if (chipIndex !== null) whole.frequencyMhz = chip.frequencyMhz;
    }
  }
  return whole;
}

/** Hardware errors between two readings as a share of the nonces in %; null where there were none. */
export function errorPctBetween(before: EffectReading, after: EffectReading): number | null {
  const errors = after.hardwareErrors - before.hardwareErrors;
  const nonces = after.goodNonces - before.goodNonces + errors;
  return nonces <= 0 ? null : (100 * errors) / nonces;
}

/** Waits, then reads again. */
export async function withEffect(
  context: ConsoleContext,
  place: Place,
  before: EffectReading,
  signal: AbortSignal,
): Promise<Effect> {
  await sleep(context.clock, context.effectMs, signal);
  const after = await measure(context, place);
  return {
    place: placeText(place),
    afterS: context.effectMs / 1000,
    before,
    after,
    errorPct: errorPctBetween(before, after),
  };
}

export function effectLines({ place, afterS, before, after, errorPct }: Effect): string[] {
  const change = (from: number | null, to: number | null, digits: number, unit: string): string =>
    `${number(from, digits)} -> ${number(to, digits)} ${unit}`;
  return [
    `${place} after ${afterS} s: clock ${change(before.frequencyMhz, after.frequencyMhz, 2, "MHz")}, voltage ${change(before.voltageV, after.voltageV, 2, "V")},`,
    `  hashrate ${change(before.measuredThs, after.measuredThs, 2, "TH/s")} (expected ${change(before.expectedThs, after.expectedThs, 2, "TH/s")}),`,
    `  hardware errors since ${number(errorPct, 2)} %, hottest chip ${change(before.temperatureChipMaxC, after.temperatureChipMaxC, 1, "C")}, power ${after.powerW === null ? "unknown" : change(before.powerW, after.powerW, 0, "W")}`,
  ];
}

function placeText({ chainIndex, domainIndex, chipIndex }: Place): string {
  if (chainIndex === null) return "all chains";
  if (chipIndex !== null) return `chip ${chainIndex}.${chipIndex}`;
  return domainIndex === null ? `chain ${chainIndex}` : `chain ${chainIndex} (domain ${domainIndex})`;
}
