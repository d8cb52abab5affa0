/** Pools as the snapshot shows them: each by itself, and all together as one. */
import type { BlockSnapshot, ChainSnapshot, PoolShares, PoolSnapshot } from "./api/snapshot.ts";
import type { MinerParts } from "./miner-parts.ts";
import { difficultyOfBits } from "./share/difficulty.ts";
import { maxKnown } from "./stats/known-values.ts";
import type { PoolStats } from "./stats/pool-stats.ts";
import { shownHash } from "./work/header.ts";

const ROLLING_OFF = "version rolling is off: the pool grants no version bits";

/** One entry a pool, in the owner's order. Passwords are not part of it. */
export function poolSnapshots(parts: MinerParts): PoolSnapshot[] {
  const { pools } = parts;
  return pools.pools.map(({ group, settings, stats, link, isWorking, shunReason }): PoolSnapshot => {
    return {
      url: settings.address.url,
      urlAsWritten: settings.address.asWritten,
      user: settings.user,
      group,
      isWorking,
      state: stats.state,
      reason: shunReason ?? stats.reason,
      lastNotice: stats.lastNotice,
      family: link.family,
      warnings: stats.isRollingOff ? [ROLLING_OFF] : [],
      connects: stats.connects,
      notifies: stats.notifies,
      difficulty: stats.difficulty,
      verifiedWork: stats.verifiedHashes,
      shares: sharesOf(stats, parts),
    };
  });
}

/** The pool that is worked for (or the first), with the counts of all of them. */
export function poolSummary(parts: MinerParts, chains: readonly ChainSnapshot[]): PoolSnapshot {
  const all = poolSnapshots(parts);
  const shown = all.find((pool) => pool.isWorking) ?? all[0];
  if (shown === undefined) throw new Error("a miner has at least one pool");
  const sum = (pick: (pool: PoolSnapshot) => number): number => all.reduce((total, pool) => total + pick(pool), 0);
  const shares: PoolShares = {
    submitted: sum((p) => p.shares.submitted),
    accepted: sum((p) => p.shares.accepted),
    acceptedDifficulty: sum((p) => p.shares.acceptedDifficulty),
    rejected: sum((p) => p.shares.rejected),
    stale: sum((p) => p.shares.stale),
    duplicate: sum((p) => p.shares.duplicate),
    lost: sum((p) => p.shares.lost),
    lastRejectText: shown.shares.lastRejectText,
    bestDifficulty: Math.max(...all.map((p) => p.shares.bestDifficulty)),
    lastAcceptedAtWallMs: maxKnown(all.map((p) => p.shares.lastAcceptedAtWallMs)),
  };
  return {
    ...shown,
    warnings: [...shown.warnings, ...poolWarnings(parts, chains)],
    connects: sum((p) => p.connects),
    notifies: sum((p) => p.notifies),
    verifiedWork: sum((p) => p.verifiedWork),
    shares,
  };
}

/**
 * A monotonic time on the wall clock as that is now: it is set after the start on most boards, and what it told before is
 * of no use.
 */
function onTheWall({ options: { clock } }: MinerParts, atMs: number): number {
  return Math.round(clock.wallTimeMs() - clock.nowMs() + atMs);
}

/** What the pool that is worked for (or the first) builds on. */
export function blockSnapshot(parts: MinerParts): BlockSnapshot | null {
  const { blockJob } = shownStats(parts);
  if (blockJob === null) return null;
  return {
    hash: shownHash(blockJob.prevHash),
    seenAtWallMs: onTheWall(parts, blockJob.receivedAtMs),
    networkDifficulty: difficultyOfBits(blockJob.nBits),
  };
}

function sharesOf(stats: PoolStats, parts: MinerParts): PoolShares {
  return {
    submitted: stats.submittedCount,
    accepted: stats.accepted,
    acceptedDifficulty: stats.acceptedDifficulty,
    rejected: stats.rejected,
    stale: stats.stale,
    duplicate: stats.duplicate,
    lost: stats.lost,
    lastRejectText: stats.lastRejectText,
    bestDifficulty: stats.bestShareDifficulty,
    lastAcceptedAtWallMs: stats.lastAcceptedAtMs === null ? null : onTheWall(parts, stats.lastAcceptedAtMs),
  };
}

/** What a pool's own settings take away is told here and lowers the expectation, so that no alarm blames a chain. */
function poolWarnings(parts: MinerParts, chains: readonly ChainSnapshot[]): string[] {
  const warnings: string[] = [];
  const coverage = Math.min(1, ...chains.filter((c) => c.state === "hashing").map((c) => c.coverage));
  if (coverage < 1) {
    warnings.push(
      `the pool grants too few version bits: ${(100 * coverage).toPrecision(2)} % of the hashrate is of use`,
    );
  }
  const hidden = parts.chains.find(({ supervisor }) => supervisor.ticket?.isAbovePool === true);
  if (hidden !== undefined) warnings.push(hidden.supervisor.ticket?.reason ?? "");
  return warnings;
}

/** When the first share of any pool was accepted, on the miner's clock; null = not yet. */
export function firstAcceptedAtMs(parts: MinerParts): number | null {
  const times = parts.pools.pools.map(({ stats }) => stats.firstAcceptedAtMs).filter((t) => t !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** Round trips of the pool that is worked for, or of the first. */
export function shownStats(parts: MinerParts): PoolStats {
  const { pools } = parts.pools;
  const shown = pools.find(({ isWorking }) => isWorking) ?? pools[0];
  if (shown === undefined) throw new Error("a miner has at least one pool");
  return shown.stats;
}
