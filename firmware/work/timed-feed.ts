/** Feeds chips that hold one work: a new one goes out before the headers of the present one are used up. */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { Job } from "../job/job.ts";
import { type ChainFeed, type JobSource, nextWork, type RunningFeed } from "./chain-feed.ts";
import type { Work } from "./work-registry.ts";

/** Nothing may be fed faster: a full-header job takes 0.3 ms of the line, and the host must stay idle in between. */
export const FEED_FLOOR_MS = 20;
/** Work is renewed at least this often, so that late jobs and fresh transactions reach the chips. */
export const FEED_CEILING_MS = 1000;
/** Part of the version epoch that a job may be worked on; what lies behind it would be repeated headers. */
const EPOCH_SHARE = 0.8;
/** Chips that take midstates stop at the end of their nonce space; a host's timers are late by up to a millisecond. */
const MIDSTATE_SHARE = 0.95;

export class TimedFeed implements RunningFeed {
  readonly feed: ChainFeed;
  readonly #clock: Clock;
  readonly #jobs: JobSource;
  /** Group of the work that the chips have, and since when. */
  #group = -1;
  #sentAtMs = 0;
  #prepared: Work | null = null;
  #timer: TimerHandle | null = null;
  #versionMask = -1;
  #periodMs = FEED_CEILING_MS;
  /** When the present work was due: later ones are counted from here, so that late timers do not add up. */
  #dueMs = 0;
  readonly #onTimer = (): void => this.#turn();

  constructor(clock: Clock, feed: ChainFeed, jobs: JobSource) {
    this.#clock = clock;
    this.#jobs = jobs;
    this.feed = feed;
  }

  get periodMs(): number | null {
    return this.#timer === null ? null : this.#periodMs;
  }

  coverage(): number {
    const { sink } = this.feed;
    const lasts = sink.epochMs(this.#versionMask) / Math.max(this.#periodMs, FEED_FLOOR_MS);
    return sink.engineShare(this.#versionMask) * Math.min(1, lasts);
  }

  isOn(group: number): boolean {
    return this.#timer === null || this.#group === group;
  }

  update(job: Job): void {
    if (this.#timer !== null && (job.versionMask === this.#versionMask || !this.isOn(this.#jobs.groupOf(job)))) return;
    this.prepare(job);
    this.send();
  }

  /** A new work takes the place of the present one by itself. */
  drop(): void {}

  prepare(job: Job): void {
    this.#prepared = nextWork(this.feed, job, this.#jobs.groupOf(job));
  }

  send(): void {
    this.#sendDue(this.#clock.nowMs());
  }

  pause(): void {
    this.#charge();
    this.#prepared = null;
    this.#timer?.cancel();
    this.#timer = null;
    this.#group = -1;
  }

  /** What the present work took of the chain so far. */
  #charge(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#group >= 0) this.#jobs.charge(this.feed.chainIndex, this.#group, nowMs - this.#sentAtMs);
    this.#sentAtMs = nowMs;
  }

  /** Writes the prepared work, the version mask first where it changed, and sets the time of the next one. */
  #sendDue(dueMs: number): void {
    const work = this.#prepared;
    if (work === null) return;
    this.#charge();
    this.#prepared = null;
    this.#group = work.group;
    this.#dueMs = dueMs;
    this.#timer?.cancel();
    const { sink } = this.feed;
    if (work.versionMask !== this.#versionMask) {
      this.#versionMask = work.versionMask;
      sink.setVersionMask(work.versionMask);
    }
    sink.putWork(work);
    sink.flushWork();
    const share = work.midstateCount > 0 ? MIDSTATE_SHARE : EPOCH_SHARE;
    this.#periodMs = Math.max(FEED_FLOOR_MS, Math.min(FEED_CEILING_MS, share * sink.epochMs(work.versionMask)));
    this.#timer = this.#clock.setTimer(dueMs + this.#periodMs - this.#clock.nowMs(), this.#onTimer);
  }

  #turn(): void {
    const nowMs = this.#clock.nowMs();
    const dueMs = this.#dueMs + this.#periodMs;
    this.#charge();
    const job = this.#jobs.nextJob();
    if (job === null) return;
    this.prepare(job);
    this.#sendDue(nowMs - dueMs < this.#periodMs / 2 ? dueMs : nowMs);
  }
}
