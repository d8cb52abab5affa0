/** Two chains of an S21 at their start, and what they may be tuned to. */
import { uniformTuning } from "#firmware/chain/chain-tuning.ts";

export const START = { chains: [uniformTuning(490), uniformTuning(490)], workMv: [13_400, 13_400] };
export const LIMITS = {
  frequencyMhz: { min: 50, max: 735, reason: "its own" },
  voltageMv: { min: 11_960, max: 15_300, reason: "its own" },
  isVoltagePerChain: false,
  chips: 12,
  domains: 4,
  chipsPerDomain: 3,
};
