/** How fast the chips of a model may be clocked, whoever asks: an owner's setting, an EEPROM, an order over any face. */
import { KumpelError } from "#hal/errors.ts";
import { CHIPS } from "../bm13xx/chips.ts";
import type { HashboardModel } from "./hashboard-model.ts";

/** In MHz. */
export interface ClockLimits {
  readonly min: number;
  readonly max: number;
  /** Why not more. */
  readonly reason: string;
}

/** Our own: no source says what supplies and boards bear beyond, and the models' own rows stay below. */
const OVERCLOCK_MAX = 1.5;

export function clockLimits(model: HashboardModel): ClockLimits {
  const { pll } = CHIPS[model.chip];
  const capMhz = Math.floor(model.defaultFrequencyMhz * OVERCLOCK_MAX);
  const isOurs = capMhz < pll.frequencyMaxMhz;
  return {
    min: pll.frequencyMinMhz,
    max: Math.min(capMhz, pll.frequencyMaxMhz),
    reason: isOurs
      ? `above is more than ${OVERCLOCK_MAX} times what ${model.label} is made for`
      : `the clock of a ${model.chip} makes no more`,
  };
}

/** @param from who says so. @throws KumpelError `LIMIT_OUT_OF_RANGE` with one sentence. */
export function assertClock(model: HashboardModel, frequencyMhz: number, from: string): void {
  const { min, max, reason } = clockLimits(model);
  if (frequencyMhz >= min && frequencyMhz <= max) return;
  throw new KumpelError(
    "LIMIT_OUT_OF_RANGE",
    `A clock of ${frequencyMhz} MHz (${from}) is outside of ${min} to ${max} MHz for ${model.label}: choose one inside (${reason}).`,
    { details: { frequencyMhz, minMhz: min, maxMhz: max } },
  );
}
