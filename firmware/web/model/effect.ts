/** What a change of clock or voltage did: the same figures before and a moment after it. */
import type { Chips, Snapshot } from "./api-types.ts";

export const EFFECT_AFTER_MS = 15_000;

export interface Reading {
  readonly measuredThs: number | null;
  readonly expectedThs: number | null;
  readonly temperatureChipMaxC: number | null;
  readonly voltageV: number | null;
  readonly frequencyMhz: number | null;
  readonly hardwareErrors: number;
  readonly goodNonces: number;
}

export function readingOf(snapshot: Snapshot, chainIndex: number | null): Reading {
  const chains = snapshot.chains.filter(({ index }) => chainIndex === null || index === chainIndex);
  const sum = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((a, b) => a + b, 0);
  };
  const clocks = chains.map(({ frequencyMhz }) => frequencyMhz).filter((mhz) => mhz !== null);
  const heat = chains.map(({ temperatureChipMaxC }) => temperatureChipMaxC).filter((c) => c !== null);
  return {
    measuredThs: sum(chains.map(({ hashrate }) => hashrate.recentMeasuredThs)),
    expectedThs: sum(chains.map(({ hashrate }) => hashrate.expectedThs)),
    temperatureChipMaxC: heat.length === 0 ? null : Math.max(...heat),
    voltageV: chains[0]?.voltageV ?? null,
    frequencyMhz: clocks.length === 0 ? null : clocks.reduce((a, b) => a + b, 0) / clocks.length,
    hardwareErrors: chains.reduce((n, { nonces }) => n + nonces.hardwareError, 0),
    goodNonces: chains.reduce((n, { nonces }) => n + nonces.share + nonces.valid, 0),
  };
}

/** In percent of what was found between the two; null: nothing was. */
export function errorPctBetween(before: Reading, after: Reading): number | null {
  const errors = after.hardwareErrors - before.hardwareErrors;
  const found = after.goodNonces - before.goodNonces + errors;
  return found <= 0 ? null : (100 * errors) / found;
}

/** Chips whose clock the owner set apart from their chain. */
export function detuned({ chips }: Chips): number {
  const counts = new Map<number, number>();
  for (const { wantedMhz } of chips) counts.set(wantedMhz, (counts.get(wantedMhz) ?? 0) + 1);
  return chips.length - Math.max(0, ...counts.values());
}
