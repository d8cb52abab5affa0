/** Reads a chain's on-die sensors: seldom, since it takes a piece of the line each time, but often near the limit. */
import type { HashChain } from "#drivers/hash-chain.ts";
import type { Clock } from "#hal/clock.ts";
import type { ChipReading } from "../control/thermal-types.ts";

/** Three readings missed: an older temperature is unknown. */
const MAX_AGE_MS = 15_000;
const PERIOD_MS = 4_900;
/** So near to its limit a chip is asked each second, since power goes on the second bad reading. */
const NEAR_LIMIT_C = 10;

export class ChipThermometer {
  readonly #clock: Clock;
  #last: ChipReading | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** On-die temperature, or null where there is none that is fresh. */
  get reading(): ChipReading | null {
    const last = this.#last;
    return last !== null && this.#clock.nowMs() - last.atMs <= MAX_AGE_MS ? last : null;
  }

  /** Once a second while the chain hashes. */
  async read(chain: HashChain, chipDangerousC: number, signal: AbortSignal): Promise<void> {
    const last = this.#last;
    const isNearLimit = last !== null && last.temperatureC >= chipDangerousC - NEAR_LIMIT_C;
    if (last !== null && !isNearLimit && this.#clock.nowMs() - last.atMs < PERIOD_MS) return;
    const { temperatureChipMaxC } = await chain.readTemperatures(signal);
    if (temperatureChipMaxC === null) return;
    this.#last = { temperatureC: temperatureChipMaxC, atMs: this.#clock.nowMs() };
  }
}

/** The hottest of the chains' readings, or null when there is none. */
export function hottestReading(readings: readonly (ChipReading | null)[]): ChipReading | null {
  let found: ChipReading | null = null;
  for (const reading of readings) {
    if (reading !== null && (found === null || reading.temperatureC > found.temperatureC)) found = reading;
  }
  return found;
}
