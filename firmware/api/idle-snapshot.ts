/**
 * The snapshot of a machine on which nothing is switched on, for faces whose clients take a machine without an answer for
 * none at all. Counts are 0, since nothing was done; what nobody looked at is unknown.
 */
import { NO_UPDATER } from "../update/update-status.ts";
import type { MinerSnapshot, Percentiles, PoolSnapshot } from "./snapshot.ts";

/** Of a machine on which nothing is switched on. */
export interface Idle {
  readonly reason: string;
  /** Nothing but a pool is missing: the first one lets the run begin. */
  readonly lacksPool: boolean;
  /** Model as the settings name it; empty = they do not, and nobody looked. */
  readonly machine: string;
  /** On the clock: since when. */
  readonly sinceMs: number;
}

const NO_LATENCY: Percentiles = { p50: null, p99: null };
const NO_WORK = { expected: 0, reported: 0, verified: 0, submitted: 0, accepted: 0 } as const;

const NO_POOL: PoolSnapshot = {
  url: "",
  urlAsWritten: "",
  user: "",
  group: 0,
  isWorking: false,
  state: "stopped",
  reason: "",
  lastNotice: "",
  family: null,
  warnings: [],
  connects: 0,
  notifies: 0,
  difficulty: null,
  verifiedWork: 0,
  shares: {
    submitted: 0,
    accepted: 0,
    acceptedDifficulty: 0,
    rejected: 0,
    stale: 0,
    duplicate: 0,
    lost: 0,
    lastRejectText: "",
    bestDifficulty: 0,
    lastAcceptedAtWallMs: null,
  },
};

/** @param uptimeMs since the program began to idle. */
export function idleSnapshot({ machine, reason }: Idle, uptimeMs: number): MinerSnapshot {
  return {
    uptimeMs,
    machine,
    controlBoard: "",
    emulationLabel: null,
    experimental: [],
    firstAcceptedShareMs: null,
    prescribedWaitMs: 0,
    isPowerOn: false,
    // Nobody paused it: to its managers it is not asleep.
    pauseReason: null,
    isPausedByOwner: false,
    pool: NO_POOL,
    pools: [],
    poolReason: reason,
    block: null,
    chains: [],
    hashrate: { expectedThs: null, measuredThs: null, recentMeasuredThs: null },
    thermal: { phase: "warmUp", reason, trouble: null, fanDutyPct: 0, fansRpm: [] },
    truth: { "1m": NO_WORK, "10m": NO_WORK, "1h": NO_WORK, "24h": NO_WORK },
    shutdownReason: null,
    whyRestarted: null,
    recentIncidents: [],
    watchdogS: null,
    update: NO_UPDATER,
    alarms: [reason],
    earningAlarm: null,
    latencyMs: {
      notifyToFirstWork: NO_LATENCY,
      notifyToLastChain: NO_LATENCY,
      nonceToSubmit: NO_LATENCY,
      submitRoundTrip: NO_LATENCY,
    },
  };
}
