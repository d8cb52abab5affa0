/** The Prometheus text: form, names, units, values; the page and the dashboard are held to the table. */
import fs from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type FaceView, UNKNOWN_FACTS, viewOf } from "#firmware/api/machine-facts.ts";
import { metricsPage, metricsText } from "#firmware/api/metrics/exposition.ts";
import { METRICS } from "#firmware/api/metrics/metric-table.ts";
import { metricsReply } from "#firmware/api/metrics/metrics-reply.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import { chainAt, faceBench, KNOWN_FACTS, machine, poolAt } from "../cgminer/face-fixture.ts";

function view(changes: Partial<MinerSnapshot> = {}, facts = KNOWN_FACTS): FaceView {
  return viewOf(faceBench(machine(changes), facts))!;
}

interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: Map<string, number>;
}

/** A reader of the text format of its own; throws over what Prometheus would not take. */
function parse(text: string): Map<string, Family> {
  const families = new Map<string, Family>();
  let last = "";
  if (text !== "" && !text.endsWith("\n")) throw new Error("no end of line at the end");
  for (const line of text.split("\n").slice(0, -1)) {
    const help = /^# HELP ([a-z_:][a-z0-9_:]*) (.+)$/.exec(line);
    const type = /^# TYPE ([a-z_:][a-z0-9_:]*) (gauge|counter)$/.exec(line);
    const sample =
      /^([a-z_:][a-z0-9_:]*)((?:\{(?:[a-z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)+\})?) ([-+0-9.e]+|NaN|[+-]Inf)$/i.exec(line);
    if (help !== null) {
      last = help[1]!;
      if (families.has(last)) throw new Error(`${last} comes twice`);
      families.set(last, { help: help[2]!, type: "", samples: new Map() });
    } else if (type !== null && type[1] === last) families.set(last, { ...families.get(last)!, type: type[2]! });
    else if (sample !== null && sample[1] === last) {
      const { samples } = families.get(last)!;
      if (samples.has(sample[2]!)) throw new Error(`${line} comes twice`);
      samples.set(sample[2]!, Number(sample[3]!.replace("Inf", "Infinity")));
    } else throw new Error(`cannot be read: ${line}`);
  }
  return families;
}

function value(text: string, name: string, labels = ""): number | undefined {
  return parse(text).get(name)?.samples.get(labels);
}

test("values come in base units", () => {
  const text = metricsText(view());
  expect(value(text, "kumpel_uptime_seconds")).toBe(3723.456);
  expect(value(text, "kumpel_recent_hashrate_hashes_per_second")).toBe(195.75e12);
  expect(value(text, "kumpel_expected_hashrate_hashes_per_second")).toBe(198e12);
  expect(value(text, "kumpel_chain_frequency_hertz", '{chain="1"}')).toBe(461e6);
  expect(value(text, "kumpel_chain_voltage_volts", '{chain="1"}')).toBe(13.7);
  expect(value(text, "kumpel_chain_chip_temperature_celsius", '{chain="2"}')).toBeCloseTo(73.6);
  expect(value(text, "kumpel_fan_duty_ratio")).toBe(0.47);
  expect(value(text, "kumpel_fan_speed_rpm", '{fan="3"}')).toBe(4230);
  expect(value(text, "kumpel_power_watts")).toBe(3512.6);
  expect(value(text, "kumpel_efficiency_joules_per_terahash")).toBeCloseTo(3512.6 / 196);
  expect(value(text, "kumpel_latency_seconds", '{step="nonceToSubmit",quantile="0.5"}')).toBe(0.0015);
  expect(value(text, "kumpel_first_accepted_share_seconds")).toBe(9);
  expect(value(text, "kumpel_window_hashes", '{window="1h",reading="verified"}')).toBe(196e12 * 3600);
  expect(value(text, "kumpel_chain_nonces_total", '{chain="2",outcome="hardwareError"}')).toBe(6);
  const pool = 'pool="1",url="stratum+tcp://pool1.example:3333"';
  expect(value(text, "kumpel_pool_shares_total", `{${pool},result="accepted"}`)).toBe(9);
  expect(value(text, "kumpel_pool_active", `{${pool}}`)).toBe(0);
  expect(value(text, "kumpel_pool_up", `{${pool}}`)).toBe(1);
});

test("the machine is named once, with what identifies it", () => {
  const info = parse(metricsText(view())).get("kumpel_info");
  expect([...(info?.samples ?? [])]).toEqual([
    [
      '{model="Antminer S21",board="cv1835",firmware="0.1.0",built="Sat Dec  6 16:12:30 CST 2025",serial="SN-1",mac="28:E2:97:0A:0B:0C"}',
      1,
    ],
  ]);
});

test("what is unknown is left out, never 0", () => {
  const chain = { frequencyMhz: null, voltageV: null, temperatureBoardMaxC: null, temperatureChipMaxC: null };
  const unknown = { expectedThs: null, measuredThs: null, recentMeasuredThs: null };
  const families = parse(
    metricsText(
      view(
        {
          chains: [chainAt(0, { ...chain, hashrate: unknown })],
          pools: [poolAt(0, { difficulty: null })],
          hashrate: unknown,
          thermal: { phase: "warmUp", reason: "", trouble: null, fanDutyPct: 30, fansRpm: [null] },
          firstAcceptedShareMs: null,
          watchdogS: null,
        },
        UNKNOWN_FACTS,
      ),
    ),
  );
  const missing = METRICS.map(({ name }) => name).filter((name) => !families.has(name));
  expect(missing).toEqual([
    "kumpel_watchdog_timeout_seconds",
    "kumpel_power_watts",
    "kumpel_efficiency_joules_per_terahash",
    "kumpel_expected_hashrate_hashes_per_second",
    "kumpel_hashrate_hashes_per_second",
    "kumpel_recent_hashrate_hashes_per_second",
    "kumpel_chain_frequency_hertz",
    "kumpel_chain_voltage_volts",
    "kumpel_chain_board_temperature_celsius",
    "kumpel_chain_chip_temperature_celsius",
    "kumpel_chain_expected_hashrate_hashes_per_second",
    "kumpel_chain_hashrate_hashes_per_second",
    "kumpel_chain_recent_hashrate_hashes_per_second",
    "kumpel_fan_speed_rpm",
    "kumpel_pool_difficulty",
    "kumpel_first_accepted_share_seconds",
  ]);
});

test("names follow the rules: counters end in _total and nothing else does, units are base units", () => {
  const full = parse(metricsText(view()));
  expect([...full.keys()]).toEqual(METRICS.map(({ name }) => name));
  for (const { name, type, help, labels } of METRICS) {
    expect(name).toMatch(/^kumpel_[a-z0-9_]+$/);
    expect(`${name} ${type}`).toBe(`${name} ${name.endsWith("_total") ? "counter" : "gauge"}`);
    expect(name).not.toMatch(/_(ms|mhz|ths|ghs|kw|mv|percent|pct|minutes)(_|$)/);
    expect(help).toMatch(/^[^\n]+[.]$/);
    expect(new Set(labels).size).toBe(labels.length);
  }
  for (const family of full.values()) expect(family.type).not.toBe("");
});

test("any text of a pool or a reason stays within its label", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 40 }), (url) => {
      const clean = url.replaceAll("\r", "").replaceAll(/[\u2028\u2029]/g, "");
      const families = parse(metricsText(view({ pools: [poolAt(0, { url: clean }), poolAt(1, { url: clean })] })));
      expect(families.get("kumpel_pool_up")?.samples.size).toBe(2);
    }),
    { numRuns: 60, seed: 20_261_128 },
  );
});

test("before the first snapshot the scrape fails; then it is of the text format", () => {
  expect(metricsReply(faceBench(null))).toMatchObject({ status: 503 });
  const reply = metricsReply(faceBench());
  expect(reply).toMatchObject({ status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8" });
  expect(parse(reply.body).size).toBe(METRICS.length);
});

test("docs/METRICS.md is written from the table", async () => {
  await expect(metricsPage()).toMatchFileSnapshot("../../../../docs/METRICS.md");
});

interface Dashboard {
  readonly panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
  readonly templating: { list: { name: string; query: string }[] };
}

const dashboard = JSON.parse(fs.readFileSync("docs/grafana/kumpel.json", "utf8")) as Dashboard;
/** Prometheus adds it to every sample. */
const ADDED_LABELS = ["instance"];

test("the dashboard asks only for metrics and labels that exist", () => {
  const targets = dashboard.panels.flatMap((panel) =>
    panel.targets.map((target) => ({ title: panel.title, ...target })),
  );
  expect(targets.length).toBeGreaterThan(15);
  for (const { title, expr, legendFormat } of targets) {
    const names = new Set<string>(expr.match(/kumpel_\w+/g) ?? []);
    const used = METRICS.filter(({ name }) => names.has(name));
    expect([title, [...names].filter((name) => !METRICS.some((metric) => metric.name === name))]).toEqual([title, []]);
    expect(names.size).toBeGreaterThan(0);
    const labels = new Set([...ADDED_LABELS, ...used.flatMap((metric) => metric.labels)]);
    const asked: string[] = [
      ...[...expr.matchAll(/(\w+)(?:=~|!~|!=|=)"/g)].map((match) => match[1]!),
      ...[...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap((match) => match[1]!.split(/,\s*/)),
      ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]!),
    ];
    expect([title, asked.filter((label) => !labels.has(label))]).toEqual([title, []]);
  }
});

test("rates are taken of counters only, and counters are shown as rates only", () => {
  for (const { title, targets } of dashboard.panels) {
    for (const { expr } of targets) {
      for (const { name, type } of METRICS.filter((metric) => new RegExp(`${metric.name}\\b`).test(expr)))
        expect([title, name, new RegExp(`rate\\(${name}\\b`).test(expr)]).toEqual([title, name, type === "counter"]);
    }
  }
});

test("the dashboard's choice of machines asks for a metric that is always there", () => {
  const queries = dashboard.templating.list.map(({ query }) => query);
  expect(queries).toContain("label_values(kumpel_info, instance)");
  expect(METRICS.some(({ name }) => name === "kumpel_info")).toBe(true);
});
