import fs from "node:fs";
import { expect, test } from "vitest";
import { checkText, jsonSchema } from "#firmware/config/check.ts";
import { nodeAt, settingsKeys } from "#firmware/config/constraints.ts";
import { MIGRATIONS, migrate } from "#firmware/config/migrations.ts";
import { referencePage } from "#firmware/config/reference-page.ts";
import { DEFAULT_SETTINGS, SETTINGS_VERSION, settingsSchema } from "#firmware/config/schema.ts";
import { FACTORY_TEXT } from "#firmware/config/settings-store.ts";

const UNIT_ENDS: Readonly<Record<string, string>> = {
  MHz: "_mhz",
  mV: "_mv",
  min: "_minutes",
  C: "_c",
  "%": "_pct",
  s: "_s",
  h: "_hours",
};

test("every key says what it does, numbers have a range, and units end the names", () => {
  const keys = settingsKeys();
  expect(keys.length).toBeGreaterThan(40);
  for (const { key, type, min, max, unit, description } of keys) {
    expect(description, key).not.toBe("");
    if (type === "number" || type === "integer") expect([min, max], key).not.toContain(null);
    if (unit !== null) expect(key.endsWith(UNIT_ENDS[unit] ?? "?"), key).toBe(true);
  }
});

test("the reference page is the one that the schema makes", () => {
  expect(fs.readFileSync("docs/SETTINGS.md", "utf8")).toBe(referencePage());
});

test("defaults are valid and stand in the schema", () => {
  expect(settingsSchema.parse(DEFAULT_SETTINGS)).toEqual(DEFAULT_SETTINGS);
  expect(nodeAt(jsonSchema(), ["cooling", "fan_max_pct"])?.default).toBe(DEFAULT_SETTINGS.cooling.fan_max_pct);
  expect(nodeAt(jsonSchema(), ["pool_groups", 0, "pools", 3, "version_bits"])?.enum).toEqual(["bip310", "xor"]);
  expect(FACTORY_TEXT).toContain(`settings_version = ${SETTINGS_VERSION}`);
});

test("there is a migration step from every older form, and each keeps what it does not know", () => {
  expect(MIGRATIONS.map(({ from }) => from)).toEqual(Array.from({ length: SETTINGS_VERSION - 1 }, (_, i) => i + 1));
  for (const { step } of MIGRATIONS) expect(step({ later: { x: 1 } })).toEqual({ later: { x: 1 } });
});

test("form 1 to 2: a flat list of pools becomes a group; the present form stays as it is", () => {
  const pools = [{ url: "a:1", user: "u" }];
  expect(migrate({ pools, later: 1 }).value).toEqual({
    settings_version: 2,
    pool_groups: [{ quota: 1, pools }],
    later: 1,
  });
  const present = { settings_version: 2, pools };
  expect(migrate(present)).toEqual({ value: present, steps: [] });
  expect(migrate({ pool_groups: [], pools }).steps).toEqual([]);
});

test.each([
  [
    '[network.http]\ntls = "files"',
    's.toml line 2: network.http.tls is "files": needs tls_certificate_file and tls_key_file beside it',
  ],
  ['[network.http]\ntls = "files"\ntls_key_file = "/k"', 's.toml line 2: network.http.tls is "files": needs'],
  [
    '[network.http]\nlisten = "1.2.3.4.5"',
    's.toml line 2: network.http.listen is "1.2.3.4.5": must be an IPv4 or IPv6 address',
  ],
  ['[network.http]\nlisten = "beef"', 's.toml line 2: network.http.listen is "beef": must be an IPv4 or IPv6 address'],
  [
    "[network.cgminer]\nenabled = true\nport = 8080",
    "s.toml line 3: network.cgminer.port is 8080: must be another than network.http.port (8080)",
  ],
  [
    '[network.status]\nenabled = true\nport = 9100\nlisten = "192.0.2.1"\n[network.metrics]\nenabled = true\nlisten = "0.0.0.0"',
    "s.toml line 5: network.metrics.port is missing: must be another than network.status.port (9100)",
  ],
  [
    '[network.cgminer]\nallow = "B:0/0"',
    's.toml line 2: network.cgminer.allow is "B:0/0": cannot be taken: groups says nothing of group B',
  ],
  [
    '[network.cgminer]\nallow = "W:127.0.0.1,R:300.1.1.1"',
    'network.cgminer.allow is "W:127.0.0.1,R:300.1.1.1": cannot be taken: "R:300.1.1.1" is no address or range',
  ],
  ['[network.cgminer]\ngroups = "stats"', 'cannot be taken: "stats" of groups is no letter with commands'],
])("what would leave a board out of reach is refused with its line: %#", (text, sentence) => {
  const { settings, problems } = checkText(text, "s.toml");
  expect(settings).toBeNull();
  expect(problems.map((problem) => problem.sentence).join("; ")).toContain(sentence);
});

test.each([
  "[network.cgminer]\nport = 8080",
  '[network.cgminer]\nallow = "A:0/0,W:*"',
  '[network.cgminer]\nallow = "B:192.168/16, W:127.0.0.1"\ngroups = "B:version:*"',
  "[network.cgminer]\nenabled = true\nport = 0\n[network.status]\nenabled = true\nport = 0",
  '[network.cgminer]\nenabled = true\nport = 8080\nlisten = "192.0.2.1"\n[network.http]\nlisten = "192.0.2.2"',
  '[network.http]\nlisten = "::1"\ntls = "files"\ntls_certificate_file = "/c"\ntls_key_file = "/k"',
])("what is in nobody's way is taken: %#", (text) => {
  expect(checkText(text, "s.toml").problems).toEqual([]);
});
