/**
 * Everything between a pool and a chip, without the chip: real links, fail-over, scheduler and validator in virtual time,
 * and works that a test answers with nonces of its own choice. Both sides are at Bitcoin's scale; the ticket lies below the
 * nonces of the public cases, which no real chip could report.
 */
import type { ChainChipFacts, ChainWork, WorkSink } from "#drivers/hash-chain.ts";
import { type ChainRuntime, createChainRuntime } from "#firmware/chain/chain-runtime.ts";
import type { Share } from "#firmware/job/job.ts";
import { createLog, type Log } from "#firmware/log.ts";
import { type PoolGroup, PoolGroups } from "#firmware/pool/pool-groups.ts";
import { ticketTarget } from "#firmware/share/difficulty.ts";
import type { NonceOutcome } from "#firmware/stats/chip-counters.ts";
import { LatencyHistogram } from "#firmware/stats/latency-histogram.ts";
import type { PoolStats } from "#firmware/stats/pool-stats.ts";
import type { ShareOutcome } from "#firmware/stratum/share-outcome.ts";
import { MerkleRootBuilder } from "#firmware/work/merkle.ts";
import { Scheduler } from "#firmware/work/scheduler.ts";
import { MemoryNetwork } from "#hal/emulator/memory-network.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Network } from "#hal/network.ts";
import { POOL_PORT, rigPool } from "./rig.ts";

export interface NonceRigOptions {
  /** First extranonce2 value as the counter counts it (little-endian); default `00000001` of four bytes. */
  firstExtranonce2?: number;
  ticketDifficulty?: number;
  /** Time that a work's headers last; default a second's feed. */
  epochMs?: number;
  poolGroups?: readonly PoolGroup[];
  log?: Log;
  wrapNetwork?: (network: Network, clock: VirtualClock) => Network;
  clock?: VirtualClock;
}

export interface SentWork {
  readonly wireId: number;
  readonly headerHex: string;
  readonly jobId: string;
  readonly versionMask: number;
  readonly sentAtMs: number;
}

const FACTS: ChainChipFacts = {
  chip: "BM1366",
  engines: 1,
  wireIdCount: 128,
  retiredIdCount: 16,
  versionMask: 0x1fffe000,
  midstatesMax: 0,
  noncesPerWork: 64,
};

export class NonceRig {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly pools: PoolGroups;
  readonly scheduler: Scheduler;
  readonly runtime: ChainRuntime;
  readonly works: SentWork[] = [];
  readonly ended: { share: Share; outcome: ShareOutcome }[] = [];
  readonly #ticketDifficulty: number;
  readonly #epochMs: number;
  readonly #stop = new AbortController();
  #run: Promise<void> = Promise.resolve();

  constructor(options: NonceRigOptions = {}) {
    this.clock = options.clock ?? new VirtualClock();
    this.network = new MemoryNetwork({ clock: this.clock });
    this.#ticketDifficulty = options.ticketDifficulty ?? 0.0004;
    this.#epochMs = options.epochMs ?? 10_000;
    const groups = options.poolGroups ?? [{ quota: 1, pools: [rigPool(POOL_PORT, "alice.1")] }];
    const first = options.firstExtranonce2 ?? 0x01000000;
    const { clock } = this;
    const stats = { notifyToFirstWork: new LatencyHistogram(), notifyToLastChain: new LatencyHistogram() };
    this.scheduler = new Scheduler({ clock, stats, chainTotal: 1 });
    this.pools = new PoolGroups({
      log: options.log ?? createLog("silent"),
      clock,
      random: new SeededRandom(7),
      network: options.wrapNetwork?.(this.network, clock) ?? this.network,
      groups,
      agent: "kumpel/test",
      poolScale: 1,
      nonceToSubmit: new LatencyHistogram(),
      chipVersionMask: FACTS.versionMask,
      sinkOf: (group) => this.scheduler.sink(group),
      onJob: () => undefined,
      onSubmitted: () => undefined,
      onShareEnded: (share, outcome) => this.ended.push({ share, outcome }),
      onNoJob: () => undefined,
      onLine: () => undefined,
      onDecided: () => undefined,
    });
    this.runtime = createChainRuntime({
      clock,
      chainIndex: first,
      chains: first + 1,
      expectedChips: 1,
      facts: FACTS,
      merkle: new MerkleRootBuilder(),
      poolScale: 1,
      onShare: (share) => this.pools.submit(share),
      onVerified: (pool, hashes) => this.pools.verified(pool, hashes),
    });
  }

  get stats(): PoolStats {
    const stats = this.pools.pools[0]?.stats;
    if (stats === undefined) throw new Error("there is no pool");
    return stats;
  }

  /** Starts the links and the only chain, and lets virtual time run for `ms`. */
  async start(ms = 1_000): Promise<this> {
    this.startChain();
    this.#run = this.pools.run(this.#stop.signal);
    await this.advance(ms);
    return this;
  }

  startChain(): void {
    this.scheduler.addChain({
      chainIndex: this.runtime.chainIndex,
      sink: this.#sink(),
      registry: this.runtime.registry,
      builder: this.runtime.builder,
      ticketDifficulty: this.#ticketDifficulty,
      ticketTarget: ticketTarget(this.#ticketDifficulty, 1),
    });
  }

  stopChain(): void {
    this.scheduler.removeChain(this.runtime.chainIndex);
  }

  /** The chip reports a nonce for a work, by default the first one. */
  report(nonce: number, versionBits = 0, work: SentWork | undefined = this.works[0]): NonceOutcome {
    if (work === undefined) throw new Error("no work was sent");
    return this.runtime.validator.check(work.wireId, nonce, versionBits, 0, this.clock.nowMs());
  }

  /** Merkle root in header order of the present job under another extranonce2 than the counter's. */
  rootOfJob(extranonce2Hex: string): string {
    const { job } = this.scheduler;
    if (job === null) throw new Error("there is no job");
    const root = new Uint8Array(32);
    new MerkleRootBuilder().build(root, 0, job, Buffer.from(extranonce2Hex, "hex"));
    return Buffer.from(root).toString("hex");
  }

  advance(ms: number): Promise<void> {
    return this.clock.advance(ms);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.advance(1_000);
    await this.#run;
    this.stopChain();
  }

  #note(work: ChainWork): void {
    const kept = this.runtime.registry.lookup(work.wireId);
    this.works.push({
      wireId: work.wireId,
      headerHex: Buffer.from(work.header).toString("hex"),
      jobId: kept?.job?.jobId ?? "",
      versionMask: kept?.versionMask ?? 0,
      sentAtMs: this.clock.nowMs(),
    });
  }

  #sink(): WorkSink {
    return {
      feedMode: "timed",
      putWork: (work) => this.#note(work),
      flushWork: () => undefined,
      dropQueuedWork: () => undefined,
      onWorkWanted: () => undefined,
      requestWork: () => undefined,
      setVersionMask: () => undefined,
      epochMs: () => this.#epochMs,
      workTimeMs: () => 0,
      engineShare: () => 1,
    };
  }
}
