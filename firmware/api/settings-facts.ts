/** Facts that the owner's settings tell and the snapshot does not. */
import { z } from "zod";
import type { MachineFacts } from "./machine-facts.ts";

const owners = z.object({
  cooling: z.object({ fan_manual_pct: z.number().optional() }),
  tuning: z.object({ frequency_mhz: z.number().optional() }),
});

type OwnerFacts = Pick<MachineFacts, "isFanManual" | "fanManualPct" | "targetFrequencyMhz">;

/**
 * @param settings as shown to faces. What is written counts: fans are steered at once, and a clock that waits for the next
 * restart is what the owner set all the same.
 */
export function setByOwner(settings: unknown): OwnerFacts {
  const parsed = owners.safeParse(settings);
  if (!parsed.success) return { isFanManual: null, fanManualPct: null, targetFrequencyMhz: null };
  const { cooling, tuning } = parsed.data;
  return {
    isFanManual: cooling.fan_manual_pct !== undefined,
    fanManualPct: cooling.fan_manual_pct ?? null,
    targetFrequencyMhz: tuning.frequency_mhz ?? null,
  };
}
