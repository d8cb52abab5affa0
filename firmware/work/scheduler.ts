/**
 * From jobs to work: holds the current job and feeds every chain at its own period. Pull, not push: a feed's timer
 * asks for work when the chips need it; only a replaced job is sent to all chains at once.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { Job, JobSink } from "../job/job.ts";
import type { Target } from "../share/difficulty.ts";
import type { LatencyHistogram } from "../stats/latency-histogram.ts";
import type { WorkBuilder } from "./work-builder.ts";
import type { Work, WorkRegistry } from "./work-registry.ts";

/** Nothing may be fed faster: a full-header job takes 0.3 ms of the line, and the host must stay idle in between. */
export const FEED_FLOOR_MS = 20;
/** Work is renewed at least this often, so that late jobs and fresh transactions reach the chips. */
export const FEED_CEILING_MS = 1000;
/** Part of the version epoch that a job may be worked on; what lies behind it would be repeated headers. */
const EPOCH_SHARE = 0.8;

/** What the scheduler needs of a chain. `HashChain` fits it. */
export interface WorkSink {
  sendWork(wireId: number, header: Uint8Array): void;
  setVersionMask(mask: number): void;
  epochMs(versionMask: number): number;
}

export interface ChainFeed {
  readonly chainIndex: number;
  readonly sink: WorkSink;
  readonly registry: WorkRegistry;
  readonly builder: WorkBuilder;
  /** Ticket that the chips work at now; set before the first work. */
  ticketDifficulty: number;
  ticketTarget: Target | null;
}

interface RunningFeed extends ChainFeed {
  timer: TimerHandle | null;
  versionMask: number;
  periodMs: number;
}

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
    const feed = this.#feeds.get(chainIndex);
    return feed === undefined || feed.timer === null ? null : feed.periodMs;
  }

  /**
   * Part of the hashing that a narrow mask leaves useful: 1, or less when even the fastest feed cannot renew the work
   * before its headers repeat.
   */
  coverage(chainIndex: number): number {
    const feed = this.#feeds.get(chainIndex);
    if (feed === undefined) return 1;
    return Math.min(1, feed.sink.epochMs(feed.versionMask) / Math.max(feed.periodMs, FEED_FLOOR_MS));
  }

  /** A chain hashes from now on: it gets work at once, if there is a job. */
  addChain(feed: ChainFeed): void {
    const running: RunningFeed = { ...feed, timer: null, versionMask: -1, periodMs: FEED_CEILING_MS };
    this.#feeds.set(feed.chainIndex, running);
    if (this.#job !== null) this.#send(running, this.#job);
  }

  removeChain(chainIndex: number): void {
    const feed = this.#feeds.get(chainIndex);
    feed?.timer?.cancel();
    feed?.registry.retireAll();
    this.#feeds.delete(chainIndex);
  }

  /** The chips of a chain report by another ticket from now on; works in flight accept the easier of both. */
  setTicket(chainIndex: number, difficulty: number, target: Target): void {
    const feed = this.#feeds.get(chainIndex);
    if (feed === undefined) return;
    feed.ticketDifficulty = difficulty;
    feed.ticketTarget = target;
    feed.registry.easeTickets(difficulty, target);
  }

  updateJob(job: Job): void {
    this.#job = job;
    for (const feed of this.#feeds.values()) {
      if (feed.timer === null || job.versionMask !== feed.versionMask) this.#send(feed, job);
    }
  }

  replaceJob(job: Job): void {
    this.#job = job;
    const isTimed = this.#feeds.size > 0 && this.#feeds.size === this.#chainTotal;
    // All works are built before the first one is written: a write wakes other threads, which would take the processor
    // away from the chains that still wait.
    const prepared: { feed: RunningFeed; work: Work }[] = [];
    for (const feed of this.#feeds.values()) {
      feed.registry.retireAll();
      prepared.push({ feed, work: this.#prepare(feed, job) });
    }
    let isFirst = true;
    for (const { feed, work } of prepared) {
      this.#handOver(feed, work);
      if (isFirst && isTimed) this.#stats.notifyToFirstWork.record(this.#clock.nowMs() - job.receivedAtMs);
      isFirst = false;
    }
    if (isTimed) this.#stats.notifyToLastChain.record(this.#clock.nowMs() - job.receivedAtMs);
  }

  clearJob(): void {
    this.#job = null;
    for (const feed of this.#feeds.values()) {
      feed.timer?.cancel();
      feed.timer = null;
      feed.registry.retireAll();
    }
  }

  #send(feed: RunningFeed, job: Job): void {
    this.#handOver(feed, this.#prepare(feed, job));
  }

  /** Builds the next work of a chain; the chips know nothing of it yet. */
  #prepare(feed: RunningFeed, job: Job): Work {
    const work = feed.registry.next();
    feed.builder.fill(work, job);
    work.ticketDifficulty = feed.ticketDifficulty;
    work.ticketTarget = feed.ticketTarget;
    return work;
  }

  /** Writes a work to the chips, the version mask first where it changed, and sets the time of the next one. */
  #handOver(feed: RunningFeed, work: Work): void {
    feed.timer?.cancel();
    if (work.versionMask !== feed.versionMask) {
      feed.versionMask = work.versionMask;
      feed.sink.setVersionMask(work.versionMask);
    }
    feed.sink.sendWork(work.wireId, work.header);
    const epochMs = feed.sink.epochMs(work.versionMask);
    feed.periodMs = Math.max(FEED_FLOOR_MS, Math.min(FEED_CEILING_MS, EPOCH_SHARE * epochMs));
    feed.timer = this.#clock.setTimer(feed.periodMs, () => {
      if (this.#job !== null) this.#send(feed, this.#job);
    });
  }
}
