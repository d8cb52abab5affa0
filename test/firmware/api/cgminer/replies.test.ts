/** The socket API as its clients know it: sections, fields, types, codes. Written from public notes, not from our tables. */

import { expect, test } from "vitest";
import { parseAccess } from "#firmware/api/cgminer/access.ts";
import { answer } from "#firmware/api/cgminer/answer.ts";
import { compileTime, UNKNOWN_FACTS } from "#firmware/api/machine-facts.ts";
import { chainAt, type FaceBench, faceBench, type Json, machine, poolAt, WALL_START_MS } from "./face-fixture.ts";

const ALLOW = "W:127.0.0.1,A:10.0.0.0/8,R:192.0.2.0/24";
const GROUPS = "A:stats:pools:devs:summary:version";

async function text(request: string, bench: FaceBench = faceBench(), from = "127.0.0.1"): Promise<string> {
  return (await answer({ ...bench, access: parseAccess(ALLOW, GROUPS) }, from, request)) ?? "(nothing)";
}

async function json(request: unknown, bench?: FaceBench, from?: string): Promise<Json> {
  return JSON.parse(await text(JSON.stringify(request), bench, from)) as Json;
}

async function status(request: string | object, bench?: FaceBench, from?: string): Promise<[string, number]> {
  const reply = typeof request === "string" ? await text(request, bench, from) : await json(request, bench, from);
  if (typeof reply === "string" && !reply.startsWith("{")) {
    const found = /^STATUS=(\w),When=\d+,Code=(\d+),/.exec(reply);
    return [found?.[1] ?? reply, Number(found?.[2])];
  }
  const { STATUS } = (typeof reply === "string" ? JSON.parse(reply) : reply) as Json;
  return [STATUS[0].STATUS, STATUS[0].Code];
}

/** n number, t text, b truth value. */
const CONTRACT: readonly (readonly [command: string, section: string, code: number, fields: Record<string, string>])[] =
  [
    ["version", "VERSION", 22, { n: "", t: "BMMiner API Miner CompileTime Type", b: "" }],
    [
      "summary",
      "SUMMARY",
      11,
      {
        n: "Elapsed GHS·5s GHS·av GHS·30m Found·Blocks Getworks Accepted Rejected Hardware·Errors Utility Discarded Stale Get·Failures Local·Work Remote·Failures Network·Blocks Total·MH Work·Utility Difficulty·Accepted Difficulty·Rejected Difficulty·Stale Best·Share Device·Hardware% Device·Rejected% Pool·Rejected% Pool·Stale% Last·getwork",
        t: "",
        b: "",
      },
    ],
    [
      "pools",
      "POOLS",
      7,
      {
        n: "POOL Priority Quota Getworks Accepted Rejected Discarded Stale Get·Failures Remote·Failures Diff1·Shares Difficulty·Accepted Difficulty·Rejected Difficulty·Stale Last·Share·Difficulty Best·Share Pool·Rejected% Pool·Stale% Pool·Rejected%% Pool·Stale%%",
        t: "URL Status Long·Poll User Last·Share·Time Diff Proxy·Type Proxy Stratum·URL",
        b: "Has·Stratum Stratum·Active Has·GBT",
      },
    ],
    [
      "devs",
      "DEVS",
      9,
      {
        n: "ASC ID Temperature Tenperature MHS·av MHS·5s Accepted Rejected Hardware·Errors Utility Last·Share·Pool Last·Share·Time Total·MH Diff1·Work Difficulty·Accepted Difficulty·Rejected Last·Valid·Work Device·Hardware% Device·Rejected% Device·Elapsed",
        t: "Name Enabled Status",
        b: "",
      },
    ],
    ["config", "CONFIG", 33, { n: "ASC·Count PGA·Count Pool·Count Log·Interval", t: "Strategy Device·Code OS", b: "" }],
    ["coin", "COIN", 78, { n: "Current·Block·Time Network·Difficulty", t: "Hash·Method Current·Block·Hash", b: "LP" }],
    [
      "lcd",
      "LCD",
      125,
      {
        n: "Elapsed GHS·av GHS·5m GHS·5s Temperature Last·Share·Difficulty Last·Share·Time Best·Share Last·Valid·Work Found·Blocks",
        t: "Current·Pool User",
        b: "",
      },
    ],
    ["devdetails", "DEVDETAILS", 69, { n: "DEVDETAILS ID", t: "Name Driver Model", b: "" }],
    ["notify", "NOTIFY", 60, { n: "NOTIFY ID", t: "Name Reason·Not·Well", b: "" }],
    ["edevs", "DEVS", 9, { n: "ASC", t: "Name", b: "" }],
    ["estats", "STATS", 70, { n: "", t: "BMMiner Type", b: "" }],
    ["asccount", "ASCS", 104, { n: "Count", t: "", b: "" }],
    ["pgacount", "PGAS", 59, { n: "Count", t: "", b: "" }],
  ];

test.each(CONTRACT)("%s: section, code and the type of every field", async (command, section, code, fields) => {
  const reply = await json({ command });
  expect(Object.keys(reply)).toEqual(["STATUS", section, "id"]);
  expect(reply["id"]).toBe(1);
  expect(reply["STATUS"]).toHaveLength(1);
  expect(reply["STATUS"][0]).toMatchObject({ STATUS: "S", When: WALL_START_MS / 1000, Code: code });
  expect(Object.keys(reply["STATUS"][0])).toEqual(["STATUS", "When", "Code", "Msg", "Description"]);
  const row = reply[section][0] as Json;
  for (const [letter, kind] of [
    ["n", "number"],
    ["t", "string"],
    ["b", "boolean"],
  ] as const) {
    for (const name of (fields[letter] ?? "").split(" ").filter((n) => n !== ""))
      expect(`${name} ${typeof row[name.replaceAll("·", " ")]}`).toBe(`${name} ${kind}`);
  }
});

test("a client of Antminers recognises the machine, and as no other maker's", async () => {
  const reply = await text('{"command":"version"}');
  expect(reply.toUpperCase()).toContain("ANTMINER");
  const others = "BOSMINER BOSER BTMINER BITMICRO LUXMINER HIVEON KAONSU RWGLR VNISH AVALON LUXOS BRAIINS MARAFW EPIC";
  for (const other of [...others.split(" "), "DEVDETAILS"]) expect(reply.toUpperCase()).not.toContain(other);
  const [version] = JSON.parse(reply).VERSION as Json[];
  expect(version).toEqual({
    BMMiner: "0.1.0",
    API: "3.1",
    Miner: "kumpel 0.1.0",
    CompileTime: "Sat Dec  6 16:12:30 CST 2025",
    Type: "Antminer S21",
  });
});

test("summary tells rates in GH/s, shares, work in MH and percents", async () => {
  const { SUMMARY } = await json({ command: "summary" });
  expect(SUMMARY[0]).toMatchObject({
    Elapsed: 3723,
    "GHS 5s": 195_750,
    "GHS av": 199_500,
    "GHS 30m": 196_000,
    Accepted: 8,
    Rejected: 1,
    Stale: 1,
    "Remote Failures": 2,
    "Hardware Errors": 4 + 5 + 6,
    Getworks: 40,
    "Total MH": 1_407_374_883.5533,
    "Difficulty Accepted": 8 * 65_536,
    "Best Share": 1_234_567,
    "Pool Rejected%": 10,
    "Pool Stale%": 10,
  });
});

test("stats hold the machine first and the numbers of every chain after it, counted from 1", async () => {
  const { STATS } = await json({ command: "stats" });
  expect(STATS).toHaveLength(2);
  expect(Object.keys(STATS[0])).toEqual(["BMMiner", "Miner", "CompileTime", "Type"]);
  expect(STATS[1]).toMatchObject({
    STATS: 0,
    Elapsed: 3723,
    Mode: 0,
    "GHS 5s": 195_750,
    "GHS av": 199_500,
    rate_30m: 196_000,
    miner_count: 3,
    frequency: 461,
    fan_num: 4,
    fan1: 4200,
    fan3: 0,
    fan4: 4230,
    temp_num: 3,
    temp1: 52,
    temp2_1: 72,
    temp3: 54,
    temp_pcb1: "52-52-52-52",
    temp_chip2: "73-73-73-73",
    temp_pic3: "54-54-54-54",
    freq1: 460,
    chain_acn1: 108,
    chain_hw3: 6,
    chain_rate1: "64250.00",
    total_rateideal: 198_000,
    rate_unit: "GH",
    total_freqavg: 461,
    total_acn: 324,
    "total rate": 195_750,
    temp_max: 74,
    no_matching_work: 15,
    chain_power: "3513 W",
  });
  expect(STATS[1].chain_acs1).toMatch(/^(o{8} ){13}oooo$/);
});

test("an unknown power is not told as 0 W, a missing chip is drawn, sleep is mode 1", async () => {
  const bench = faceBench(
    machine({
      chains: [chainAt(0, { chips: 2, chipsExpected: 4 })],
      pauseReason: "paused by me",
      isPausedByOwner: true,
    }),
  );
  bench.state.facts = { ...bench.state.facts, powerW: null };
  const { STATS } = await json({ command: "stats" }, bench);
  expect(STATS[1]).not.toHaveProperty("chain_power");
  expect(STATS[1]).toMatchObject({ chain_acs1: "ooxx", Mode: 1 });
  bench.state.snapshot = machine({ pauseReason: "no pool gives jobs" });
  expect((await json({ command: "stats" }, bench))["STATS"][1].Mode).toBe(0);
});

test("pools fill three slots, empty ones are dead, and one is active", async () => {
  const { POOLS } = await json({ command: "pools" });
  expect(POOLS).toHaveLength(3);
  expect(POOLS.map((p: Json) => p["Status"])).toEqual(["Alive", "Alive", "Dead"]);
  expect(POOLS.map((p: Json) => p["Stratum Active"])).toEqual([true, false, false]);
  expect(POOLS[0]).toMatchObject({
    URL: "stratum+tcp://pool0.example:3333",
    "Stratum URL": "pool0.example",
    Diff: "65.54K",
  });
  expect(POOLS[2]).toMatchObject({ POOL: 2, URL: "", User: "", Accepted: 0 });
  const dead = faceBench(machine({ pools: [poolAt(0, { state: "unreachable", isWorking: false })] }));
  const all = (await json({ command: "pools" }, dead))["POOLS"] as Json[];
  expect(all.map((p) => p["Status"])).toEqual(["Dead", "Dead", "Dead"]);
});

test("pools tell how long ago their last share was, lcd when it was; none is 0", async () => {
  const { POOLS } = await json({ command: "pools" });
  expect(POOLS.map((pool: Json) => pool["Last Share Time"])).toEqual(["0:00:12", "0", "0"]);
  const { LCD } = await json({ command: "lcd" });
  expect(LCD[0]["Last Share Time"]).toBe(WALL_START_MS / 1000 - 13);
  const hours = poolAt(0);
  const shares = { ...hours.shares, lastAcceptedAtWallMs: WALL_START_MS - (27 * 3600 + 4 * 60 + 5) * 1000 };
  const old = await json({ command: "pools" }, faceBench(machine({ pools: [{ ...hours, shares }] })));
  expect(old["POOLS"][0]["Last Share Time"]).toBe("27:04:05");
  // The wall clock was set back since the snapshot.
  const ahead = { ...hours.shares, lastAcceptedAtWallMs: WALL_START_MS + 5_000 };
  const next = await json({ command: "pools" }, faceBench(machine({ pools: [{ ...hours, shares: ahead }] })));
  expect(next["POOLS"][0]["Last Share Time"]).toBe("0:00:00");
});

test("coin tells the block that the pool builds on; before the first job it is unknown", async () => {
  const { COIN } = await json({ command: "coin" });
  expect(COIN[0]).toMatchObject({
    "Current Block Time": WALL_START_MS / 1000 - 300,
    "Current Block Hash": "00000000000000000001c2d3e4f5061728394a5b6c7d8e9f0011223344556677",
    "Network Difficulty": 126_411_437_451_912.2,
  });
  const none = await json({ command: "coin" }, faceBench(machine({ block: null })));
  expect(none["COIN"][0]).toMatchObject({
    "Current Block Time": 0,
    "Current Block Hash": "",
    "Network Difficulty": 0,
  });
});

test("text requests get text: sections end with a bar, users' text is escaped", async () => {
  expect(await text("version")).toMatch(
    /^STATUS=S,When=\d+,Code=22,Msg=BMMiner versions,Description=kumpel 0\.1\.0\|VERSION,BMMiner=0\.1\.0,API=3\.1,.*\|$/,
  );
  const bench = faceBench(machine({ pools: [poolAt(0, { user: "a,b|c=d\\e" })] }));
  const pools = await text("pools", bench);
  expect(pools).toContain("|POOL=0,URL=stratum+tcp://pool0.example:3333,Status=Alive,");
  expect(pools).toContain(",User=a\\,b\\|c\\=d\\\\e,");
  expect(pools).toContain("|POOL=2,");
  for (const request of ["summary\n", "summary\0", "summary|", " SUMMARY\r\n"])
    expect(await status(request)).toEqual(["S", 11]);
});

test("joined commands answer each for itself", async () => {
  const both = await json({ command: "summary+pools" });
  expect(Object.keys(both)).toEqual(["summary", "pools", "id"]);
  expect(both["summary"][0]).toMatchObject({ STATUS: [{ Code: 11 }], SUMMARY: [{ Elapsed: 3723 }], id: 1 });
  expect(both["pools"][0].POOLS).toHaveLength(3);
  const odd = await json({ command: "version++version+nonsense+asc+quit", parameter: "0" });
  expect(Object.keys(odd)).toEqual(["version", "nonsense", "asc", "quit", "id"]);
  expect(odd["nonsense"][0]["STATUS"][0]).toMatchObject({ STATUS: "E", Code: 14 });
  expect(odd["asc"][0]["STATUS"][0]).toMatchObject({ STATUS: "E", Code: 45 });
  expect(odd["quit"][0]["STATUS"][0]).toMatchObject({ STATUS: "E", Code: 45 });
  expect(await text("version+coin")).toMatch(
    /^CMD=version\|STATUS=S,.*\|VERSION,.*\|CMD=coin\|STATUS=S,.*\|COIN,.*\|$/,
  );
});

test("the stock extension gives the reports of the web pages", async () => {
  const stats = await json({ command: "stats", new_api: true });
  expect(stats["STATUS"]).toMatchObject({ STATUS: "S", Msg: "stats" });
  expect(stats["INFO"]).toMatchObject({ type: "Antminer S21", CompileTime: "Sat Dec  6 16:12:30 CST 2025" });
  expect(stats["STATS"][0].chain[1]).toMatchObject({
    index: 1,
    asic_num: 108,
    rate_real: 65_250,
    temp_pcb: [53, 53, 53, 53],
  });
  expect((await json({ command: "summary", new_api: true }))["SUMMARY"][0].rate_unit).toBe("GH/s");
  expect((await json({ command: "pools", new_api: true }))["POOLS"]).toHaveLength(3);
  expect((await json({ command: "rate", new_api: true }))["RATE"][0].unit).toBe("GH/s");
  expect((await json({ command: "warning", new_api: true }))["WARNING"]).toEqual([]);
  expect(await status({ command: "reload", new_api: true })).toEqual(["E", 200]);
  expect(await status({ command: "rate" })).toEqual(["E", 14]);
  expect(await status({ command: "version", new_api: true })).toEqual(["S", 22]);
});

const ERRORS: readonly (readonly [request: string | object, letter: string, code: number])[] = [
  ["nonsense", "E", 14],
  ["", "E", 14],
  [{ command: 5 }, "E", 14],
  [{ command: null }, "E", 14],
  [{}, "E", 24],
  ['{"command":"version"', "E", 23],
  ["{nonsense}", "E", 23],
  [{ command: "asc" }, "E", 15],
  [{ command: "asc", parameter: 3 }, "E", 107],
  [{ command: "asc", parameter: "-1" }, "E", 107],
  [{ command: "asc", parameter: 2 }, "S", 106],
  ["asc|1", "S", 106],
  [{ command: "asc", parameter: 1.0 }, "S", 106],
  ["check", "E", 71],
  ["check|summary", "S", 72],
  ["switchpool", "E", 25],
  ["switchpool|9", "E", 26],
  ["switchpool|x", "E", 26],
  ["enablepool|0", "I", 49],
  ["enablepool|2", "E", 26],
  ["removepool|0", "E", 67],
  ["disablepool|1", "E", 200],
  ["addpool", "E", 52],
  ["addpool|only", "E", 53],
  ["addpool|a,b,c,d", "E", 53],
  ["addpool|,b,c", "E", 53],
  ["poolpriority", "E", 25],
  ["poolpriority|0,0", "E", 74],
  ["poolpriority|0,7", "E", 26],
  ["poolquota|0,5", "E", 200],
  ["ascenable", "E", 15],
  ["ascenable|0", "I", 108],
  ["ascdisable|0", "E", 200],
  ["ascset|0,clock,500", "E", 112],
  ["ascset", "E", 15],
  ["save|x", "E", 200],
  ["zero|all,false", "E", 200],
  ["setconfig|queue,1", "E", 200],
  ["quit", "E", 200],
  ["privileged", "S", 46],
];

test.each(ERRORS)("%s answers %s %i and orders nothing", async (request, letter, code) => {
  const bench = faceBench();
  expect(await status(request, bench)).toEqual([letter, code]);
  expect(bench.orders).toEqual([]);
});

test("the last pool stays", async () => {
  const bench = faceBench(machine({ pools: [poolAt(0)] }));
  expect(await status("disablepool|0", bench)).toEqual(["E", 51]);
  expect(await status("removepool|0", bench)).toEqual(["E", 66]);
  bench.state.snapshot = machine({ pools: [] });
  expect(await status("pools", bench)).toEqual(["E", 8]);
  expect(await status("switchpool|0", bench)).toEqual(["E", 8]);
  bench.state.snapshot = machine({ pools: Array.from({ length: 8 }, (_, i) => poolAt(i)) });
  expect(await status("addpool|stratum+tcp://a:1,b,c", bench)).toEqual(["E", 54]);
  expect((await json({ command: "pools" }, bench))["POOLS"]).toHaveLength(8);
});

test("no miner yet, no chains: an error, not zeros", async () => {
  expect(await status("summary", faceBench(null))).toEqual(["E", 200]);
  expect((await json({ command: "summary+pools" }, faceBench(null)))["summary"][0].STATUS[0].STATUS).toBe("E");
  expect(await status("devs", faceBench(machine({ chains: [] })))).toEqual(["E", 10]);
});

test.each([
  [Date.UTC(2026, 6, 1), "Wed Jul  1 08:00:00 CST 2026"],
  [null, "Mon Jan  1 08:00:00 CST 2024"],
  // Builders who want the same bytes every day set such a time; clients would take us for another generation.
  [0, "Mon Jan  1 08:00:00 CST 2024"],
])("built at %s: %s", (buildWallMs, text) => {
  expect(compileTime({ ...UNKNOWN_FACTS, buildWallMs })).toBe(text);
});
