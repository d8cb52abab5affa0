/**
 * Reports of the stock web pages as plain objects: summary, stats, pools, chart, warning. The socket face gives the same
 * ones to requests marked `new_api`. Field names, units and types from public notes on the clients.
 */

import type { HistorySeries } from "../history/history-ring.ts";
import { compileTime, type FaceView, isPoolAlive, marketingName } from "../machine-facts.ts";
import type { ChainSnapshot, PoolSnapshot } from "../snapshot.ts";
import {
  agoText,
  chipLetters,
  diff1Shares,
  difficultyOf,
  elapsedS,
  fourTimes,
  ghs,
  ghsHalfHour,
  hardwareErrorPct,
  hardwareErrors,
  rounded,
  rpmOf,
  shortDifficulty,
} from "./figures.ts";
import { statusItems } from "./warnings.ts";

export const API_VERSION = "1.0.0";
/** Every list of pools has exactly these slots: managers compare whole lists and reboot the machine over a difference. */
export const POOL_SLOTS = 3;

export type Report = Readonly<Record<string, unknown>>;

/** Status and info stand before every report, as objects. */
export function reportHead(view: FaceView, message: string): Record<string, unknown> {
  return {
    STATUS: { STATUS: "S", when: Math.floor(view.wallTimeMs / 1000), Msg: message, api_version: API_VERSION },
    INFO: {
      miner_version: `kumpel ${view.facts.version}`,
      CompileTime: compileTime(view.facts),
      type: marketingName(view.snapshot.machine),
    },
  };
}

function rates(view: FaceView) {
  const { hashrate } = view.snapshot;
  return {
    elapsed: elapsedS(view.snapshot),
    rate_5s: ghs(hashrate.recentMeasuredThs),
    rate_30m: ghsHalfHour(view.snapshot),
    rate_avg: ghs(hashrate.measuredThs),
    rate_ideal: ghs(hashrate.expectedThs),
    rate_unit: "GH/s",
  };
}

export function summaryReport(view: FaceView): Report {
  const { snapshot } = view;
  return {
    ...reportHead(view, "summary"),
    SUMMARY: [
      {
        ...rates(view),
        hw_all: hardwareErrors(snapshot),
        bestshare: Math.floor(snapshot.pool.shares.bestDifficulty),
        status: statusItems(snapshot),
      },
    ],
  };
}

export function statsReport(view: FaceView): Report {
  const { snapshot } = view;
  const fans = rpmOf(snapshot);
  return {
    ...reportHead(view, "stats"),
    STATS: [
      {
        ...rates(view),
        chain_num: snapshot.chains.length,
        fan_num: fans.length,
        fan: fans,
        hwp_total: hardwareErrorPct(snapshot.chains),
        // Any number but 0 is taken for sleeping, so that low and high power are 0 as well.
        "miner-mode": snapshot.isPausedByOwner ? 1 : 0,
        "freq-level": 100,
        chain: snapshot.chains.map(chainReport),
      },
    ],
  };
}

function chainReport(chain: ChainSnapshot): Report {
  return {
    index: chain.index,
    freq_avg: rounded(chain.frequencyMhz ?? 0),
    rate_ideal: ghs(chain.hashrate.expectedThs),
    rate_real: ghs(chain.hashrate.recentMeasuredThs),
    asic_num: chain.chips,
    asic: chipLetters(chain),
    temp_pic: fourTimes(chain.temperatureBoardMaxC),
    temp_pcb: fourTimes(chain.temperatureBoardMaxC),
    temp_chip: fourTimes(chain.temperatureChipMaxC),
    hw: chain.nonces.hardwareError,
    hwp: hardwareErrorPct([chain]),
    eeprom_loaded: chain.boardSerial !== null,
    sn: chain.boardSerial ?? "",
    tpl: [],
  };
}

export function poolsReport(view: FaceView): Report {
  const { pools } = view.snapshot;
  const slots = Array.from({ length: POOL_SLOTS }, (_, i) => poolReport(pools[i] ?? null, i, view.wallTimeMs));
  return { ...reportHead(view, "pools"), POOLS: slots };
}

/** An empty slot counts as dead: a manager raises "all pools dead" only when every slot says so. */
function poolReport(pool: PoolSnapshot | null, index: number, wallTimeMs: number): Report {
  const shares = pool?.shares;
  return {
    index,
    url: pool?.urlAsWritten ?? "",
    user: pool?.user ?? "",
    status: pool !== null && isPoolAlive(pool) ? "Alive" : "Dead",
    priority: index,
    getworks: pool?.notifies ?? 0,
    accepted: shares?.accepted ?? 0,
    rejected: shares?.rejected ?? 0,
    discarded: 0,
    stale: shares?.stale ?? 0,
    diff: shortDifficulty(pool?.difficulty ?? null),
    diff1: diff1Shares(pool?.verifiedWork ?? 0),
    diffa: rounded(shares?.acceptedDifficulty ?? 0),
    diffr: pool === null ? 0 : difficultyOf(pool, pool.shares.rejected),
    diffs: pool === null ? 0 : difficultyOf(pool, pool.shares.stale),
    lsdiff: shares !== undefined && shares.accepted > 0 ? (pool?.difficulty ?? 0) : 0,
    lstime: agoText(shares?.lastAcceptedAtWallMs ?? null, wallTimeMs),
  };
}

const CHART_MS = 24 * 3_600_000;

/** The last day: all chains together, then each, as means of five minutes. */
export function chartReport(view: FaceView): Report {
  const { snapshot, wallTimeMs, history } = view;
  const chains = snapshot.chains.map(({ index }) => index);
  const names = ["rate_avg", ...chains.map((index) => `chain${index}`)];
  const fields = ["hashrateThs", ...chains.map((index) => `chain${index}Ths`)];
  const past = history?.(wallTimeMs - CHART_MS, wallTimeMs + 1, fields);
  const { timesMs, values } = past === undefined || past.timesMs.length === 0 ? momentOf(view) : past;
  const series = names.map((name, i) => ({ name, data: timesMs.map((_, at) => ghs(values[i]?.[at] ?? null)) }));
  return { ...reportHead(view, "rate"), RATE: [{ unit: "GH/s", xAxis: timesMs.map(hourAndMinute), series }] };
}

/** The one point that a snapshot knows, where there is no history. */
function momentOf({ snapshot, wallTimeMs }: FaceView): HistorySeries {
  const rates = [snapshot.hashrate, ...snapshot.chains.map(({ hashrate }) => hashrate)];
  return { timesMs: [wallTimeMs], values: rates.map(({ recentMeasuredThs }) => [recentMeasuredThs]) };
}

/** Clients draw these words below the line. In UTC, as all clocks of the machine. */
function hourAndMinute(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(11, 16);
}

export function warningReport(view: FaceView): Report {
  const items = statusItems(view.snapshot).filter(({ status }) => status !== "s");
  return { ...reportHead(view, "warning"), WARNING: items };
}
