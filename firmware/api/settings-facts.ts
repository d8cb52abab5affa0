/** Facts that the settings tell and the snapshot does not. */
import { z } from "zod";
import type { MachineFacts } from "./machine-facts.ts";
import type { SettingsView } from "./messages.ts";

const known = z.object({
  network: z.object({ cgminer: z.object({ allow: z.string(), groups: z.string() }) }),
  cooling: z.object({ fan_manual_pct: z.number().optional() }),
  tuning: z.object({ frequency_mhz: z.number().optional() }),
  pool_groups: z.array(z.object({ pools: z.array(z.object({ url: z.string(), user: z.string() })) })),
});

type SettingsFacts = Pick<
  MachineFacts,
  "isFanManual" | "fanManualPct" | "targetFrequencyMhz" | "pools" | "overriddenKeys" | "cgminerRules"
>;

const UNKNOWN: SettingsFacts = {
  isFanManual: null,
  fanManualPct: null,
  targetFrequencyMhz: null,
  pools: null,
  overriddenKeys: [],
  cgminerRules: null,
};

/** @param view as shown to faces; null: not told yet. Fans are steered at once, clock and pools count from the next start. */
export function settingsFacts(view: Pick<SettingsView, "settings" | "overriddenKeys"> | null): SettingsFacts {
  const parsed = known.safeParse(view?.settings);
  if (view === null || !parsed.success) return UNKNOWN;
  const { cooling, tuning, pool_groups, network } = parsed.data;
  const { overriddenKeys } = view;
  const pools = pool_groups.flatMap((entry, group) => entry.pools.map(({ url, user }) => ({ url, user, group })));
  const isClockOurs = !overriddenKeys.includes("tuning.frequency_mhz");
  const arePoolsOurs = pools.length > 0 && !overriddenKeys.includes("pool_groups");
  return {
    isFanManual: cooling.fan_manual_pct !== undefined,
    fanManualPct: cooling.fan_manual_pct ?? null,
    targetFrequencyMhz: isClockOurs ? (tuning.frequency_mhz ?? null) : null,
    pools: arePoolsOurs ? pools : null,
    overriddenKeys,
    cgminerRules: network.cgminer,
  };
}
