/** What frequency and number of chips promise, the measure of every hashrate shown. */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import type { HashChain } from "#drivers/hash-chain.ts";
import type { HashboardModel } from "#drivers/hashboards/models.ts";

/** Hashes/s of `chips` chips with `engines` hash engines each. */
export function promisedHashesPerS(frequencyMhz: number, engines: number, chips: number): number {
  return frequencyMhz * 1e6 * engines * chips;
}

/** Hashes/s of a machine with `chains` whole hashboards at their default frequency. */
export function machineHashesPerS(hashboard: HashboardModel, chains: number): number {
  return promisedHashesPerS(hashboard.defaultFrequencyMhz, CHIPS[hashboard.chip].engines, hashboard.chips * chains);
}

/** The same of a chain as it runs now, before what a narrow version mask takes away. */
export function chainHashesPerS({ frequencyMhz, facts, chipCount }: HashChain): number {
  return promisedHashesPerS(frequencyMhz, facts.engines, chipCount);
}
