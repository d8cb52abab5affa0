/** Every page of the stock web face: shapes, types, codes, and the orders they come to. From public notes on the clients. */
import { expect, test } from "vitest";
import type { ReadHistory } from "#firmware/api/machine-facts.ts";
import { faceBench, type Json, machine, poolAt, WALL_START_MS } from "../cgminer/face-fixture.ts";
import { webBench } from "./web-bench.ts";

function types(value: Json): Record<string, string> {
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, Array.isArray(v) ? "list" : typeof v]));
}

test("get_system_info", async () => {
  expect(await webBench().json("get_system_info")).toEqual({
    minertype: "Antminer S21",
    nettype: "DHCP",
    netdevice: "eth0",
    macaddr: "28:E2:97:0A:0B:0C",
    hostname: "Antminer",
    ipaddress: "192.0.2.7",
    netmask: "255.255.255.0",
    gateway: "192.0.2.1",
    dnsservers: "192.0.2.1,192.0.2.2",
    system_mode: "GNU/Linux",
    system_kernel_version: "Linux 5.10",
    system_filesystem_version: "kumpel 0.1.0",
    firmware_type: "Release",
    Algorithm: "sha256d",
    serinum: "SN-1",
  });
});

test("an unknown or a group's MAC is shown as a valid one of a single machine", async () => {
  const bench = faceBench();
  const web = webBench(bench);
  for (const macAddress of [null, "nonsense", "00:00:00:00:00:00", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"]) {
    bench.state.facts = { ...bench.state.facts, macAddress };
    const { macaddr } = await web.json("get_system_info");
    expect(macaddr).toMatch(/^([0-9A-F]{2}:){5}[0-9A-F]{2}$/);
    expect(Number.parseInt(String(macaddr).slice(0, 2), 16) & 1).toBe(0);
    expect(macaddr).not.toBe("00:00:00:00:00:00");
  }
});

test("miner_type names model and firmware", async () => {
  expect(await webBench().json("miner_type")).toMatchObject({
    miner_type: "Antminer S21",
    subtype: "cv1835",
    fw_version: "kumpel 0.1.0",
  });
});

const HEAD = {
  STATUS: { STATUS: "S", when: 1_767_225_600, api_version: "1.0.0" },
  INFO: { miner_version: "kumpel 0.1.0", CompileTime: "Sat Dec  6 16:12:30 CST 2025", type: "Antminer S21" },
};

test("summary: rates in GH/s as numbers, four lamps", async () => {
  const report = await webBench().json("summary");
  expect(report).toMatchObject(HEAD);
  const [summary] = report["SUMMARY"] as [Json];
  expect(summary).toMatchObject({
    elapsed: 3723,
    rate_5s: 195_750,
    rate_30m: 196_000,
    rate_avg: 199_500,
    rate_ideal: 198_000,
    rate_unit: "GH/s",
    hw_all: 15,
    bestshare: 1_234_567,
  });
  expect(summary["status"]).toEqual(
    ["rate", "network", "fans", "temp"].map((type) => ({ type, status: "s", code: 0, msg: "" })),
  );
});

test("summary's lamps say what is wrong", async () => {
  const bench = faceBench(
    machine({
      pools: [poolAt(0, { state: "unreachable" })],
      shutdownReason: "board 1 at 81 C",
      thermal: { phase: "shutdown", reason: "", trouble: null, fanDutyPct: 100, fansRpm: [0, 5000, null, 0] },
      truth: { ...machine().truth, "10m": { expected: 100, reported: 0, verified: 70, submitted: 0, accepted: 0 } },
    }),
  );
  const { SUMMARY } = await webBench(bench).json("summary");
  expect(SUMMARY[0].status.map((s: Json) => `${s["type"]} ${s["status"]} ${s["msg"]}`)).toEqual([
    "rate e hashrate is 70 % of expected",
    "network e no pool answers: ",
    "fans e fan 1, 4 stands still",
    "temp e board 1 at 81 C",
  ]);
});

test("stats: chains from 0, four temperatures of each kind, mode 0 while it mines", async () => {
  const report = await webBench().json("stats");
  expect(report).toMatchObject(HEAD);
  const [stats] = report["STATS"] as [Json];
  expect(types(stats)).toMatchObject({ elapsed: "number", fan: "list", hwp_total: "number", chain: "list" });
  expect(stats).toMatchObject({
    chain_num: 3,
    fan_num: 4,
    fan: [4200, 4210, 0, 4230],
    "miner-mode": 0,
    "freq-level": 100,
    rate_avg: 199_500,
  });
  expect(stats["chain"][2]).toEqual({
    index: 2,
    freq_avg: 462,
    rate_ideal: 66_000,
    rate_real: 66_250,
    asic_num: 108,
    asic: `${"oooooooo ".repeat(13)}oooo`,
    temp_pic: [54, 54, 54, 54],
    temp_pcb: [54, 54, 54, 54],
    temp_chip: [74, 74, 74, 74],
    hw: 6,
    hwp: expect.closeTo((100 * 6) / 914, 3) as number,
    eeprom_loaded: true,
    sn: "B-2",
    tpl: [],
  });
});

test("a hashboard that could not say its serial number is one whose EEPROM was not read", async () => {
  const { STATS } = await webBench().json("stats");
  expect(STATS[0].chain[1]).toMatchObject({ eeprom_loaded: false, sn: "" });
});

test("asleep, stats still hold an entry, with mode 1; waiting for a pool is not asleep", async () => {
  const mode = async (pauseReason: string, isPausedByOwner: boolean) =>
    (await webBench(faceBench(machine({ pauseReason, isPausedByOwner }))).json("stats"))["STATS"][0]["miner-mode"];
  expect(await mode("paused by root", true)).toBe(1);
  expect(await mode("no pool gives jobs; paused by root", true)).toBe(1);
  expect(await mode("no pool gives jobs", false)).toBe(0);
});

test("pools: exactly three slots, whatever the owner has, and the empty ones dead", async () => {
  const one = (await webBench(faceBench(machine({ pools: [poolAt(0)] }))).json("pools"))["POOLS"] as Json[];
  expect(one.map((p) => [p["index"], p["url"], p["status"]])).toEqual([
    [0, "stratum+tcp://pool0.example:3333", "Alive"],
    [1, "", "Dead"],
    [2, "", "Dead"],
  ]);
  expect(one[0]).toEqual({
    index: 0,
    url: "stratum+tcp://pool0.example:3333",
    user: "account.worker0",
    status: "Alive",
    priority: 0,
    getworks: 40,
    accepted: 8,
    rejected: 1,
    discarded: 0,
    stale: 1,
    diff: "65.54K",
    diff1: 5 * 65_536,
    diffa: 8 * 65_536,
    diffr: 65_536,
    diffs: 65_536,
    lsdiff: 65_536,
    lstime: "0:00:12",
  });
  expect(one[1]?.["lstime"]).toBe("0");
  const many = machine({ pools: [0, 1, 2, 3, 4].map((i) => poolAt(i)) });
  expect((await webBench(faceBench(many)).json("pools"))["POOLS"]).toHaveLength(3);
});

test("chart draws the last day from the history, all chains and each; what is unknown there is 0", async () => {
  const HOUR_MS = 3_600_000;
  const asked: unknown[] = [];
  const history: ReadHistory = (fromMs, toMs, fields) => {
    asked.push([WALL_START_MS - fromMs, toMs > WALL_START_MS, fields]);
    const timesMs = [WALL_START_MS - 2 * HOUR_MS, WALL_START_MS - HOUR_MS - 300_000];
    return { timesMs, values: fields.map((_, i) => [100 + i, i === 2 ? null : 90 + i]) };
  };
  const chart = await webBench({ ...faceBench(), history }).json("chart");
  expect(chart).toMatchObject({ STATUS: { STATUS: "S", Msg: "rate" } });
  expect(chart["RATE"]).toEqual([
    {
      unit: "GH/s",
      xAxis: ["22:00", "22:55"],
      series: [
        { name: "rate_avg", data: [100_000, 90_000] },
        { name: "chain0", data: [101_000, 91_000] },
        { name: "chain1", data: [102_000, 0] },
        { name: "chain2", data: [103_000, 93_000] },
      ],
    },
  ]);
  expect(asked).toEqual([[24 * HOUR_MS, true, ["hashrateThs", "chain0Ths", "chain1Ths", "chain2Ths"]]]);
  const none: ReadHistory = (_from, _to, fields) => ({ timesMs: [], values: fields.map(() => []) });
  const [now] = (await webBench({ ...faceBench(), history: none }).json("chart"))["RATE"] as [Json];
  expect([now["xAxis"], now["series"][0]]).toEqual([["00:00"], { name: "rate_avg", data: [195_750] }]);
});

test("chart, warning, logs and the small pages", async () => {
  const web = webBench();
  const [rate] = (await web.json("chart"))["RATE"] as [Json];
  expect(rate["unit"]).toBe("GH/s");
  for (const series of rate["series"] as Json[]) expect(series["data"]).toHaveLength((rate["xAxis"] as []).length);
  expect((await web.json("warning"))["WARNING"]).toEqual([]);
  for (const page of ["log", "hlog", "get_kernel_log"]) {
    const reply = await web.ask(page);
    expect([reply.status, reply.body]).toEqual([200, "line\n"]);
    expect(reply.contentType).toMatch(/^text\/plain/);
  }
  expect(await web.json("dlog")).toEqual({ dlog: "", log_list: [] });
  expect(await web.json("create_log_backup", {})).toMatchObject({ stats: "error" });
  expect(Object.values(types(await web.json("get_adjustment_params")))).toEqual(["string", "string"]);
});

test("network info is DHCP unless it is known to be static, and always names its servers as text", async () => {
  const bench = faceBench();
  const web = webBench(bench);
  expect(await web.json("get_network_info")).toMatchObject({
    nettype: "DHCP",
    macaddr: "28:E2:97:0A:0B:0C",
    conf_nettype: "DHCP",
    conf_hostname: "Antminer",
    conf_ipaddress: "",
    conf_dnsservers: "",
  });
  bench.state.facts = { ...bench.state.facts, isDhcp: false };
  expect(await web.json("get_network_info")).toMatchObject({
    nettype: "Static",
    ipaddress: "192.0.2.7",
    conf_ipaddress: "192.0.2.7",
    conf_netmask: "255.255.255.0",
    conf_gateway: "192.0.2.1",
    conf_dnsservers: "192.0.2.1,192.0.2.2",
  });
});

const STATIC = {
  ipHost: "miner-1",
  ipPro: 2,
  ipAddress: "10.0.0.5",
  ipSub: "255.255.0.0",
  ipGateway: "10.0.0.1",
  ipDns: "10.0.0.1,1.1.1.1",
};
const BLANK = { ipHost: "miner-1", ipPro: 1, ipAddress: "", ipSub: "", ipGateway: "", ipDns: "" };

test.each([
  ["N000", STATIC],
  ["N000", BLANK],
  ["N001", { ...STATIC, ipHost: "" }],
  ["N001", { ...STATIC, ipHost: "a b;reboot" }],
  ["N002", { ...STATIC, ipAddress: "10.0.0.256" }],
  ["N002", { ...STATIC, ipAddress: "127.0.0.1" }],
  ["N002", { ...STATIC, ipPro: 3 }],
  ["N003", { ...STATIC, ipSub: "255.0.255.0" }],
  ["N003", { ...STATIC, ipSub: "255.255.255.255" }],
  ["N004", { ...STATIC, ipGateway: "" }],
  ["N005", { ...STATIC, ipDns: "" }],
  ["N005", { ...STATIC, ipDns: "10.0.0.1,x" }],
])("set_network_conf: %s for %j", async (code, body) => {
  const set: unknown[] = [];
  const web = webBench(faceBench(), {
    setNetwork: (settings) => {
      set.push(settings);
      return Promise.resolve({ ok: true, message: "", effectiveAt: "now" });
    },
  });
  const reply = await web.json("set_network_conf", body);
  expect(reply).toMatchObject({ stats: code === "N000" ? "success" : "error", code });
  expect(set).toHaveLength(code === "N000" ? 1 : 0);
  const fixed = await webBench().ask("set_network_conf", body);
  expect(JSON.parse(fixed.body)).toMatchObject({ stats: "error" });
  expect(fixed.status).toBe(code === "N000" ? 501 : 200);
});

test.each([true, false])(
  "network settings that are written back as they were read ask for nothing (DHCP: %s)",
  async (isDhcp) => {
    const bench = faceBench();
    bench.state.facts = { ...bench.state.facts, isDhcp };
    const web = webBench(bench);
    const read = await web.json("get_network_info");
    const body = {
      ipHost: read["conf_hostname"],
      ipPro: isDhcp ? 1 : 2,
      ipAddress: read["conf_ipaddress"],
      ipSub: read["conf_netmask"],
      ipGateway: read["conf_gateway"],
      ipDns: read["conf_dnsservers"],
    };
    expect(await web.json("set_network_conf", body)).toMatchObject({ code: "N000" });
    expect((await web.ask("set_network_conf", { ...body, ipHost: "other" })).status).toBe(501);
    // Static without an address is refused for the address.
    expect((await web.ask("set_network_conf", { ...body, ipPro: isDhcp ? 2 : 1 })).status).toBe(isDhcp ? 200 : 501);
  },
);

test("blink takes truth values and their words, and tells them as a truth value", async () => {
  const bench = faceBench();
  bench.state.facts = { ...bench.state.facts, isLocating: null };
  const web = webBench(bench);
  expect(await web.json("get_blink_status")).toEqual({ blink: false });
  expect(await web.json("blink", { blink: true })).toMatchObject({ stats: "success", code: "B000" });
  expect(await web.json("get_blink_status")).toEqual({ blink: true });
  expect(await web.json("blink", { blink: "false" })).toMatchObject({ code: "B100" });
  expect(await web.json("get_blink_status")).toEqual({ blink: false });
  for (const wrong of [{ blink: 1 }, { blink: "on" }, {}, "nonsense"])
    expect(await web.json("blink", wrong)).toMatchObject({ stats: "error", code: "B001" });
  bench.state.answer = { ok: false, message: "no LED is known", effectiveAt: null };
  expect(await web.json("blink", { blink: true })).toMatchObject({ code: "B001", msg: "no LED is known" });
  expect(bench.orders.map(({ order }) => order)).toEqual([
    { kind: "locate", isOn: true },
    { kind: "locate", isOn: false },
    { kind: "locate", isOn: true },
  ]);
  expect(bench.orders[0]?.who).toBe("web user root from 192.0.2.50");
});

test.each([
  ["P000", { curPwd: "root", newPwd: "n€w", confirmPwd: "n€w" }],
  ["P001", { curPwd: "wrong", newPwd: "new", confirmPwd: "new" }],
  ["P001", {}],
  ["P002", { curPwd: "root", newPwd: "", confirmPwd: "new" }],
  ["P003", { curPwd: "root", newPwd: "new", confirmPwd: "" }],
  ["P004", { curPwd: "root", newPwd: "new", confirmPwd: "old" }],
])("passwd: %s", async (code, body) => {
  const web = webBench();
  expect(await web.json("passwd", body)).toMatchObject({ stats: code === "P000" ? "success" : "error", code });
  const after = web.ask("summary", undefined, { password: "n€w" });
  await web.bench.clock.advance(1_000);
  expect((await after).status).toBe(code === "P000" ? 200 : 401);
  const fixed = await webBench(faceBench(), { changeCredentials: null }).json("passwd", body);
  expect(fixed["stats"]).toBe("error");
});

test.each(["GET", "POST"])("reboot and reset_conf by %s answer JSON and give the order", async (method) => {
  const web = webBench();
  for (const page of ["reboot", "reset_conf"])
    expect(JSON.parse((await web.ask(page, "", { method })).body)).toMatchObject({ stats: "success" });
  expect(web.bench.orders.map(({ order }) => order)).toEqual([{ kind: "restart" }, { kind: "factoryReset" }]);
  web.bench.state.answer = { ok: false, message: "not now", effectiveAt: null };
  expect(await web.json("reboot")).toMatchObject({ stats: "error", msg: "not now" });
});

test.each(["upgrade", "upgrade_clear"])("%s is refused with a code, never claimed", async (page) => {
  const reply = await webBench().json(page, "image");
  expect(reply["stats"]).toBe("error");
  expect(reply["code"]).not.toBe("U000");
});

test("wrong methods and unknown pages", async () => {
  const web = webBench();
  expect((await web.ask("blink")).status).toBe(405);
  expect((await web.ask("summary", {})).status).toBe(405);
  expect((await web.ask("nothing")).status).toBe(404);
  expect((await web.ask("constructor")).status).toBe(404);
  web.bench.state.snapshot = null;
  expect((await web.ask("summary")).status).toBe(503);
});
