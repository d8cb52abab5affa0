/**
 * The one typed picture of the machine, taken once a second: what every face reads and the run report is written from.
 * Units end the names; null means unknown, never 0.
 */
import type { ChainPhase } from "../chain/chain-machine.ts";
import type { ThermalPhase, ThermalTrouble } from "../control/thermal-types.ts";
import type { Incident } from "../incidents/incident.ts";
import type { NonceOutcome, OutcomeCounts } from "../stats/chip-counters.ts";
import type { PoolState } from "../stats/pool-stats.ts";
import type { TruthRow, TruthWindow } from "../stats/share-truth.ts";
import type { UpdateStatus } from "../update/update-status.ts";

export interface Percentiles {
  readonly p50: number | null;
  readonly p99: number | null;
}

export interface ChainSnapshot {
  readonly index: number;
  /** As the maker wrote it into the hashboard; null = it has none, or it cannot be read. */
  readonly boardSerial: string | null;
  readonly chip: string;
  readonly chips: number;
  readonly chipsExpected: number;
  readonly state: ChainPhase;
  /** Why it is in that state, in words. */
  readonly reason: string;
  readonly frequencyMhz: number | null;
  readonly voltageV: number | null;
  readonly temperatureBoardMaxC: number | null;
  readonly temperatureChipMaxC: number | null;
  readonly ticketDifficulty: number | null;
  readonly ticketReason: string;
  readonly feedPeriodMs: number | null;
  /** Part of the hashing that a narrow version mask leaves useful: 1 = all. */
  readonly coverage: number;
  readonly nonces: OutcomeCounts;
  readonly hashrate: {
    readonly expectedThs: number | null;
    readonly measuredThs: number | null;
    readonly recentMeasuredThs: number | null;
  };
  readonly link: { readonly resyncBytes: number; readonly crcErrors: number; readonly jobsWritten: number };
}

export interface PoolSnapshot {
  /** Normalised: `stratum+tcp://HOST:PORT`. */
  readonly url: string;
  /** Letter by letter as the owner or a manager wrote it: managers compare texts. */
  readonly urlAsWritten: string;
  readonly user: string;
  /** Number of the pool group; groups share the hashrate by their quotas. */
  readonly group: number;
  /** The chips work for this one. */
  readonly isWorking: boolean;
  readonly state: PoolState;
  readonly reason: string;
  readonly lastNotice: string;
  /** Address family of the connection; null = none, or a proxy's. */
  readonly family: "IPv4" | "IPv6" | null;
  /** What this pool's settings cost, in words; empty when nothing. */
  readonly warnings: readonly string[];
  readonly connects: number;
  readonly notifies: number;
  readonly difficulty: number | null;
  /** Hashes that its valid nonces stand for. */
  readonly verifiedWork: number;
  readonly shares: PoolShares;
}

export interface PoolShares {
  readonly submitted: number;
  readonly accepted: number;
  readonly acceptedDifficulty: number;
  readonly rejected: number;
  readonly stale: number;
  readonly duplicate: number;
  readonly lost: number;
  readonly lastRejectText: string;
  readonly bestDifficulty: number;
  /** When the last one was accepted, by the wall clock as it is now. */
  readonly lastAcceptedAtWallMs: number | null;
}

/** What the pool builds its jobs on. */
export interface BlockSnapshot {
  /** Of the newest block that the pool knows, as explorers show it. */
  readonly hash: string;
  /** When its first job came, by the wall clock as it is now. */
  readonly seenAtWallMs: number;
  readonly networkDifficulty: number | null;
}

export interface MinerSnapshot {
  /** Monotonic ms since the miner started. */
  readonly uptimeMs: number;
  readonly machine: string;
  readonly controlBoard: string;
  /** What runs here that is not a real machine (emulated chips, scale); null on real hardware. */
  readonly emulationLabel: string | null;
  /** Why mining with this machine is an experiment, each a clause; empty where it is none. */
  readonly experimental: readonly string[];
  readonly firstAcceptedShareMs: number | null;
  readonly prescribedWaitMs: number;
  readonly isPowerOn: boolean;
  /** Why hashing is paused, or null. */
  readonly pauseReason: string | null;
  /** Somebody ordered that pause: to its managers it sleeps. False: there is none, or it only waits for its pools. */
  readonly isPausedByOwner: boolean;
  /** The pool that is worked for, with the counts of all pools. */
  readonly pool: PoolSnapshot;
  /** Each pool by itself, in the owner's order. */
  readonly pools: readonly PoolSnapshot[];
  /** Why that pool works, or none. */
  readonly poolReason: string;
  /** Of the pool that is worked for; null = it gave no job yet. */
  readonly block: BlockSnapshot | null;
  readonly chains: readonly ChainSnapshot[];
  readonly hashrate: {
    readonly expectedThs: number | null;
    readonly measuredThs: number | null;
    readonly recentMeasuredThs: number | null;
  };
  readonly thermal: {
    readonly phase: ThermalPhase;
    readonly reason: string;
    /** What of the cooling that reason finds out of order; null = heat alone, or nothing. */
    readonly trouble: ThermalTrouble | null;
    readonly fanDutyPct: number;
    readonly fansRpm: readonly (number | null)[];
  };
  /** Hashes of the last minute to day in five readings, each nearer to the money than the one before. */
  readonly truth: Readonly<Record<TruthWindow, TruthRow>>;
  /** Why the machine is shut down until the owner acknowledges it; null = it is not. */
  readonly shutdownReason: string | null;
  /** Why it last stopped before this run, in one sentence; null = nothing is known. */
  readonly whyRestarted: string | null;
  /** The last ones, oldest first. */
  readonly recentIncidents: readonly Incident[];
  /** Seconds until a hang of the program resets the board; null = nothing would. */
  readonly watchdogS: number | null;
  readonly update: UpdateStatus;
  /** Findings that an owner should look at, each one sentence. */
  readonly alarms: readonly string[];
  /** The one of them that tells why nothing is earned; null = none does. */
  readonly earningAlarm: string | null;
  readonly latencyMs: {
    readonly notifyToFirstWork: Percentiles;
    readonly notifyToLastChain: Percentiles;
    readonly nonceToSubmit: Percentiles;
    readonly submitRoundTrip: Percentiles;
  };
}

/** Nonces of all chains that ended this way. */
export function totalNonces(snapshot: MinerSnapshot, outcome: NonceOutcome): number {
  return snapshot.chains.reduce((sum, chain) => sum + chain.nonces[outcome], 0);
}
