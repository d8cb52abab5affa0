import { expect, test } from "vitest";
import { AUDIT_FILE, AUDIT_MAX, AuditLog } from "#firmware/api/audit-log.ts";
import { allows, type CommandKind, commandSchema, SCOPE_OF } from "#firmware/api/commands.ts";
import type { MachineControls } from "#firmware/api/machine-controls.ts";
import { DEFAULT_SETTINGS, type Settings } from "#firmware/config/schema.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { log, ORIGIN, runnerWith } from "./runner-bench.ts";

test("every command has a scope, and more scope allows what less does", () => {
  const kinds = commandSchema.options.map((option) => option.shape.kind.value);
  expect(Object.keys(SCOPE_OF).sort()).toEqual([...kinds].sort());
  expect(allows("admin", "control")).toBe(true);
  expect(allows("read", "control")).toBe(false);
});

test("who may too little is refused, written down, and nothing happens", async () => {
  const { runner, store, audit } = await runnerWith("settings_version = 2\n");
  const before = store.files.get("settings.toml");
  const command = { kind: "setSettings", patch: { cooling: { target_c: 50 } } };
  expect(await runner.execute(command, ORIGIN, "control")).toEqual({
    ok: false,
    message: "setSettings takes scope admin; this one has control.",
  });
  expect(store.files.get("settings.toml")).toBe(before);
  expect(audit.entries).toMatchObject([{ actor: "phone (own API)", command: "setSettings", ok: false }]);
});

test("where nothing is switched on an order to the machine is refused with the reason for that", async () => {
  const { runner } = await runnerWith(null);
  const answer = await runner.execute({ kind: "startTrace" }, ORIGIN, "admin");
  expect(answer).toEqual({ ok: false, message: "Nothing is switched on: no pool is set" });
});

test("what is not understood is refused without repeating it", async () => {
  const { runner } = await runnerWith(null);
  for (const command of [
    null,
    {},
    { kind: "explode" },
    { kind: "pause", extra: 1 },
    { kind: "restartChain", chainIndex: -1 },
  ]) {
    expect(await runner.execute(command, ORIGIN, "admin")).toMatchObject({ ok: false });
  }
  const { message } = await runner.execute({ kind: "createToken", name: "x;secret", scope: "read" }, ORIGIN, "admin");
  expect(message).not.toContain("secret");
});

test("a change says from when on it counts, and that the command line overrides it", async () => {
  const applied: Settings[] = [];
  const machine = {
    apply: (settings: Settings) => applied.push(settings),
    refusalOf: () => null,
  } as unknown as MachineControls;
  const { runner, settings } = await runnerWith("settings_version = 2\n", machine);
  const patch = { tuning: { frequency_mhz: 400 }, cooling: { fan_max_pct: 80 } };
  expect(await runner.execute({ kind: "setSettings", patch }, ORIGIN, "admin")).toEqual({
    ok: true,
    message:
      "Settings written, in force after a restart: tuning.frequency_mhz. The command line overrides tuning.frequency_mhz in this run.",
    effect: "afterRestart",
    changedKeys: ["tuning.frequency_mhz", "cooling.fan_max_pct"],
  });
  expect(runner.pendingRestart).toEqual(["tuning.frequency_mhz"]);
  expect(settings.loaded.settings.cooling.fan_max_pct).toBe(80);
  expect(applied).toMatchObject([{ cooling: { fan_max_pct: 80 } }]);
  expect(await runner.execute({ kind: "setSettings", patch }, ORIGIN, "admin")).toMatchObject({ changedKeys: [] });
});

test("what this machine's limits forbid is not even written; a change of the machine itself is judged at its start", async () => {
  const asked: Settings[] = [];
  const machine = {
    apply: () => undefined,
    refusalOf: (settings: Settings) => {
      asked.push(settings);
      return "A clock of 1000 MHz is outside of 50 to 700 MHz.";
    },
  } as unknown as MachineControls;
  const { runner, settings } = await runnerWith("settings_version = 2\n", machine);
  const order = (patch: object) => runner.execute({ kind: "setSettings", patch }, ORIGIN, "admin");
  for (const command of [
    { kind: "setFrequency", frequencyMhz: 1_000 },
    { kind: "setSettings", patch: { tuning: { frequency_mhz: 1_000 }, cooling: { fan_max_pct: 80 } } },
    { kind: "setSettings", patch: { tuning: { work_voltage_mv: 20_000 } } },
    { kind: "setSettings", patch: { cooling: { board_limit_c: 100 } } },
  ])
    expect(await runner.execute(command, ORIGIN, "admin")).toMatchObject({
      ok: false,
      message: "A clock of 1000 MHz is outside of 50 to 700 MHz.",
    });
  expect(settings.loaded.settings).toEqual(DEFAULT_SETTINGS);
  expect(asked).toHaveLength(4);
  expect(await order({ cooling: { fan_max_pct: 80 } })).toMatchObject({ ok: true });
  expect(await order({ machine: { name: "t21" }, tuning: { frequency_mhz: 1_000 } })).toMatchObject({ ok: true });
  expect(asked).toHaveLength(4);
});

test("pools of the first group change, what else was said of them and the other groups stay", async () => {
  const { runner, store } = await runnerWith(`[[pool_groups]]
quota = 3
[[pool_groups.pools]]
url = "a.test:1" # home
user = "me"
password = "p"
version_bits = "xor"
[[pool_groups]]
[[pool_groups.pools]]
url = "b.test:1"
user = "me"
`);
  const pools = [
    { url: "a.test:1", user: "me", password: "" },
    { url: "c.test:1", user: "you", password: "q" },
  ];
  expect(await runner.bus({ kind: "setPools", pools }, ORIGIN)).toMatchObject({ ok: true, effect: "afterRestart" });
  const text = store.files.get("settings.toml") ?? "";
  expect(text).toContain('url = "a.test:1" # home\nuser = "me"\npassword = "p"\nversion_bits = "xor"\n');
  expect(text).toContain('url = "c.test:1"\nuser = "you"\npassword = "q"\n');
  expect(text).toContain('url = "b.test:1"');
});

test("a typing error within a list is refused, not kept", async () => {
  const { runner, settings } = await runnerWith("settings_version = 2\n");
  const poolGroups = [{ pools: [{ url: "a:1", user: "me", pasword: "geheim" }] }];
  for (const command of [
    { kind: "setPoolGroups", poolGroups },
    { kind: "setSettings", patch: { pool_groups: poolGroups } },
  ]) {
    const answer = await runner.execute(command, ORIGIN, "admin");
    expect(answer).toMatchObject({ ok: false, message: expect.stringContaining("pools[0].pasword is no setting") });
  }
  expect(settings.loaded.settings.pool_groups).toEqual([]);
});

const OWNERS_POOLS = `[[pool_groups]]
[[pool_groups.pools]]
url = "a.test:1/#xnsub"
user = "me"
password = "secret word"
[[pool_groups.pools]]
url = "stratum+tls://b.test:2"
user = "me"
tls_trust = "pinned"
tls_pin_sha256 = "${"ab".repeat(32)}"
`;

test("an address in other words is the same pool: passwords, pins and the owner's text stay", async () => {
  const { runner, settings } = await runnerWith(OWNERS_POOLS);
  const [a, b] = settings.loaded.settings.pool_groups[0]?.pools ?? [];
  const pools = [
    { url: "stratum+ssl://b.test:2", user: "me", password: "" },
    { url: "stratum+tcp://a.test:1", user: "me", password: "" },
    { url: "stratum+tcp://a.test:1", user: "you", password: "" },
    { url: "stratum+tcp://b.test:2", user: "me", password: "" },
  ];
  expect(await runner.bus({ kind: "setPools", pools }, ORIGIN)).toMatchObject({ ok: true });
  const [first, second, other, plain] = settings.loaded.settings.pool_groups[0]?.pools ?? [];
  expect([first, second]).toEqual([b, a]);
  expect(other).toMatchObject({ url: "stratum+tcp://a.test:1", password: "x" });
  // Without TLS it is another one: what belongs to the encrypted one does not go there.
  expect(plain).toMatchObject({ url: "stratum+tcp://b.test:2", tls_trust: "authorities" });
});

test("another user at an address that is there reaches it in the same way, with a password of his own", async () => {
  const { runner, settings } = await runnerWith(OWNERS_POOLS.replaceAll("tls_trust =", 'password = "p"\ntls_trust ='));
  const pools = [{ url: "stratum+ssl://b.test:2", user: "me.7", password: "" }];
  expect(await runner.bus({ kind: "setPools", pools }, ORIGIN)).toMatchObject({ ok: true });
  expect(settings.loaded.settings.pool_groups[0]?.pools).toMatchObject([
    {
      url: "stratum+ssl://b.test:2",
      user: "me.7",
      password: "x",
      tls_trust: "pinned",
      tls_pin_sha256: "ab".repeat(32),
    },
  ]);
});

test("an address that is to be written letter by letter, or that no snapshot shows so, is; the rest stays", async () => {
  const { runner, settings } = await runnerWith(OWNERS_POOLS);
  const written = () => settings.loaded.settings.pool_groups[0]?.pools.map(({ url, password }) => [url, password]);
  const order = (url: string, more: object = {}) =>
    runner.execute({ kind: "setPools", pools: [{ url, user: "me", password: "" }], ...more }, ORIGIN, "admin");
  for (const [url, more] of [
    ["stratum+tcp://a.test:1", { areUrlsExact: true }],
    ["stratum+tcp://a.test:1#xnsub", {}],
    ["tcp://a.test:1/", {}],
  ] as const) {
    expect(await order(url, more)).toMatchObject({ ok: true, effect: "afterRestart" });
    expect(written()).toEqual([[url, "secret word"]]);
  }
  expect(await order("a:s3cret@a.test:1")).toMatchObject({ ok: false, message: expect.not.stringContaining("s3cret") });
});

test("a pool that is tried in other words has the password of the settings", async () => {
  const { runner, tested } = await runnerWith(OWNERS_POOLS);
  const pool = { url: "stratum+tcp://a.test:1", user: "me", password: "(hidden)" };
  expect(await runner.execute({ kind: "testPool", pool }, ORIGIN, "admin")).toMatchObject({ ok: true });
  expect(tested).toMatchObject([{ url: "stratum+tcp://a.test:1", password: "secret word" }]);
});

test("a restart may be ordered for later", async () => {
  const { runner, restarts, delaysMs } = await runnerWith(null);
  const order = (more: object) => runner.execute({ kind: "restart", ...more }, ORIGIN, "control");
  expect(await order({ delayS: 5 })).toMatchObject({ message: expect.stringMatching(/^Restarting in 5 s: /) });
  expect(await order({})).toMatchObject({ message: expect.stringMatching(/^Restarting: /) });
  expect(await order({ delayS: 3600 })).toMatchObject({ ok: false });
  expect(restarts).toHaveLength(2);
  expect(delaysMs).toEqual([5_000, 0]);
});

test("restart and factory reset end the run; in safe idle the machine's own commands are refused", async () => {
  const { runner, restarts, settings, store } = await runnerWith("cooling = 1\n");
  store.files.set("tuning.json", "an overclock");
  expect(settings.loaded.source).toBe("idle");
  const kinds: CommandKind[] = ["pause", "resume", "acknowledgeShutdown"];
  for (const kind of kinds) expect(await runner.execute({ kind }, ORIGIN, "admin")).toMatchObject({ ok: false });
  expect(await runner.execute({ kind: "factoryReset" }, ORIGIN, "admin")).toMatchObject({ ok: false });
  const reset = { kind: "factoryReset", confirm: "factory reset" };
  expect(await runner.execute(reset, ORIGIN, "admin")).toMatchObject({ ok: true });
  expect(settings.loaded.source).toBe("file");
  expect(store.files.has("tuning.json")).toBe(false);
  expect(await runner.execute({ kind: "restart" }, ORIGIN, "control")).toMatchObject({ ok: true });
  expect(restarts).toHaveLength(2);
});

test("the audit log is bounded, outlives a restart, and a damaged one is set aside", async () => {
  const [clock, store] = [new VirtualClock(), new MemoryStore()];
  const audit = new AuditLog({ log, clock, store });
  for (let i = 0; i < AUDIT_MAX + 20; i++) audit.note({ actor: "a", command: "pause", ok: true, message: `${i}` });
  await audit.settled();
  const next = new AuditLog({ log, clock, store });
  await next.open();
  expect(next.entries).toHaveLength(AUDIT_MAX);
  expect(next.entries.at(-1)?.message).toBe(`${AUDIT_MAX + 19}`);
  store.files.set(AUDIT_FILE, "[{]");
  const damaged = new AuditLog({ log, clock, store });
  await damaged.open();
  expect(damaged.entries).toEqual([]);
  expect(store.files.get("audit.json.unreadable")).toBe("[{]");
});

test("in the safe idle the run begins by itself as soon as there is the pool that was missing", async () => {
  const { runner, restarts } = await runnerWith(null);
  const name = { kind: "setSettings", patch: { network: { mdns: { hostname: "miner-7" } } } };
  expect(await runner.execute(name, ORIGIN, "admin")).toMatchObject({ ok: true, effect: "afterRestart" });
  expect(restarts).toEqual([]);
  const poolGroups = [{ pools: [{ url: "stratum+tcp://pool.test:3333", user: "alice" }] }];
  expect(await runner.execute({ kind: "setPoolGroups", poolGroups }, ORIGIN, "admin")).toMatchObject({
    ok: true,
    effect: "now",
    message: "Settings written; the miner starts with them now.",
  });
  expect(restarts).toHaveLength(1);
  expect(runner.pendingRestart).toEqual([]);
});

test("a pool is tried as the settings would have it: checked, with defaults, and hidden words as they are there", async () => {
  const { runner, tested } = await runnerWith(
    'settings_version = 2\n[[pool_groups]]\n[[pool_groups.pools]]\nurl = "stratum+tcp://pool.test:3333"\nuser = "alice"\npassword = "secret word"\n',
  );
  const url = "stratum+tcp://pool.test:3333";
  const ask = (pool: Record<string, unknown>, scope: "admin" | "control" = "admin") =>
    runner.execute({ kind: "testPool", pool }, ORIGIN, scope);
  expect(await ask({ url, user: "alice", password: "(hidden)" })).toMatchObject({ ok: true });
  expect(await ask({ url, user: "bob", password: "(hidden)" })).toMatchObject({ ok: true });
  expect(tested).toMatchObject([
    { url, user: "alice", password: "secret word" },
    { url, user: "bob", password: "x" },
  ]);
  expect(await ask({ url, user: "alice" }, "control")).toMatchObject({ ok: false });
  const refusal = await ask({ url: "http://pool.test", user: "alice" });
  expect(refusal).toMatchObject({ ok: false, message: expect.stringContaining("pool_groups[0].pools[0].url") });
  expect(tested).toHaveLength(2);
});
