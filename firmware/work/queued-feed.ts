/**
 * Feeds chips behind a FIFO that paces their works. The chain asks for as many works as are missing; they are built and
 * handed over in one go, so that nothing is allocated and no timer is set for a work.
 */
import type { Job } from "../job/job.ts";
import { type ChainFeed, type JobSource, nextWork, type RunningFeed } from "./chain-feed.ts";

export class QueuedFeed implements RunningFeed {
  readonly feed: ChainFeed;
  readonly #jobs: JobSource;
  #versionMask = -1;
  #isAsking = false;

  constructor(feed: ChainFeed, jobs: JobSource) {
    this.feed = feed;
    this.#jobs = jobs;
  }

  get periodMs(): number | null {
    return this.#isAsking ? this.feed.sink.workTimeMs(this.#versionMask) : null;
  }

  coverage(): number {
    const { sink } = this.feed;
    const mask = this.#versionMask;
    return sink.engineShare(mask) * Math.min(1, sink.epochMs(mask) / sink.workTimeMs(mask));
  }

  /** The queue may hold works of every group. */
  isOn(): boolean {
    return true;
  }

  update(job: Job): void {
    if (this.#isAsking && job.versionMask === this.#versionMask) return;
    this.drop();
    this.prepare(job);
    this.send();
  }

  drop(): void {
    this.feed.sink.dropQueuedWork();
  }

  prepare(job: Job): void {
    const { sink } = this.feed;
    if (job.versionMask !== this.#versionMask) {
      this.#versionMask = job.versionMask;
      sink.setVersionMask(job.versionMask);
    }
    if (!this.#isAsking) sink.onWorkWanted(this.#onWorkWanted);
    this.#isAsking = true;
    sink.requestWork();
  }

  send(): void {
    this.feed.sink.flushWork();
  }

  pause(): void {
    if (!this.#isAsking) return;
    this.#isAsking = false;
    this.feed.sink.onWorkWanted(null);
    this.drop();
  }

  readonly #onWorkWanted = (count: number): void => {
    const { sink, chainIndex } = this.feed;
    for (let i = 0; i < count; i++) {
      const job = this.#jobs.nextJob();
      if (job === null) return;
      const group = this.#jobs.groupOf(job);
      if (job.versionMask !== this.#versionMask) {
        this.#versionMask = job.versionMask;
        sink.setVersionMask(job.versionMask);
      }
      sink.putWork(nextWork(this.feed, job, group));
      this.#jobs.charge(chainIndex, group, sink.workTimeMs(job.versionMask));
    }
  };
}
