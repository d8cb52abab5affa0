/**
 * Sections of the reports as tables of fields, in the names, order and types of bmminer, which the clients of this socket
 * read (public notes on the clients). What such clients need as a number is 0 where the machine does not know it.
 */
import { type ListedPool, listedPools } from "../listed-pools.ts";
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
  meanFrequencyMhz,
  percentOf,
  rounded,
  rpmOf,
  shortDifficulty,
} from "../stock/figures.ts";
import { POOL_SLOTS } from "../stock/reports.ts";
import type { FieldValue, Row } from "./reply.ts";

type Fields<T> = readonly (readonly [name: string, read: (from: T) => FieldValue])[];

function rowOf<T>(fields: Fields<T>, from: T): Row {
  return fields.map(([name, read]) => [name, read(from)] as const);
}

/** The socket's own version: what clients compare features by. */
export const API_VERSION = "3.1";
const MEGA = 1e6;

const IDENTITY: Fields<FaceView> = [
  ["BMMiner", ({ facts }) => facts.version],
  ["Miner", ({ facts }) => `kumpel ${facts.version}`],
  ["CompileTime", ({ facts }) => compileTime(facts)],
  ["Type", ({ snapshot }) => marketingName(snapshot.machine)],
];

export function versionRow(view: FaceView): Row {
  const [program, ...rest] = rowOf(IDENTITY, view);
  return program === undefined ? [] : [program, ["API", API_VERSION], ...rest];
}

function perMinute(count: number, { snapshot }: FaceView): number {
  return rounded((count * 60_000) / Math.max(1000, snapshot.uptimeMs));
}

function rejectedPct(pool: PoolSnapshot): number {
  return percentOf(pool.shares.rejected, pool.shares.accepted + pool.shares.rejected + pool.shares.stale);
}

function stalePct(pool: PoolSnapshot): number {
  return percentOf(pool.shares.stale, pool.shares.accepted + pool.shares.rejected + pool.shares.stale);
}

const SUMMARY: Fields<FaceView> = [
  ["Elapsed", ({ snapshot }) => elapsedS(snapshot)],
  ["GHS 5s", ({ snapshot }) => ghs(snapshot.hashrate.recentMeasuredThs)],
  ["GHS av", ({ snapshot }) => ghs(snapshot.hashrate.measuredThs)],
  ["GHS 30m", ({ snapshot }) => ghsHalfHour(snapshot)],
  // A found block is not told apart from any other share.
  ["Found Blocks", () => 0],
  ["Getworks", ({ snapshot }) => snapshot.pool.notifies],
  ["Accepted", ({ snapshot }) => snapshot.pool.shares.accepted],
  ["Rejected", ({ snapshot }) => snapshot.pool.shares.rejected],
  ["Hardware Errors", ({ snapshot }) => hardwareErrors(snapshot)],
  ["Utility", (view) => perMinute(view.snapshot.pool.shares.accepted, view)],
  ["Discarded", () => 0],
  ["Stale", ({ snapshot }) => snapshot.pool.shares.stale],
  ["Get Failures", () => 0],
  ["Local Work", ({ snapshot }) => snapshot.chains.reduce((sum, { link }) => sum + link.jobsWritten, 0)],
  ["Remote Failures", ({ snapshot }) => snapshot.pool.shares.lost],
  ["Network Blocks", () => 0],
  ["Total MH", ({ snapshot }) => rounded(snapshot.pool.verifiedWork / MEGA, 4)],
  ["Work Utility", (view) => perMinute(diff1Shares(view.snapshot.pool.verifiedWork), view)],
  ["Difficulty Accepted", ({ snapshot }) => rounded(snapshot.pool.shares.acceptedDifficulty)],
  ["Difficulty Rejected", ({ snapshot }) => difficultyOf(snapshot.pool, snapshot.pool.shares.rejected)],
  ["Difficulty Stale", ({ snapshot }) => difficultyOf(snapshot.pool, snapshot.pool.shares.stale)],
  ["Best Share", ({ snapshot }) => Math.floor(snapshot.pool.shares.bestDifficulty)],
  ["Device Hardware%", ({ snapshot }) => hardwareErrorPct(snapshot.chains)],
  ["Device Rejected%", ({ snapshot }) => rejectedPct(snapshot.pool)],
  ["Pool Rejected%", ({ snapshot }) => rejectedPct(snapshot.pool)],
  ["Pool Stale%", ({ snapshot }) => stalePct(snapshot.pool)],
  ["Last getwork", () => 0],
];

export function summaryRow(view: FaceView): Row {
  return rowOf(SUMMARY, view);
}

export function statsRows(view: FaceView): Row[] {
  const { snapshot, facts } = view;
  const { hashrate, chains } = snapshot;
  const fans = rpmOf(snapshot);
  const hottest = chains.map((c) => Math.max(c.temperatureBoardMaxC ?? 0, c.temperatureChipMaxC ?? 0));
  const head: Row = [
    ["STATS", 0],
    ["ID", `${chains[0]?.chip ?? "none"}0`],
    ["Elapsed", elapsedS(snapshot)],
    ["Calls", 0],
    ["Wait", 0],
    ["Max", 0],
    ["Min", 0],
    ["GHS 5s", ghs(hashrate.recentMeasuredThs)],
    ["GHS av", ghs(hashrate.measuredThs)],
    ["rate_30m", ghsHalfHour(snapshot)],
    ["Mode", snapshot.isPausedByOwner ? 1 : 0],
    ["miner_count", chains.length],
    ["frequency", meanFrequencyMhz(chains)],
    ["fan_num", fans.length],
  ];
  const tail: Row = [
    ["total_rateideal", ghs(hashrate.expectedThs)],
    ["rate_unit", "GH"],
    ["total_freqavg", meanFrequencyMhz(chains)],
    ["total_acn", chains.reduce((sum, { chips }) => sum + chips, 0)],
    ["total rate", ghs(hashrate.recentMeasuredThs)],
    ["temp_max", Math.round(Math.max(0, ...hottest))],
    ["no_matching_work", chains.reduce((sum, { nonces }) => sum + nonces.unknownWork, 0)],
    // Only where it is measured: a client takes any number here for the truth.
    ...(facts.powerW === null ? [] : ([["chain_power", `${Math.round(facts.powerW)} W`]] as const)),
    ["miner_version", `kumpel ${facts.version}`],
    ["miner_id", facts.serialNumber ?? ""],
  ];
  const fanFields = fans.map((rpm, i) => [`fan${i + 1}`, rpm] as const);
  return [
    rowOf(IDENTITY, view),
    [...head, ...fanFields, ["temp_num", chains.length], ...chains.flatMap(chainFields), ...tail],
  ];
}

/** Chains count from 1 here. */
const CHAIN: Fields<ChainSnapshot> = [
  ["temp", (c) => Math.round(c.temperatureBoardMaxC ?? 0)],
  ["temp2_", (c) => Math.round(c.temperatureChipMaxC ?? 0)],
  ["temp_pcb", (c) => fourTimes(c.temperatureBoardMaxC).join("-")],
  ["temp_chip", (c) => fourTimes(c.temperatureChipMaxC).join("-")],
  ["temp_pic", (c) => fourTimes(c.temperatureBoardMaxC).join("-")],
  ["freq", (c) => rounded(c.frequencyMhz ?? 0)],
  ["chain_acn", (c) => c.chips],
  ["chain_acs", (c) => chipLetters(c)],
  ["chain_hw", (c) => c.nonces.hardwareError],
  ["chain_rate", (c) => ghs(c.hashrate.recentMeasuredThs).toFixed(2)],
];

function chainFields(chain: ChainSnapshot): Row {
  return CHAIN.map(([name, read]) => [`${name}${chain.index + 1}`, read(chain)] as const);
}

interface PoolSlot {
  readonly index: number;
  readonly listed: ListedPool | null;
  /** Null: an empty slot, or one that begins with the restart. */
  readonly pool: PoolSnapshot | null;
  readonly wallTimeMs: number;
}

const POOL: Fields<PoolSlot> = [
  ["POOL", ({ index }) => index],
  ["URL", ({ listed }) => listed?.url ?? ""],
  ["Status", ({ listed, pool }) => (isSlotAlive(listed, pool) ? "Alive" : "Dead")],
  ["Priority", ({ index }) => index],
  ["Quota", () => 1],
  ["Long Poll", () => "N"],
  ["Getworks", ({ pool }) => pool?.notifies ?? 0],
  ["Accepted", ({ pool }) => pool?.shares.accepted ?? 0],
  ["Rejected", ({ pool }) => pool?.shares.rejected ?? 0],
  ["Discarded", () => 0],
  ["Stale", ({ pool }) => pool?.shares.stale ?? 0],
  ["Get Failures", () => 0],
  ["Remote Failures", ({ pool }) => pool?.shares.lost ?? 0],
  ["User", ({ listed }) => listed?.user ?? ""],
  ["Last Share Time", ({ pool, wallTimeMs }) => agoText(pool?.shares.lastAcceptedAtWallMs ?? null, wallTimeMs)],
  ["Diff", ({ pool }) => shortDifficulty(pool?.difficulty ?? null)],
  ["Diff1 Shares", ({ pool }) => diff1Shares(pool?.verifiedWork ?? 0)],
  ["Proxy Type", () => ""],
  ["Proxy", () => ""],
  ["Difficulty Accepted", ({ pool }) => rounded(pool?.shares.acceptedDifficulty ?? 0)],
  ["Difficulty Rejected", ({ pool }) => (pool === null ? 0 : difficultyOf(pool, pool.shares.rejected))],
  ["Difficulty Stale", ({ pool }) => (pool === null ? 0 : difficultyOf(pool, pool.shares.stale))],
  ["Last Share Difficulty", ({ pool }) => (pool !== null && pool.shares.accepted > 0 ? (pool.difficulty ?? 0) : 0)],
  ["Has Stratum", ({ listed }) => listed !== null],
  ["Stratum Active", ({ pool }) => pool?.isWorking === true && pool.state === "mining"],
  ["Stratum URL", ({ pool }) => (pool?.isWorking === true ? hostOf(pool.url) : "")],
  ["Has GBT", () => false],
  ["Best Share", ({ pool }) => Math.floor(pool?.shares.bestDifficulty ?? 0)],
  ["Pool Rejected%", ({ pool }) => (pool === null ? 0 : rejectedPct(pool))],
  ["Pool Stale%", ({ pool }) => (pool === null ? 0 : stalePct(pool))],
  // Recent stock doubles the sign; its clients read the doubled names.
  ["Pool Rejected%%", ({ pool }) => (pool === null ? 0 : rejectedPct(pool))],
  ["Pool Stale%%", ({ pool }) => (pool === null ? 0 : stalePct(pool))],
];

/** Of one that begins with the restart nothing bad is known. */
function isSlotAlive(listed: ListedPool | null, pool: PoolSnapshot | null): boolean {
  return listed !== null && (pool === null || isPoolAlive(pool));
}

function hostOf(url: string): string {
  return url.replace(/^[a-z0-9+]+:\/\//i, "").replace(/[:/].*$/, "");
}

/** Never fewer than three slots, as everywhere; more only where the owner has more pools. */
export function poolRows(view: FaceView): Row[] {
  const listed = listedPools(view);
  const count = Math.max(POOL_SLOTS, listed.length);
  return Array.from({ length: count }, (_, index) => {
    const entry = listed[index] ?? null;
    return rowOf(POOL, { index, listed: entry, pool: entry?.running ?? null, wallTimeMs: view.wallTimeMs });
  });
}
