/** Orders of the faces all the way into the settings file: face, command, file, and back to the face as facts. */
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { AccessKeeper } from "#firmware/api/access-keeper.ts";
import { AuditLog } from "#firmware/api/audit-log.ts";
import { parseAccess } from "#firmware/api/cgminer/access.ts";
import { type AnswerParts, answer } from "#firmware/api/cgminer/answer.ts";
import { CommandRunner } from "#firmware/api/command-runner.ts";
import type { Command } from "#firmware/api/commands.ts";
import { commandOf } from "#firmware/api/faces.ts";
import type { MachineControls } from "#firmware/api/machine-controls.ts";
import type { FaceOrder, OrderAnswer } from "#firmware/api/machine-facts.ts";
import { settingsFacts } from "#firmware/api/settings-facts.ts";
import { NO_UPDATES } from "#firmware/api/update-orders.ts";
import { withoutSecrets } from "#firmware/config/patch.ts";
import { SettingsStore } from "#firmware/config/settings-store.ts";
import { createLog } from "#firmware/log.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { Mutex } from "#hal/mutex.ts";
import { faceBench, type Json, KNOWN_FACTS, machine, poolAt } from "./cgminer/face-fixture.ts";
import { webBench } from "./stock/web-bench.ts";

const SETTINGS = `settings_version = 2
[[pool_groups]]
[[pool_groups.pools]]
url = "a.test:1/#xnsub"
user = "me"
password = "secret word"
[[pool_groups.pools]]
url = "stratum+ssl://b.test:1"
user = "me"
tls_trust = "unchecked"
`;
const A = { url: "stratum+tcp://a.test:1", urlAsWritten: "a.test:1/#xnsub", user: "me" };
const B = { url: "stratum+ssl://b.test:1", urlAsWritten: "stratum+ssl://b.test:1", user: "me" };

/** Two faces of a machine that mines for the first pool, over one settings file. */
async function twoFaces() {
  const snapshot = machine({ pools: [poolAt(0, A), poolAt(1, B)] });
  const bench = faceBench(snapshot);
  const [log, store] = [createLog("silent"), new MemoryStore()];
  store.files.set("settings.toml", SETTINGS);
  const settings = new SettingsStore(store);
  await settings.load();
  const delaysMs: (number | undefined)[] = [];
  const runner = new CommandRunner({
    log,
    store,
    settings,
    access: new AccessKeeper({ clock: bench.clock, store, randomBytes }),
    audit: new AuditLog({ log, clock: bench.clock, store }),
    machine: { apply: () => undefined, refusalOf: () => null } as unknown as MachineControls,
    idleReason: null,
    restart: (_reason, delayMs) => delaysMs.push(delayMs),
    onChanged: () => undefined,
    overriddenKeys: [],
    testAlert: () => Promise.resolve({ ok: false, message: "" }),
    update: NO_UPDATES,
    testPool: () => Promise.resolve({ ok: false, message: "" }),
    wakes: () => false,
  });
  const commands: Command[] = [];
  const parts = {
    ...bench,
    access: parseAccess("W:*"),
    orderTurns: new Mutex(),
    facts: () => {
      const shown = withoutSecrets(settings.loaded.settings);
      return { ...KNOWN_FACTS, ...settingsFacts({ settings: shown, overriddenKeys: [] }) };
    },
    order: async (order: FaceOrder, who: string): Promise<OrderAnswer> => {
      commands.push(commandOf(order));
      const taken = await runner.bus(commandOf(order), { face: "test", who });
      return { ok: taken.ok, message: taken.message, effectiveAt: taken.ok ? taken.effect : null };
    },
  } satisfies AnswerParts;
  const say = async (command: string, parameter: string | number = "") =>
    JSON.parse((await answer(parts, "127.0.0.1", JSON.stringify({ command, parameter }))) ?? "") as Json;
  const pools = () => settings.loaded.settings.pool_groups[0]?.pools ?? [];
  return { say, web: webBench(parts), settings, pools, commands, delaysMs };
}

test("pool commands build on one another, also at once, keep what the owner said, and end in restarts that merge", async () => {
  const { say, pools, delaysMs } = await twoFaces();
  const added = await Promise.all([say("addpool", "d.test:1,me,p"), say("addpool", "e.test:1,me,p")]);
  expect(added.map(({ STATUS }) => STATUS[0].Msg)).toEqual(["Added pool 2: 'd.test:1'", "Added pool 3: 'e.test:1'"]);
  expect((await say("switchpool", 3))["STATUS"][0].Msg).toBe("Switching to pool 3:'e.test:1'");
  expect(pools()).toMatchObject([
    { url: "e.test:1", password: "p" },
    { url: "a.test:1/#xnsub", password: "secret word" },
    { url: "stratum+ssl://b.test:1", tls_trust: "unchecked" },
    { url: "d.test:1" },
  ]);
  expect((await say("pools"))["POOLS"].map((row: Json) => [row["POOL"], row["URL"], row["Accepted"]])).toEqual([
    [0, "e.test:1", 0],
    [1, "a.test:1/#xnsub", 8],
    [2, "stratum+ssl://b.test:1", 9],
    [3, "d.test:1", 0],
  ]);
  expect(delaysMs).toEqual([5_000, 5_000, 5_000]);
  // The same again is nothing new, and no reason to stop hashing.
  expect((await say("switchpool", 0))["STATUS"][0].STATUS).toBe("S");
  expect(delaysMs).toHaveLength(3);
});

test("what one face set the other shows and builds on, letter by letter", async () => {
  const { say, web, pools, delaysMs } = await twoFaces();
  const conf = await web.json("get_miner_conf");
  expect(conf["pools"].map(({ url }: Json) => url as string)).toEqual([
    "a.test:1/#xnsub",
    "stratum+ssl://b.test:1",
    "",
  ]);
  // Another spelling of the pool that is there, as a manager has it in its own list.
  const wish = [
    { url: "stratum+tcp://a.test:1", user: "me", pass: "x" },
    { url: "F.test:1/", user: "Me ", pass: "q" },
  ];
  expect(await web.json("set_miner_conf", { ...conf, pools: wish })).toMatchObject({ code: "M000" });
  expect((await web.json("get_miner_conf"))["pools"].slice(0, 2)).toEqual(wish.map((pool) => ({ ...pool, pass: "x" })));
  expect(pools()).toMatchObject([{ url: "stratum+tcp://a.test:1", password: "secret word" }, { password: "q" }]);
  expect((await say("addpool", "g.test:1,me,"))["STATUS"][0].Msg).toBe("Added pool 2: 'g.test:1'");
  expect(pools().map(({ url }) => url)).toEqual(["stratum+tcp://a.test:1", "F.test:1/", "g.test:1"]);
  // The one that ends with the restart still shows what it did.
  const rows = (await say("pools"))["POOLS"] as Json[];
  expect(rows.map((row) => row["URL"] as string).slice(2)).toEqual(["g.test:1", "stratum+ssl://b.test:1"]);
  expect((await say("removepool", 3))["STATUS"][0]).toMatchObject({ STATUS: "E", Code: 200 });
  expect(delaysMs).toEqual([5_000, 5_000]);
});

test("the clock set over the stock face is written, shown, and goes back to the machine's own", async () => {
  const { web, settings, commands, delaysMs } = await twoFaces();
  expect(await web.json("set_miner_conf", { "bitmain-freq": "500" })).toMatchObject({ code: "M000" });
  expect((await web.json("get_miner_conf"))["bitmain-freq"]).toBe("500");
  expect(settings.loaded.settings.tuning.frequency_mhz).toBe(500);
  expect(await web.json("set_miner_conf", { "bitmain-freq": "467" })).toMatchObject({ code: "M000" });
  expect(settings.loaded.settings.tuning.frequency_mhz).toBeUndefined();
  expect((await web.json("get_miner_conf"))["bitmain-freq"]).toBe("467");
  expect(commands.map(({ kind }) => kind)).toEqual(["setFrequency", "restart", "setFrequency", "restart"]);
  expect(delaysMs).toEqual([5_000, 5_000]);
});
