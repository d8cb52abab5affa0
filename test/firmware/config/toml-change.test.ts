import fc from "fast-check";
import { expect, test } from "vitest";
import { changeToml } from "#firmware/config/toml-change.ts";
import { isSame, parseToml } from "#firmware/config/toml-text.ts";

const COMMENTED = `# head
settings_version = 2 # form

[[pool_groups]] # first
quota = 1
[[pool_groups.pools]]
url = "a:1" # mine
user = "me"

[network.http] # web
port = 8080

[cooling]
# cellar
target_c = 50 # measured
`;

const text = fc.constantFrom("a:1", "b:2", 'quote " \\ and é', "with # sign");
const pool = fc.record({ url: text, user: text, password: text }, { requiredKeys: ["url"] });
const group = fc.record(
  { quota: fc.integer({ min: 1, max: 9 }), pools: fc.array(pool, { minLength: 1, maxLength: 3 }) },
  { requiredKeys: ["pools"] },
);
const face = fc.record(
  { enabled: fc.boolean(), listen: text, port: fc.integer({ min: 0, max: 65535 }) },
  { requiredKeys: [] },
);
const settings = fc.record(
  {
    settings_version: fc.constant(2),
    pool_groups: fc.array(group, { minLength: 1, maxLength: 3 }),
    network: fc.record({ http: face, cgminer: face, stock: face }, { requiredKeys: [] }),
    cooling: fc.record(
      {
        target_c: fc.integer({ min: 30, max: 80 }),
        mode: fc.constantFrom("air", "hydro"),
        fan_min_pct: fc.double({ min: 0, max: 100, noNaN: true }),
      },
      { requiredKeys: [] },
    ),
    machine: fc.record(
      { chain_uarts: fc.array(text, { minLength: 1, maxLength: 3 }), accept_experimental: fc.boolean() },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
/** What is removed or added may be the first thing of a file. */
const beginning = fc.constantFrom(
  COMMENTED,
  "",
  '[[pool_groups]]\n[[pool_groups.pools]]\nurl = "a:1"\n',
  "[cooling]\ntarget_c = 50\n\n[network.http]\nport = 80",
  "network.http.port = 80\n",
);

test("any settings follow on any others, and the text reads back as them", () => {
  fc.assert(
    fc.property(beginning, fc.array(settings, { minLength: 1, maxLength: 4 }), (first, steps) => {
      let now: string = first;
      for (const step of steps) {
        now = changeToml(now, step);
        const parsed = parseToml(now);
        expect(parsed.kind === "parsed" && isSame(parsed.value, step)).toBe(true);
      }
    }),
    { numRuns: 250 },
  );
});

test("comments outlive a change of everything around them", () => {
  const after = changeToml(COMMENTED, {
    settings_version: 2,
    pool_groups: [
      { quota: 3, pools: [{ url: "c:1", user: "me" }, { url: "d:1" }] },
      { quota: 1, pools: [{ url: "e:1" }] },
    ],
    network: { http: { port: 80, listen: "0.0.0.0" }, cgminer: { enabled: true } },
    cooling: { target_c: 55 },
    mqtt: { enabled: true },
  });
  for (const comment of ["# head", "2 # form", "# first", '"c:1" # mine', "# web", "# cellar", "55 # measured"])
    expect(after).toContain(comment);
});
