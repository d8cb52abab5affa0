/** Facts that the settings in force tell and the snapshot does not. */
import { z } from "zod";
import type { MachineFacts } from "./machine-facts.ts";

const cooling = z.object({ cooling: z.object({ fan_manual_pct: z.number().optional() }) });

/** @param settings as shown to faces; fans are steered at once, so what is written is in force. */
export function fansByOwner(settings: unknown): Pick<MachineFacts, "isFanManual" | "fanManualPct"> {
  const parsed = cooling.safeParse(settings);
  if (!parsed.success) return { isFanManual: null, fanManualPct: null };
  const { fan_manual_pct } = parsed.data.cooling;
  return { isFanManual: fan_manual_pct !== undefined, fanManualPct: fan_manual_pct ?? null };
}
