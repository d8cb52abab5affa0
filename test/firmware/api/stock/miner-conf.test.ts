/** The settings document: read, change one key, write back, as every client does. From public notes on the clients. */
import { expect, test } from "vitest";
import { faceBench, type Json, machine, poolAt, RESTART } from "../cgminer/face-fixture.ts";
import { type WebBench, webBench } from "./web-bench.ts";

const POOL = (i: number) => ({ url: `stratum+tcp://pool${i}.example:3333`, user: `account.worker${i}`, pass: "x" });
const EMPTY = { url: "", user: "", pass: "" };

test("the document holds three pools and numbers as text", async () => {
  expect(await webBench().json("get_miner_conf")).toMatchObject({
    pools: [POOL(0), POOL(1), EMPTY],
    "bitmain-fan-ctrl": false,
    "bitmain-fan-pwm": "100",
    "bitmain-freq": "467",
    "bitmain-voltage": expect.stringMatching(/^\d+$/) as string,
    "bitmain-ccdelay": expect.stringMatching(/^\d+$/) as string,
    "bitmain-work-mode": "0",
    "bitmain-freq-level": "100",
    "bitmain-use-vil": true,
    "api-listen": true,
    "api-network": true,
    "api-groups": "A:stats:pools",
    "api-allow": "A:0/0,W:127.0.0.1",
  });
});

/** What the largest manager reads and writes back for every change. */
async function base(web: WebBench): Promise<Json> {
  const conf = await web.json("get_miner_conf");
  return {
    pools: conf["pools"] as unknown,
    "bitmain-fan-ctrl": conf["bitmain-fan-ctrl"] as unknown,
    "bitmain-fan-pwm": conf["bitmain-fan-pwm"] as unknown,
    "miner-mode": conf["bitmain-work-mode"] as unknown,
    "freq-level": conf["bitmain-freq-level"] as unknown,
  };
}

async function change(web: WebBench, changes: object): Promise<unknown[]> {
  web.bench.orders.length = 0;
  const body = { ...(await base(web)), ...changes };
  expect(await web.json("set_miner_conf", body)).toEqual({ stats: "success", code: "M000", msg: "OK!" });
  return web.bench.orders.map(({ order }) => order);
}

async function refuse(web: WebBench, body: unknown): Promise<string> {
  web.bench.orders.length = 0;
  const reply = await web.json("set_miner_conf", body);
  expect(reply).toMatchObject({ stats: "error", code: "M001" });
  expect(web.bench.orders).toEqual([]);
  return String(reply["msg"]);
}

test("what was read and written back, or half of it, or nothing, changes nothing", async () => {
  const web = webBench();
  expect(await change(web, {})).toEqual([]);
  const whole = await web.json("get_miner_conf");
  for (const body of [whole, {}, { pools: whole["pools"] as unknown }]) {
    expect(await web.json("set_miner_conf", body)).toMatchObject({ code: "M000" });
    expect(web.bench.orders).toEqual([]);
  }
});

test("mode 1 pauses and mode 0 resumes, as number or text, under either key; once", async () => {
  const web = webBench();
  expect(await change(web, { "miner-mode": 1 })).toEqual([{ kind: "pause" }]);
  expect(await web.json("set_miner_conf", { "bitmain-work-mode": "1" })).toMatchObject({ code: "M000" });
  web.bench.state.snapshot = machine({ pauseReason: "paused by root", isPausedByOwner: true });
  expect((await web.json("get_miner_conf"))["bitmain-work-mode"]).toBe("1");
  expect(await change(web, { "miner-mode": "1" })).toEqual([]);
  expect(await change(web, { "miner-mode": "0" })).toEqual([{ kind: "resume" }]);
});

test("modes and levels that are not there are refused with all that came with them, not taken for normal", async () => {
  const web = webBench();
  for (const mode of [2, "3", 7, -1, "fast", {}]) await refuse(web, { "miner-mode": mode, pools: [POOL(5)] });
  expect(await refuse(web, { pools: [POOL(5)], "miner-mode": 3 })).toBe(
    "miner-mode 3: only 0 (normal) and 1 (sleep) are there; nothing of this request was taken, send the rest without it",
  );
  expect(await refuse(web, { pools: [POOL(5)], "bitmain-work-mode": "2" })).toMatch(/^miner-mode 2: /);
  for (const level of [80, "90"]) expect(await refuse(web, { "freq-level": level })).toMatch(/only 100/);
  // What clients write beside their pools when they want nothing of it.
  for (const more of [
    { "miner-mode": "0", "freq-level": "100" },
    { "miner-mode": "", "freq-level": "" },
  ])
    expect(await change(web, { pools: [POOL(0), POOL(1)], ...more })).toEqual([]);
});

test("pools go on letter by letter, with their passwords; the shown word keeps what is there", async () => {
  const web = webBench();
  const next = { url: "stratum+tcp://New.example:1", user: "Acc.W-1 ", pass: "p" };
  expect(await change(web, { pools: [POOL(1), next, EMPTY] })).toEqual([
    {
      kind: "setPools",
      pools: [
        { url: POOL(1).url, user: POOL(1).user, password: null },
        { url: next.url, user: next.user, password: "p" },
      ],
    },
    RESTART,
  ]);
  // Until the restart the machine mines for the old ones and shows the new ones as its settings.
  expect((await web.json("get_miner_conf"))["pools"]).toEqual([POOL(1), { ...next, pass: "x" }, EMPTY]);
  expect((await web.json("pools"))["POOLS"][0].url).toBe(POOL(0).url);
  expect(await change(web, { "bitmain-fan-ctrl": true })).toEqual([{ kind: "setFan", dutyPct: 100 }]);
  // A second change keeps the first one's password, also where the address comes in other words.
  for (const url of [next.url, "New.example:1/"])
    expect(await change(web, { pools: [{ ...next, url, pass: "x" }] })).toEqual([
      { kind: "setPools", pools: [{ url, user: next.user, password: null }] },
      RESTART,
    ]);
});

test("pools show as they were written, wherever stock shows them", async () => {
  const written = { url: "stratum+tcp://pool.example:3333", urlAsWritten: "pool.example:3333/#xnsub" };
  const web = webBench(faceBench(machine({ pools: [poolAt(0, written)] })));
  expect((await web.json("get_miner_conf"))["pools"][0].url).toBe("pool.example:3333/#xnsub");
  expect((await web.json("pools"))["POOLS"][0].url).toBe("pool.example:3333/#xnsub");
  expect(await change(web, {})).toEqual([]);
});

test("a new password alone is a change; pools of other groups stay where they are", async () => {
  const web = webBench(faceBench(machine({ pools: [poolAt(0), poolAt(1, { group: 1 })] })));
  expect(await change(web, { pools: [{ ...POOL(0), pass: "new" }, POOL(1), EMPTY] })).toEqual([
    { kind: "setPools", pools: [{ url: POOL(0).url, user: POOL(0).user, password: "new" }] },
    RESTART,
  ]);
  expect((await web.json("get_miner_conf"))["pools"]).toEqual([POOL(0), POOL(1), EMPTY]);
});

test("pools beyond the three slots stay while all slots are filled, and go with a shorter list", async () => {
  const bench = faceBench();
  const five = [0, 1, 2, 3, 4].map((i) => ({ url: `p${i}:1`, user: "me", group: 0 }));
  bench.state.facts = { ...bench.state.facts, pools: five };
  const web = webBench(bench);
  const conf = await web.json("get_miner_conf");
  const [first, second, third] = conf["pools"] as [Json, Json, Json];
  await web.json("set_miner_conf", { pools: [{ ...first, user: "new" }, second, third] });
  await web.json("set_miner_conf", { pools: [second] });
  const ordered = bench.orders.flatMap(({ order }) => (order.kind === "setPools" ? [order.pools] : []));
  expect(ordered.map((pools) => pools.map(({ url, user }) => `${url} ${user}`))).toEqual([
    ["p0:1 new", "p1:1 me", "p2:1 me", "p3:1 me", "p4:1 me"],
    ["p1:1 me"],
  ]);
});

test("several things of one request are one restart, and the page that managers ask for it afterwards still orders one", async () => {
  const web = webBench();
  const changes = { pools: [POOL(5)], "bitmain-freq": "500", "bitmain-fan-ctrl": true, "miner-mode": 1 };
  expect((await change(web, changes)).map((order) => (order as Json)["kind"] as string)).toEqual([
    ...["setPools", "setFan", "setFrequency", "pause", "restart"],
  ]);
  web.bench.orders.length = 0;
  expect(await web.json("reboot")).toMatchObject({ code: "R000" });
  expect(web.bench.orders.map(({ order }) => order)).toEqual([{ kind: "restart" }]);
});

test("what was written before a refusal comes into force all the same; a restart that is refused is told", async () => {
  const bench = faceBench();
  const refuse = (kind: string): WebBench =>
    webBench({
      ...bench,
      order: async (order, who) =>
        order.kind === kind ? { ok: false, message: "not now", effectiveAt: null } : bench.order(order, who),
    });
  const body = { pools: [POOL(5)], "bitmain-fan-ctrl": true };
  expect(await refuse("setFan").json("set_miner_conf", body)).toMatchObject({ code: "M001", msg: "not now" });
  expect(bench.orders.map(({ order }) => order)).toMatchObject([{ kind: "setPools" }, RESTART]);
  expect(await refuse("restart").json("set_miner_conf", { pools: [POOL(6)] })).toEqual({
    stats: "error",
    code: "M001",
    msg: "it is written and in force after a restart, which was refused: not now",
  });
});

test("what the command line gives is shown, and refused to be set, since no restart would bring it into force", async () => {
  const bench = faceBench();
  bench.state.facts = { ...bench.state.facts, overriddenKeys: ["pool_groups", "tuning.frequency_mhz"] };
  const web = webBench(bench);
  expect((await web.json("get_miner_conf"))["pools"]).toEqual([POOL(0), POOL(1), EMPTY]);
  expect(await change(web, { "bitmain-fan-ctrl": true })).toEqual([{ kind: "setFan", dutyPct: 100 }]);
  expect(await refuse(web, { pools: [POOL(5)] })).toContain("--pool");
  expect(await refuse(web, { "bitmain-freq": "500" })).toContain("--frequency");
});

test("pools that cannot be are refused as a whole, and nothing else of the body is done", async () => {
  const web = webBench();
  for (const pools of [
    [EMPTY, EMPTY, EMPTY],
    [],
    "stratum+tcp://a:1",
    [POOL(0), POOL(1), POOL(2), POOL(3)],
    [{ ...POOL(0), url: 5 }],
    [null],
    [{ ...POOL(0), url: "stratum+tcp://a b:1" }],
    [{ ...POOL(0), user: "a\nb" }],
    [{ ...POOL(0), url: `stratum+tcp://${"a".repeat(500)}` }],
  ])
    await refuse(web, { ...(await base(web)), pools, "miner-mode": 1 });
});

test("fans: control, speed, and the misspelled key that wins over the old one", async () => {
  const bench = faceBench();
  bench.state.facts = { ...bench.state.facts, isFanManual: null };
  const web = webBench(bench);
  expect(await change(web, { "bitmain-fan-pwn": "40" })).toEqual([]);
  expect((await web.json("get_miner_conf"))["bitmain-fan-pwm"]).toBe("40");
  expect(await change(web, { "bitmain-fan-ctrl": true })).toEqual([{ kind: "setFan", dutyPct: 40 }]);
  expect(await change(web, { "bitmain-fan-pwn": "55" })).toEqual([{ kind: "setFan", dutyPct: 55 }]);
  expect(await change(web, { "bitmain-fan-pwm": 60 })).toEqual([{ kind: "setFan", dutyPct: 60 }]);
  expect(await change(web, { "bitmain-fan-ctrl": "false" })).toEqual([{ kind: "setFan", dutyPct: null }]);
  expect((await web.json("get_miner_conf"))["bitmain-fan-pwm"]).toBe("60");
  for (const pwm of ["101", -1, "fast", "", {}]) await refuse(web, { "bitmain-fan-pwn": pwm });
  await refuse(web, { "bitmain-fan-ctrl": "on" });
});

test("the owner's fan duty goes before what was set here, and the momentary one is never written back", async () => {
  const web = webBench();
  const { state } = web.bench;
  const shown = async (): Promise<unknown> => (await web.json("get_miner_conf"))["bitmain-fan-pwm"];
  await change(web, { "bitmain-fan-ctrl": true, "bitmain-fan-pwm": "40" });
  state.facts = { ...state.facts, isFanManual: true, fanManualPct: 72.6 };
  expect(await shown()).toBe("73");
  const read = await base(web);
  for (const fanDutyPct of [47, 81]) {
    state.snapshot = machine({ thermal: { ...machine().thermal, fanDutyPct } });
    web.bench.orders.length = 0;
    expect(await web.json("set_miner_conf", read)).toMatchObject({ code: "M000" });
    expect(web.bench.orders).toEqual([]);
  }
});

test("the clock of the settings is shown, also over a restart, and the machine's own can be set back", async () => {
  const web = webBench();
  const { state } = web.bench;
  expect(await change(web, { "bitmain-freq": "467" })).toEqual([]);
  expect(await change(web, { "bitmain-freq": "500" })).toEqual([{ kind: "setFrequency", frequencyMhz: 500 }, RESTART]);
  expect(await change(web, { "bitmain-freq": "500" })).toEqual([]);
  // Another face of ours, or a program that began anew: nothing is remembered here.
  state.facts = { ...state.facts, targetFrequencyMhz: 410.5 };
  const again = webBench(web.bench);
  expect((await again.json("get_miner_conf"))["bitmain-freq"]).toBe("411");
  expect((await web.json("get_miner_conf"))["bitmain-freq"]).toBe("411");
  expect(await change(again, {})).toEqual([]);
  expect(await change(again, { "bitmain-freq": 467 })).toEqual([{ kind: "setFrequency", frequencyMhz: null }, RESTART]);
});

test("clocks that the machine is not made for are refused before anything else is done", async () => {
  const web = webBench();
  for (const mhz of ["fast", 0, "49", 701, "1000", "20000"])
    expect(await refuse(web, { pools: [POOL(5)], "bitmain-freq": mhz })).toBe(
      "bitmain-freq must be a number of MHz, 50 to 700",
    );
  expect(await change(web, { "bitmain-freq": 700 })).toHaveLength(2);
});

test("a refusal of the miner is M001 with its words, and is not remembered", async () => {
  const web = webBench();
  web.bench.state.answer = { ok: false, message: "the disk is full", effectiveAt: null };
  const reply = await web.json("set_miner_conf", { pools: [{ url: "stratum+tcp://a:1", user: "u", pass: "p" }] });
  expect(reply).toEqual({ stats: "error", code: "M001", msg: "the disk is full" });
  expect((await web.json("get_miner_conf"))["pools"][0]).toEqual(POOL(0));
});

test("bodies that are no object are refused", async () => {
  for (const body of ["", "nonsense", "[]", "null", "5", '{"miner-mode":1', '"{}"']) await refuse(webBench(), body);
});
