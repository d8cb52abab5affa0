import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BAD_MAX, FACTORY_TEXT, SettingsStore } from "#firmware/config/settings-store.ts";
import { parseToml } from "#firmware/config/toml-text.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { KumpelError } from "#hal/errors.ts";

const GOOD = `# my miner
settings_version = 2

[[pool_groups]] # the family's pools
[[pool_groups.pools]]
url = "pool.test:3333"
user = "me.1"
password = "secret"

[cooling]
# the cellar is cold
target_c = 55 # measured
fan_max_pct = 80

[tuning]
frequency_mhz = 400
`;

async function storeWith(
  text: string | null,
  good: string | null = null,
): Promise<{ memory: MemoryStore; store: SettingsStore }> {
  const memory = new MemoryStore();
  if (good !== null) {
    memory.files.set("settings.toml", good);
    await new SettingsStore(memory).load();
    memory.files.delete("settings.toml");
  }
  if (text !== null) memory.files.set("settings.toml", text);
  return { memory, store: new SettingsStore(memory) };
}

test("a change keeps comments and order, and is there after the next start", async () => {
  const { memory, store } = await storeWith(GOOD);
  await store.load();
  await store.change({ cooling: { target_c: 50, fan_min_pct: 20 }, tuning: { frequency_mhz: null } });
  const text = memory.files.get("settings.toml") ?? "";
  expect(text).toBe(
    GOOD.replace("target_c = 55 #", "target_c = 50 #")
      .replace("fan_max_pct = 80\n", "fan_max_pct = 80\nfan_min_pct = 20\n")
      .replace("frequency_mhz = 400\n", ""),
  );
  const again = await new SettingsStore(memory).load();
  expect(again).toMatchObject({ source: "file", problems: [] });
  expect(again.settings.cooling).toMatchObject({ target_c: 50, fan_min_pct: 20, fan_max_pct: 80 });
  expect(again.settings.tuning.frequency_mhz).toBeUndefined();
});

test("what is refused changes nothing and says why", async () => {
  const { memory, store } = await storeWith(GOOD);
  await store.load();
  await expect(store.change({ cooling: { target_c: 900 } })).rejects.toMatchObject({
    code: "SETTINGS_INVALID",
    message: "cooling.target_c is 900: must be 30..80 C.",
  });
  await expect(store.change({ cooling: { tarhet_c: 50 } })).rejects.toMatchObject({
    message: "cooling.tarhet_c is no setting; kumpel config schema lists them.",
  });
  await expect(store.change({ cooling: { target_c: 60, hot_c: 61 } })).rejects.toMatchObject({
    message: "cooling.target_c is 60: must be at least 3 C below cooling.hot_c (61 C).",
  });
  expect(memory.files.get("settings.toml")).toBe(GOOD);
});

test("a secret that is sent back hidden stays as it was, and goes to no other pool", async () => {
  const { store } = await storeWith(GOOD);
  await store.load();
  const pool = { url: "pool.test:3333", user: "me.1", password: "(hidden)" };
  const { settings } = await store.change({ pool_groups: [{ pools: [{ ...pool, url: "b.test:1" }, pool] }] });
  expect(settings.pool_groups[0]?.pools.map(({ url, password }) => [url, password])).toEqual([
    ["b.test:1", "x"],
    ["pool.test:3333", "secret"],
  ]);
});

describe("what is hidden", () => {
  const TWO = `settings_version = 2
[[pool_groups]]
[[pool_groups.pools]]
url = "a:1"
user = "me"
[[pool_groups]]
[[pool_groups.pools]]
url = "b:2"
user = "me"
password = "bee"
proxy = "socks5://bee:hush@127.0.0.1:9050"
[[pool_groups.pools]]
url = "b:2"
user = "you"
password = "you"
`;
  const HIDDEN = "(hidden)";
  const bee = { url: "b:2", user: "me", password: HIDDEN, proxy: HIDDEN };
  const you = { url: "b:2", user: "you", password: HIDDEN };
  const changedTo = async (groups: object[]) => {
    const { store } = await storeWith(TWO);
    await store.load();
    const { settings } = await store.change({ pool_groups: groups });
    return settings.pool_groups.map(({ pools }) => pools.map(({ user, password, proxy }) => [user, password, proxy]));
  };
  const PROXY = "socks5://bee:hush@127.0.0.1:9050";

  test("stays with its pool when groups go, pools move and workers get other names", async () => {
    const kept = [
      ["me", "bee", PROXY],
      ["you", "you", undefined],
    ];
    expect(await changedTo([{ pools: [bee, you] }])).toEqual([kept]);
    expect(await changedTo([{ pools: [you] }, { pools: [bee] }])).toEqual([[kept[1]], [kept[0]]]);
    expect(await changedTo([{ pools: [{ ...bee, user: "new" }, you] }])).toEqual([[["new", "bee", PROXY], kept[1]]]);
  });

  test("and belongs to no pool that there was is refused by its key, before a proxy is left out in silence", async () => {
    await expect(changedTo([{ pools: [{ ...bee, url: "c:3" }] }])).rejects.toThrow(
      "pool_groups[0].pools[0].proxy is hidden, and there is none that it could stand for: give it anew, or leave it out.",
    );
    expect(await changedTo([{ pools: [{ ...you, url: "c:3" }] }])).toEqual([[["you", "x", undefined]]]);
  });
});

describe("broken files", () => {
  test.each([
    ["empty", "", "settings.toml is empty"],
    [
      "text for a number",
      GOOD.replace("400", '"400"'),
      'settings.toml line 16: tuning.frequency_mhz is "400": must be 50..1000 MHz',
    ],
    ["out of range", GOOD.replace("= 55", "= 900"), "settings.toml line 12: cooling.target_c is 900: must be 30..80 C"],
    ["no TOML", `${GOOD}x y\n`, "settings.toml line 17 is no valid TOML (Expected equal (=) token)"],
    [
      "missing",
      GOOD.replace('user = "me.1"\n', ""),
      "settings.toml line 5: pool_groups[0].pools[0].user is missing: must be a text of 1 to 256 signs",
    ],
    [
      "a later form",
      GOOD.replace("version = 2", "version = 9"),
      "settings.toml line 2: settings_version is 9: must be a whole number in 1..2",
    ],
    [
      "cut between lines",
      GOOD.slice(0, GOOD.indexOf("[tuning]")),
      "settings.toml line 13 ends where the last good settings go on: it looks cut off; add a comment line at its end if that is meant",
    ],
  ])("%s: the last good settings stay in force and the file is kept aside", async (_name, text, sentence) => {
    const { memory, store } = await storeWith(text, GOOD);
    const { source, settings, problems } = await store.load();
    expect(problems.map((problem) => problem.sentence)).toEqual([sentence]);
    expect(source).toBe("lastGood");
    expect(settings.tuning.frequency_mhz).toBe(400);
    expect(memory.files.get("settings.toml.bad-1")).toBe(text);
    expect(memory.files.get("settings.toml")).toBe(text);
    await new SettingsStore(memory).load();
    expect(memory.files.has("settings.toml.bad-2")).toBe(false);
  });

  test("a password is never part of a sentence", async () => {
    const { store } = await storeWith(GOOD.replace('"secret"', "12345"), GOOD);
    const { problems } = await store.load();
    expect(problems[0]?.sentence).toBe(
      "settings.toml line 8: pool_groups[0].pools[0].password (not shown): must be a text of 1 to 256 signs",
    );
  });

  test("without a good copy nothing may be switched on", async () => {
    const { store } = await storeWith("machine = 3\n");
    expect(await store.load()).toMatchObject({ source: "idle" });
  });

  test("a file that went is told, too, and the last good settings count", async () => {
    const { store } = await storeWith(null, GOOD);
    expect(await store.load()).toMatchObject({ source: "lastGood", problems: [{ sentence: "settings.toml is gone" }] });
  });

  test("a disk that does not answer is a problem like any other", async () => {
    const { memory, store } = await storeWith(GOOD, GOOD);
    memory.isUnreadable = true;
    expect(await store.load()).toMatchObject({ source: "idle" });
  });

  test("only the newest of them are kept", async () => {
    const { memory } = await storeWith(null, GOOD);
    for (let i = 1; i <= BAD_MAX + 3; i++) {
      memory.files.set("settings.toml", `broken ${i}`);
      await new SettingsStore(memory).load();
    }
    const kept = [...memory.files.keys()].filter((name) => name.includes(".bad-"));
    expect(kept.sort()).toEqual([4, 5, 6, 7, 8].map((n) => `settings.toml.bad-${n}`));
  });

  test("the next change writes a whole file over it", async () => {
    const { memory, store } = await storeWith("broken", GOOD);
    await store.load();
    await store.change({ tuning: { frequency_mhz: 410 } });
    expect(memory.files.get("settings.toml")).toBe(GOOD.replace("400", "410"));
    expect(await new SettingsStore(memory).load()).toMatchObject({ source: "file", problems: [] });
  });
});

test("unknown keys are told with their line, kept, and do not hold up the rest", async () => {
  const text = `${GOOD}mode = "future"\npower_target = 500\n`;
  const { memory, store } = await storeWith(text, GOOD);
  const { source, settings, problems } = await store.load();
  expect(source).toBe("file");
  expect(settings.tuning.frequency_mhz).toBe(400);
  expect(problems.map(({ sentence }) => sentence)).toEqual([
    "settings.toml line 17: tuning.mode is not known; it is kept and has no effect",
    "settings.toml line 18: tuning.power_target is not known; it is kept and has no effect",
  ]);
  await store.change({ tuning: { frequency_mhz: 410 } });
  expect(memory.files.get("settings.toml")).toBe(text.replace("400", "410"));
});

test("an older form is brought up to date, comments and all, and kept as it was", async () => {
  const old = '# mine\n[[pools]]\nurl = "pool.test:3333"\nuser = "me"\n\n[tuning]\nfrequency_mhz = 400 # cool\n';
  const { memory, store } = await storeWith(old);
  const { source, settings, notes } = await store.load();
  expect(source).toBe("file");
  expect(notes).toEqual(["form 1 to 2: the one list of pools became the first of the pool groups"]);
  expect(settings.pool_groups).toMatchObject([{ quota: 1, pools: [{ url: "pool.test:3333", user: "me" }] }]);
  expect(memory.files.get("settings.toml.form-1")).toBe(old);
  expect(memory.files.get("settings.toml")).toContain("frequency_mhz = 400 # cool");
  const again = await new SettingsStore(memory).load();
  expect(again).toMatchObject({ source: "file", problems: [], notes: [] });
  expect(again.settings).toEqual(settings);
});

test("an older form that begins with what is moved away is brought up to date, too", async () => {
  const { memory, store } = await storeWith('[[pools]]\nurl = "pool.test:3333"\nuser = "me"\n');
  const { notes } = await store.load();
  expect(notes).toEqual(["form 1 to 2: the one list of pools became the first of the pool groups"]);
  expect(memory.files.get("settings.toml")).toMatch(/^settings_version = 2\n/);
  expect(await new SettingsStore(memory).load()).toMatchObject({ source: "file", problems: [], notes: [] });
});

test("what is moved to its place in a later form keeps every value, also those that nobody knows", async () => {
  const unknown = [
    "later = { a = nan, b = -inf, c = inf, d = -0.0 }",
    'lines = ["\\u007f\\u0000", "é\\n"]',
    "odd = [[1, 2.5], [true]]",
    '"a.b" = { "" = 1 }',
  ].join("\n");
  const { memory, store } = await storeWith(`[[pools]]\nurl = "a:1"\nuser = "me"\n${unknown}\n`);
  expect((await store.load()).notes).toEqual([expect.stringContaining("form 1 to 2")]);
  const [moved, alone] = [parseToml(memory.files.get("settings.toml") ?? ""), parseToml(unknown)];
  if (moved.kind === "broken" || alone.kind === "broken") throw new Error("no TOML");
  expect(Object.keys(alone.value)).toHaveLength(4);
  expect(moved.value).toMatchObject({ pool_groups: [{ pools: [alone.value] }] });
});

test("an older form whose move would damage it counts as it is, and stays untouched", async () => {
  const old = '[[pools]]\nurl = "a:1"\nuser = "me"\nsince = 2026-01-02 # first day\n';
  const { memory, store } = await storeWith(old);
  const { source, settings, notes } = await store.load();
  expect([source, settings.pool_groups[0]?.pools[0]?.url]).toEqual(["file", "a:1"]);
  expect(notes.join()).toContain("a date or time in it would have to be written anew");
  expect(memory.files.get("settings.toml")).toBe(old);
  expect(memory.files.get("settings.toml.good")).toBe(old);
  memory.files.set("settings.toml", "=");
  expect(await new SettingsStore(memory).load()).toMatchObject({ source: "lastGood", settings });
});

test("a factory reset and a restored backup replace the whole file", async () => {
  const { memory, store } = await storeWith(GOOD);
  await store.load();
  await store.reset();
  expect(memory.files.get("settings.toml")).toBe(FACTORY_TEXT);
  expect(await new SettingsStore(memory).load()).toMatchObject({ source: "file", problems: [] });
  await expect(store.restore("x")).rejects.toBeInstanceOf(KumpelError);
  await store.restore(GOOD);
  expect(memory.files.get("settings.toml")).toBe(GOOD);
});

describe("power cuts", () => {
  const CUTS = 500;
  const changes = [
    { tuning: { frequency_mhz: null } },
    { cooling: { fan_min_pct: 20, fan_max_pct: 90 } },
    { logging: { level: "debug" } },
    { cooling: { target_c: null }, tuning: { frequency_mhz: null, work_voltage_mv: 13_000 } },
  ];

  /** Cuts a change at a step; what the next start finds. */
  async function cutDuring(change: object, step: number, isCareless: boolean) {
    const { memory, store } = await storeWith(GOOD);
    memory.isCareless = isCareless;
    const before = (await store.load()).settings;
    memory.cutAtStep = step;
    const ended = store.change({ ...change }).then(() => true);
    const isAcknowledged = await Promise.race([ended, new Promise<false>((resolve) => setImmediate(resolve, false))]);
    memory.powerOn();
    const next = await new SettingsStore(memory).load();
    return { before, next, isAcknowledged };
  }

  test(`${CUTS} of them: the old or the new settings, whole and believed, the new ones once they were confirmed`, async () => {
    let [old, fresh] = [0, 0];
    const wanted = await Promise.all(
      changes.map(async (change) => {
        const { store } = await storeWith(GOOD);
        await store.load();
        return (await store.change({ ...change })).settings;
      }),
    );
    for (let cut = 0; cut < CUTS; cut++) {
      const change = changes[cut % changes.length] ?? {};
      const after = wanted[cut % changes.length];
      const { before, next, isAcknowledged } = await cutDuring(change, Math.floor(cut / changes.length) % 16, false);
      expect(next).toMatchObject({ source: "file", problems: [] });
      const isNew = JSON.stringify(next.settings) === JSON.stringify(after);
      expect(isNew ? after : before).toEqual(next.settings);
      if (isAcknowledged) expect(isNew).toBe(true);
      isNew ? fresh++ : old++;
    }
    expect(Math.min(old, fresh)).toBeGreaterThan(50);
  });

  test("where files are written in place the same cuts show", async () => {
    const sources = await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((step) => cutDuring(changes[1] ?? {}, step, true)));
    expect(sources.some(({ next }) => next.source !== "file" || next.problems.length > 0)).toBe(true);
  });
});

test("whatever stands in the file, loading gives settings or sentences", async () => {
  const pieces = fc.constantFrom(
    ...GOOD.split(/(?<=\s)/),
    "[",
    "]",
    "=",
    '"""',
    "{",
    "}",
    "1e999",
    "\u0000",
    "[[a.b]]\n",
    "cooling.mode = 1\n",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 60 }), async (parts) => {
      const { store } = await storeWith(parts.join(""));
      const { source, problems } = await store.load();
      expect(source === "file" || problems.length > 0).toBe(true);
    }),
    { numRuns: 300 },
  );
});
