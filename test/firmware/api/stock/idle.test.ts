/** A machine on which nothing is switched on: managers find it, see what it is, and give it what it lacks. */
import { expect, test } from "vitest";
import { PAGES } from "#firmware/api/stock/pages.ts";
import { faceBench } from "../cgminer/face-fixture.ts";
import { webBench } from "./web-bench.ts";

const LACKS_POOL = { reason: "hashboards stay off: no pool is set", lacksPool: true, machine: "s21", sinceMs: 0 };
const BROKEN = { reason: "hashboards stay off: settings.toml is broken", lacksPool: false, machine: "", sinceMs: 0 };
const POOLS = [{ url: "stratum+tcp://new:1", user: "name", pass: "pw" }];

function idleWeb(idle: typeof BROKEN) {
  return webBench({ ...faceBench(null), idle: () => idle });
}

test("every page that only shows answers without a miner, with the model that the settings name", async () => {
  const web = idleWeb(LACKS_POOL);
  const shown = [...PAGES].filter(([, { methods }]) => methods.includes("HEAD")).map(([page]) => page);
  expect(shown.length).toBeGreaterThan(10);
  for (const page of shown) expect([page, (await web.ask(page)).status]).toEqual([page, 200]);
  expect(await web.json("miner_type")).toMatchObject({ miner_type: "Antminer S21", fw_version: "kumpel 0.1.0" });
  expect(await web.json("get_system_info")).toMatchObject({ minertype: "Antminer S21" });
  expect(await web.json("summary")).toMatchObject({ SUMMARY: [{ rate_5s: 0, rate_avg: 0, hw_all: 0 }] });
  expect(await web.json("stats")).toMatchObject({ STATS: [{ chain_num: 0, fan_num: 0, "miner-mode": 0, chain: [] }] });
});

test("its three pool slots are empty and dead, as on a machine from the factory", async () => {
  const web = idleWeb(LACKS_POOL);
  const slot = { url: "", user: "", pass: "" };
  expect(await web.json("get_miner_conf")).toMatchObject({ pools: [slot, slot, slot], "bitmain-work-mode": "0" });
  const dead = { url: "", status: "Dead", accepted: 0 };
  expect(await web.json("pools")).toMatchObject({ POOLS: [dead, dead, dead] });
});

test("it takes its first pools, with which the run begins, and a restart", async () => {
  const web = idleWeb(LACKS_POOL);
  expect(await web.json("set_miner_conf", { pools: POOLS })).toMatchObject({ code: "M000" });
  expect(await web.json("reboot")).toMatchObject({ stats: "success" });
  const [{ order } = { order: null }, ...others] = web.bench.orders;
  expect(order).toEqual({ kind: "setPools", pools: [{ url: "stratum+tcp://new:1", user: "name", password: "pw" }] });
  expect(others.at(-1)?.order).toEqual({ kind: "restart" });
});

test("one whose settings cannot be read takes nothing that would write them anew, and says why", async () => {
  const web = idleWeb(BROKEN);
  for (const page of ["set_miner_conf", "passwd", "blink", "set_network_conf"]) {
    const reply = await web.ask(page, { pools: POOLS });
    expect([page, reply.status, reply.body]).toEqual([page, 503, expect.stringContaining("settings.toml is broken")]);
  }
  expect(web.bench.orders).toEqual([]);
  expect((await web.ask("get_system_info")).status).toBe(200);
});
