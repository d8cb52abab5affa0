/** The way up: equal steps of the hash clock, as stock S21 and S19 XP firmware was captured to take them. */

export const RAMP_START_MHZ = 56.25;
export const RAMP_STEP_MHZ = 6.25;
export const RAMP_STEP_MS = 100;

/** Frequencies to set one after the other; the last one is `targetMhz` itself. */
export function rampFrequenciesMhz(targetMhz: number, startMhz: number = RAMP_START_MHZ): number[] {
  const frequencies: number[] = [];
  for (let step = 0; startMhz + step * RAMP_STEP_MHZ < targetMhz; step++) {
    frequencies.push(startMhz + step * RAMP_STEP_MHZ);
  }
  frequencies.push(targetMhz);
  return frequencies;
}
