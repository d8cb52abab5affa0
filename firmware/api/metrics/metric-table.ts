/**
 * Every metric of the machine in one table: name, kind, labels, what it means, and where it is read. Base units (hashes,
 * seconds, celsius, watts, volts, hertz), `_total` for what only grows, ratios from 0 to 1. Unknown is left out, never 0.
 */

import { NONCE_OUTCOMES } from "../../stats/chip-counters.ts";
import { TRUTH_KINDS, TRUTH_WINDOWS, type TruthWindow } from "../../stats/share-truth.ts";
import { compileTime, efficiencyJPerTh, type FaceView, isPoolAlive, macText, marketingName } from "../machine-facts.ts";
import type { ChainSnapshot, PoolSnapshot } from "../snapshot.ts";

export interface Sample {
  /** In the order of the metric's labels. */
  readonly labels: readonly string[];
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly labels: readonly string[];
  readonly help: string;
  readonly read: (view: FaceView) => readonly Sample[];
}

const TERA = 1e12;
const MEGA = 1e6;

function gauge(name: string, help: string, read: (view: FaceView) => number | boolean | null): Metric {
  return { name, type: "gauge", labels: [], help, read: (view) => samples([[[], read(view)]]) };
}

type Rows = readonly (readonly [labels: readonly string[], value: number | boolean | null])[];

function samples(rows: Rows): Sample[] {
  return rows.flatMap(([labels, value]) => (value === null ? [] : [{ labels, value: Number(value) }]));
}

function many(
  type: Metric["type"],
  name: string,
  labels: readonly string[],
  help: string,
  read: (view: FaceView) => Rows,
): Metric {
  return { name, type, labels, help, read: (view) => samples(read(view)) };
}

function perChain(
  type: Metric["type"],
  name: string,
  help: string,
  read: (chain: ChainSnapshot) => number | boolean | null,
): Metric {
  return many(type, name, ["chain"], help, ({ snapshot }) =>
    snapshot.chains.map((chain) => [[String(chain.index)], read(chain)] as const),
  );
}

/** Two pools may have one address: the number keeps them apart. */
function perPool(
  type: Metric["type"],
  name: string,
  help: string,
  read: (pool: PoolSnapshot) => number | boolean | null,
): Metric {
  return many(type, name, ["pool", "url"], help, ({ snapshot }) =>
    snapshot.pools.map((pool, i) => [[String(i), pool.url], read(pool)] as const),
  );
}

function hashes(ths: number | null): number | null {
  return ths === null ? null : ths * TERA;
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

const SHARE_RESULTS = ["accepted", "rejected", "stale", "lost"] as const;
const WINDOWS = Object.keys(TRUTH_WINDOWS) as TruthWindow[];
const LATENCIES = ["notifyToFirstWork", "notifyToLastChain", "nonceToSubmit", "submitRoundTrip"] as const;
const QUANTILES = [
  ["0.5", "p50"],
  ["0.99", "p99"],
] as const;

const MACHINE: readonly Metric[] = [
  many(
    "gauge",
    "kumpel_info",
    ["model", "board", "firmware", "built", "serial", "mac"],
    "What runs here; always 1.",
    ({ snapshot, facts }) => [
      [
        [
          marketingName(snapshot.machine),
          snapshot.controlBoard,
          facts.version,
          facts.buildWallMs === null ? "" : compileTime(facts),
          facts.serialNumber ?? "",
          facts.macAddress === null ? "" : macText(facts),
        ],
        1,
      ],
    ],
  ),
  gauge("kumpel_uptime_seconds", "Since the miner started.", ({ snapshot }) => snapshot.uptimeMs / 1000),
  gauge(
    "kumpel_emulated",
    "1: the chips are emulated, no number is a real machine's.",
    ({ snapshot }) => snapshot.emulationLabel !== null,
  ),
  gauge("kumpel_hashboard_power_on", "1: the hashboards have power.", ({ snapshot }) => snapshot.isPowerOn),
  gauge("kumpel_paused", "1: hashing is paused, for whatever reason.", ({ snapshot }) => snapshot.pauseReason !== null),
  gauge("kumpel_asleep", "1: hashing is paused on purpose.", ({ snapshot }) => snapshot.isPausedByOwner),
  gauge(
    "kumpel_shutdown",
    "1: shut down until the owner acknowledges it.",
    ({ snapshot }) => snapshot.shutdownReason !== null,
  ),
  gauge("kumpel_alarms", "Findings that an owner should look at.", ({ snapshot }) => snapshot.alarms.length),
  gauge(
    "kumpel_watchdog_timeout_seconds",
    "Until a hang of the program resets the board.",
    ({ snapshot }) => snapshot.watchdogS,
  ),
  gauge("kumpel_power_watts", "Taken at the wall socket, where it is measured.", ({ facts }) => facts.powerW),
  gauge("kumpel_efficiency_joules_per_terahash", "Power over the verified hashrate of ten minutes.", efficiencyJPerTh),
];

const HASHRATE: readonly Metric[] = [
  gauge("kumpel_expected_hashrate_hashes_per_second", "What frequency and chips promise.", ({ snapshot }) =>
    hashes(snapshot.hashrate.expectedThs),
  ),
  gauge("kumpel_hashrate_hashes_per_second", "Found over the whole time of hashing.", ({ snapshot }) =>
    hashes(snapshot.hashrate.measuredThs),
  ),
  gauge("kumpel_recent_hashrate_hashes_per_second", "Found lately.", ({ snapshot }) =>
    hashes(snapshot.hashrate.recentMeasuredThs),
  ),
  many(
    "gauge",
    "kumpel_window_hashes",
    ["window", "reading"],
    "Hashes of the last minute to day in five readings: expected, reported by the chips, verified, submitted, accepted.",
    ({ snapshot }) =>
      WINDOWS.flatMap((window) => TRUTH_KINDS.map((kind) => [[window, kind], snapshot.truth[window][kind]] as const)),
  ),
];

const CHAINS: readonly Metric[] = [
  many("gauge", "kumpel_chain_state", ["chain", "state"], "The state that the chain is in; always 1.", ({ snapshot }) =>
    snapshot.chains.map((chain) => [[String(chain.index), chain.state], 1] as const),
  ),
  perChain("gauge", "kumpel_chain_chips", "Chips that answered.", (c) => c.chips),
  perChain("gauge", "kumpel_chain_expected_chips", "Chips that such a board has.", (c) => c.chipsExpected),
  perChain("gauge", "kumpel_chain_frequency_hertz", "Hash clock.", (c) =>
    c.frequencyMhz === null ? null : c.frequencyMhz * MEGA,
  ),
  perChain("gauge", "kumpel_chain_voltage_volts", "Set point of what feeds the chips.", (c) => c.voltageV),
  perChain(
    "gauge",
    "kumpel_chain_board_temperature_celsius",
    "Hottest place of the board.",
    (c) => c.temperatureBoardMaxC,
  ),
  perChain("gauge", "kumpel_chain_chip_temperature_celsius", "Hottest chip.", (c) => c.temperatureChipMaxC),
  perChain("gauge", "kumpel_chain_expected_hashrate_hashes_per_second", "What frequency and chips promise.", (c) =>
    hashes(c.hashrate.expectedThs),
  ),
  perChain("gauge", "kumpel_chain_hashrate_hashes_per_second", "Found over the whole time of hashing.", (c) =>
    hashes(c.hashrate.measuredThs),
  ),
  perChain("gauge", "kumpel_chain_recent_hashrate_hashes_per_second", "Found lately.", (c) =>
    hashes(c.hashrate.recentMeasuredThs),
  ),
  perChain(
    "gauge",
    "kumpel_chain_coverage_ratio",
    "Part of the hashing that the pool's version bits leave of use.",
    (c) => c.coverage,
  ),
  many("counter", "kumpel_chain_nonces_total", ["chain", "outcome"], "Nonces by what became of them.", ({ snapshot }) =>
    snapshot.chains.flatMap((chain) =>
      NONCE_OUTCOMES.map((outcome) => [[String(chain.index), outcome], chain.nonces[outcome]] as const),
    ),
  ),
  perChain("counter", "kumpel_chain_jobs_written_total", "Work frames sent to the chips.", (c) => c.link.jobsWritten),
  perChain(
    "counter",
    "kumpel_chain_crc_errors_total",
    "Answers of the chips with a wrong check sum.",
    (c) => c.link.crcErrors,
  ),
  perChain(
    "counter",
    "kumpel_chain_resync_bytes_total",
    "Bytes of the chips that belonged to no answer.",
    (c) => c.link.resyncBytes,
  ),
];

const COOLING: readonly Metric[] = [
  gauge(
    "kumpel_fan_duty_ratio",
    "What the fans are driven with, 0 to 1.",
    ({ snapshot }) => snapshot.thermal.fanDutyPct / 100,
  ),
  many("gauge", "kumpel_fan_speed_rpm", ["fan"], "Revolutions per minute, fans counted from 0.", ({ snapshot }) =>
    snapshot.thermal.fansRpm.map((rpm, i) => [[String(i)], rpm] as const),
  ),
  many("gauge", "kumpel_thermal_phase", ["phase"], "What the thermal supervisor does; always 1.", ({ snapshot }) => [
    [[snapshot.thermal.phase], 1],
  ]),
];

const POOLS: readonly Metric[] = [
  perPool("gauge", "kumpel_pool_up", "1: nothing is known against the pool.", isPoolAlive),
  perPool("gauge", "kumpel_pool_active", "1: the chips work for this pool.", (p) => p.isWorking),
  perPool("gauge", "kumpel_pool_difficulty", "Difficulty that the pool asks for.", (p) => p.difficulty),
  perPool("gauge", "kumpel_pool_best_share_difficulty", "Best share of this run.", (p) => p.shares.bestDifficulty),
  perPool("counter", "kumpel_pool_connects_total", "Connections made.", (p) => p.connects),
  perPool("counter", "kumpel_pool_jobs_total", "Jobs received.", (p) => p.notifies),
  perPool("counter", "kumpel_pool_submitted_total", "Shares sent.", (p) => p.shares.submitted),
  many(
    "counter",
    "kumpel_pool_shares_total",
    ["pool", "url", "result"],
    "Shares by what the pool said.",
    ({ snapshot }) =>
      snapshot.pools.flatMap((pool, i) =>
        SHARE_RESULTS.map((result) => [[String(i), pool.url, result], pool.shares[result]] as const),
      ),
  ),
  perPool(
    "counter",
    "kumpel_pool_accepted_difficulty_total",
    "Sum of the difficulties of accepted shares.",
    (p) => p.shares.acceptedDifficulty,
  ),
  perPool(
    "counter",
    "kumpel_pool_verified_hashes_total",
    "Hashes that the valid nonces for this pool stand for.",
    (p) => p.verifiedWork,
  ),
];

const LATENCY: readonly Metric[] = [
  many(
    "gauge",
    "kumpel_latency_seconds",
    ["step", "quantile"],
    "Waits: job to first work, job to last chain, nonce to share sent, share to the pool's answer.",
    ({ snapshot }) =>
      LATENCIES.flatMap((step) =>
        QUANTILES.map(([quantile, key]) => [[step, quantile], seconds(snapshot.latencyMs[step][key])] as const),
      ),
  ),
  gauge("kumpel_first_accepted_share_seconds", "From the start to the first accepted share.", ({ snapshot }) =>
    seconds(snapshot.firstAcceptedShareMs),
  ),
];

export const METRIC_GROUPS: readonly (readonly [title: string, metrics: readonly Metric[]])[] = [
  ["Machine", MACHINE],
  ["Hashrate", HASHRATE],
  ["Chains", CHAINS],
  ["Cooling", COOLING],
  ["Pools", POOLS],
  ["Latency", LATENCY],
];

export const METRICS: readonly Metric[] = METRIC_GROUPS.flatMap(([, metrics]) => metrics);
