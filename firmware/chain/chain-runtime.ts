/** Everything of one chain that outlives its restarts: registry, counters, hashrate, validator. */

import type { ChainChipFacts } from "#drivers/hash-chain.ts";
import type { Clock } from "#hal/clock.ts";
import type { Share } from "../job/job.ts";
import { hashesPerTicket } from "../share/difficulty.ts";
import { NonceValidator } from "../share/nonce-validator.ts";
import { ChipCounters } from "../stats/chip-counters.ts";
import { RecentNonces } from "../stats/feed-alarm.ts";
import { HashrateEstimator } from "../stats/hashrate-estimator.ts";
import type { MerkleRootBuilder } from "../work/merkle.ts";
import { WorkBuilder } from "../work/work-builder.ts";
import { WorkRegistry } from "../work/work-registry.ts";

export interface ChainRuntimeOptions {
  clock: Clock;
  chainIndex: number;
  chains: number;
  expectedChips: number;
  facts: ChainChipFacts;
  merkle: MerkleRootBuilder;
  poolScale: number;
  onShare: (share: Share) => void;
  /** Hashes that a valid nonce stands for, and the pool whose work it was. */
  onVerified: (pool: number, hashes: number) => void;
}

export interface ChainRuntime {
  readonly chainIndex: number;
  readonly registry: WorkRegistry;
  readonly builder: WorkBuilder;
  readonly counters: ChipCounters;
  readonly hashrate: HashrateEstimator;
  readonly validator: NonceValidator;
  readonly recentNonces: RecentNonces;
}

export function createChainRuntime(options: ChainRuntimeOptions): ChainRuntime {
  const { clock, chainIndex, chains, expectedChips, facts, merkle, poolScale, onShare, onVerified } = options;
  const registry = new WorkRegistry(facts.wireIdCount, facts.retiredIdCount, facts.noncesPerWork);
  const counters = new ChipCounters(expectedChips);
  const hashrate = new HashrateEstimator();
  const validator = new NonceValidator({
    chainIndex,
    registry,
    counters,
    poolScale,
    onShare,
    onValid: (ticketDifficulty, pool) => {
      const hashes = hashesPerTicket(ticketDifficulty);
      hashrate.addFound(clock.nowMs(), hashes);
      onVerified(pool, hashes);
    },
  });
  const builder = new WorkBuilder({ merkle, chainPosition: chainIndex, chains, midstatesMax: facts.midstatesMax });
  return { chainIndex, registry, builder, counters, hashrate, validator, recentNonces: new RecentNonces() };
}
