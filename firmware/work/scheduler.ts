/**
 * From jobs to work: holds the current job and lets one feed per chain take from it. Pull, not push: a feed's timer, or
 * the queue in front of the chips, asks for work when the chips need it; only a replaced job goes to all chains at once.
 */
import type { Clock } from "#hal/clock.ts";
import type { Job, JobSink } from "../job/job.ts";
import type { Target } from "../share/difficulty.ts";
import type { LatencyHistogram } from "../stats/latency-histogram.ts";
import type { ChainFeed, RunningFeed } from "./chain-feed.ts";
import { QueuedFeed } from "./queued-feed.ts";
import { TimedFeed } from "./timed-feed.ts";

export interface SchedulerStats {
  notifyToFirstWork: LatencyHistogram;
  notifyToLastChain: LatencyHistogram;
}

export class Scheduler implements JobSink {
  readonly #clock: Clock;
  readonly #stats: SchedulerStats;
  readonly #chainTotal: number;
  readonly #feeds = new Map<number, RunningFeed>();
  #job: Job | null = null;

  constructor(clock: Clock, stats: SchedulerStats, chainTotal: number) {
    this.#clock = clock;
    this.#stats = stats;
    this.#chainTotal = chainTotal;
  }

  get job(): Job | null {
    return this.#job;
  }

  /** Present feed period of a chain in ms, or null while it is not fed. */
  feedPeriodMs(chainIndex: number): number | null {
    return this.#feeds.get(chainIndex)?.periodMs ?? null;
  }

  /**
   * Part of the hashing that is of use under the present mask: 1, or less when even the fastest feed cannot renew the
   * work before its headers repeat, or when a work has too few midstates for all engines.
   */
  coverage(chainIndex: number): number {
    return this.#feeds.get(chainIndex)?.coverage() ?? 1;
  }

  /** A chain hashes from now on: it gets work at once, if there is a job. */
  addChain(feed: ChainFeed): void {
    const own = { ...feed };
    const running = feed.sink.feedMode === "queued" ? new QueuedFeed(own) : new TimedFeed(this.#clock, own);
    this.#feeds.set(feed.chainIndex, running);
    if (this.#job !== null) running.update(this.#job);
  }

  removeChain(chainIndex: number): void {
    const running = this.#feeds.get(chainIndex);
    running?.pause();
    running?.feed.registry.retireAll();
    this.#feeds.delete(chainIndex);
  }

  /** The chips of a chain report by another ticket from now on; works in flight accept the easier of both. */
  setTicket(chainIndex: number, difficulty: number, target: Target): void {
    const feed = this.#feeds.get(chainIndex)?.feed;
    if (feed === undefined) return;
    feed.ticketDifficulty = difficulty;
    feed.ticketTarget = target;
    feed.registry.easeTickets(difficulty, target);
  }

  updateJob(job: Job): void {
    this.#job = job;
    for (const running of this.#feeds.values()) running.update(job);
  }

  /**
   * All works are built before the first one is written: a write wakes other threads, which would take the processor away
   * from the chains that still wait.
   */
  replaceJob(job: Job): void {
    this.#job = job;
    const isTimed = this.#feeds.size > 0 && this.#feeds.size === this.#chainTotal;
    for (const running of this.#feeds.values()) {
      running.feed.registry.retireAll();
      running.drop();
    }
    for (const running of this.#feeds.values()) running.prepare(job);
    let isFirst = true;
    for (const running of this.#feeds.values()) {
      running.send();
      if (isFirst && isTimed) this.#stats.notifyToFirstWork.record(this.#clock.nowMs() - job.receivedAtMs);
      isFirst = false;
    }
    if (isTimed) this.#stats.notifyToLastChain.record(this.#clock.nowMs() - job.receivedAtMs);
  }

  clearJob(): void {
    this.#job = null;
    for (const running of this.#feeds.values()) {
      running.pause();
      running.feed.registry.retireAll();
    }
  }
}
