/** How a chip does beside the others of its chain. Null = too little was seen to say. */

/** With fewer due, chance alone makes a chip look lame. */
const NONCES_THAT_TELL = 10;

/** @param due good nonces that a chip of this clock finds when it is like the others. @returns 100: it is like them. */
export function relativePct(good: number, due: number): number | null {
  // A chain without a clock has no due either.
  return due >= NONCES_THAT_TELL ? (100 * good) / due : null;
}

/** Hardware errors as a share of all that was found. */
export function errorPct(good: number, hardwareErrors: number): number | null {
  const found = good + hardwareErrors;
  return found === 0 ? null : (100 * hardwareErrors) / found;
}
