/** What faces learn from the settings, which hold it before it is in force. */
import { expect, test } from "vitest";
import { settingsFacts } from "#firmware/api/settings-facts.ts";
import { withoutSecrets } from "#firmware/config/patch.ts";
import { settingsSchema } from "#firmware/config/schema.ts";

function facts(settings: object, overriddenKeys: readonly string[] = []) {
  return settingsFacts({ settings: withoutSecrets(settingsSchema.parse(settings)), overriddenKeys });
}

test("before anything is told, and where nothing is set, nothing is known", () => {
  const nothing = { targetFrequencyMhz: null, pools: null, overriddenKeys: [] };
  const untold = { ...nothing, isFanManual: null, fanManualPct: null, cgminerRules: null };
  expect(settingsFacts(null)).toEqual(untold);
  expect(settingsFacts({ settings: "nonsense", overriddenKeys: [] })).toEqual(untold);
  const { cgminerRules, ...rest } = facts({});
  expect(rest).toEqual({ ...nothing, isFanManual: false, fanManualPct: null });
  expect(cgminerRules).toMatchObject({ allow: "W:127.0.0.1,W:::1,R:*" });
});

const POOLS = {
  pool_groups: [
    {
      pools: [
        { url: " a.test:1/#xnsub", user: "me ", password: "secret word" },
        { url: "b.test:1", user: "me" },
      ],
    },
    { pools: [{ url: "stratum+ssl://c.test:1", user: "you" }] },
  ],
};

test("the owner's fan duty and clock, and the pools of all groups as they are written", () => {
  expect(facts({ cooling: { fan_manual_pct: 60 } })).toMatchObject({ isFanManual: true, fanManualPct: 60 });
  expect(facts({ tuning: { frequency_mhz: 410.5 } })).toMatchObject({ targetFrequencyMhz: 410.5 });
  expect(facts(POOLS).pools).toEqual([
    { url: " a.test:1/#xnsub", user: "me ", group: 0 },
    { url: "b.test:1", user: "me", group: 0 },
    { url: "stratum+ssl://c.test:1", user: "you", group: 1 },
  ]);
});

test("what the command line overrides is not what the settings say", () => {
  const settings = { ...POOLS, tuning: { frequency_mhz: 400 } };
  const overridden = ["pool_groups", "tuning.frequency_mhz"];
  expect(facts(settings, overridden)).toMatchObject({
    pools: null,
    targetFrequencyMhz: null,
    overriddenKeys: overridden,
  });
});
