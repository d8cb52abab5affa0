/**
 * From jobs to work: holds the current job of each pool group and lets one feed per chain take from them in their shares.
 * Pull, not push: a feed's timer, or the queue in front of the chips, asks for work when the chips need it; only a replaced
 * job goes to the chains at once.
 */
import type { Clock } from "#hal/clock.ts";
import type { Job, JobSink } from "../job/job.ts";
import { isEasierOrEqual, type Target } from "../share/difficulty.ts";
import type { LatencyHistogram } from "../stats/latency-histogram.ts";
import type { ChainFeed, JobSource, RunningFeed } from "./chain-feed.ts";
import { QueuedFeed } from "./queued-feed.ts";
import { Quota } from "./quota.ts";
import { TimedFeed } from "./timed-feed.ts";

export interface SchedulerStats {
  notifyToFirstWork: LatencyHistogram;
  notifyToLastChain: LatencyHistogram;
}

export interface SchedulerOptions {
  readonly clock: Clock;
  readonly stats: SchedulerStats;
  readonly chainTotal: number;
  /** Share of each pool group; one group has it all. */
  readonly quotas?: readonly number[];
  /** Group of each pool, by its index; all in group 0 if absent. */
  readonly groupOfPool?: readonly number[];
  /** What a chain promises now, in hashes/s: quotas are shares of hashrate. All alike if absent. */
  readonly hashesPerS?: (chainIndex: number) => number;
}

export class Scheduler implements JobSource {
  readonly #options: SchedulerOptions;
  readonly #quota: Quota;
  readonly #feeds = new Map<number, RunningFeed>();
  readonly #jobs: (Job | null)[];

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#quota = new Quota(options.quotas ?? [1]);
    this.#jobs = Array.from({ length: this.#quota.groupCount }, () => null);
  }

  /** Job of the first group that has one, or null. */
  get job(): Job | null {
    return this.#jobs.find((job) => job !== null) ?? null;
  }

  /** Easiest share target of all groups' jobs, which chips have to report by; null without a job. */
  get easiestTarget(): Target | null {
    let easiest: Target | null = null;
    for (const job of this.#jobs) {
      if (job !== null && (easiest === null || isEasierOrEqual(job.target, easiest))) easiest = job.target;
    }
    return easiest;
  }

  /** Where the jobs of one group go. */
  sink(group: number): JobSink {
    return {
      updateJob: (job) => this.updateJob(job, group),
      replaceJob: (job) => this.replaceJob(job, group),
      clearJob: () => this.clearJob(group),
    };
  }

  nextJob(): Job | null {
    return this.#jobs[this.#quota.next()] ?? null;
  }

  charge(chainIndex: number, group: number, ms: number): void {
    const hashesPerS = this.#options.hashesPerS?.(chainIndex) ?? 1;
    this.#quota.charge(group, hashesPerS * ms);
  }

  groupOf(job: Job): number {
    return this.#options.groupOfPool?.[job.session.pool] ?? 0;
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
    const { clock } = this.#options;
    const running = feed.sink.feedMode === "queued" ? new QueuedFeed(own, this) : new TimedFeed(clock, own, this);
    this.#feeds.set(feed.chainIndex, running);
    const job = this.nextJob();
    if (job !== null) running.update(job);
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

  updateJob(job: Job, group = 0): void {
    this.#hold(job, group);
    for (const running of this.#feeds.values()) running.update(job);
  }

  /**
   * All works are built before the first one is written: a write wakes other threads, which would take the processor away
   * from the chains that still wait.
   */
  replaceJob(job: Job, group = 0): void {
    this.#hold(job, group);
    const { clock, stats, chainTotal } = this.#options;
    for (const { feed } of this.#feeds.values()) feed.registry.retireGroup(group);
    const turning = [...this.#feeds.values()].filter((running) => running.isOn(group));
    const isTimed = turning.length > 0 && turning.length === chainTotal;
    for (const running of turning) running.drop();
    for (const running of turning) running.prepare(job);
    for (const [i, running] of turning.entries()) {
      running.send();
      if (i === 0 && isTimed) stats.notifyToFirstWork.record(clock.nowMs() - job.receivedAtMs);
    }
    if (isTimed) stats.notifyToLastChain.record(clock.nowMs() - job.receivedAtMs);
  }

  clearJob(group = 0): void {
    this.#hold(null, group);
    const next = this.nextJob();
    for (const running of this.#feeds.values()) {
      running.feed.registry.retireGroup(group);
      if (next === null) running.pause();
      // The chips must not go on with what nobody wants any more.
      else if (running.isOn(group)) {
        running.drop();
        running.prepare(next);
        running.send();
      }
    }
  }

  #hold(job: Job | null, group: number): void {
    this.#jobs[group] = job;
    this.#quota.setActive(group, job !== null);
  }
}
