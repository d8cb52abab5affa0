/**
 * Feeds chips behind a FIFO that paces their works. The chain asks for as many works as are missing; they are built and
 * handed over in one go, so that nothing is allocated and no timer is set for a work.
 */
import type { Job } from "../job/job.ts";
import { type ChainFeed, nextWork, type RunningFeed } from "./chain-feed.ts";

export class QueuedFeed implements RunningFeed {
  readonly feed: ChainFeed;
  #job: Job | null = null;
  #versionMask = -1;
  #isAsking = false;

  constructor(feed: ChainFeed) {
    this.feed = feed;
  }

  get periodMs(): number | null {
    return this.#isAsking ? this.feed.sink.workTimeMs(this.#versionMask) : null;
  }

  coverage(): number {
    const { sink } = this.feed;
    const mask = this.#versionMask;
    return sink.engineShare(mask) * Math.min(1, sink.epochMs(mask) / sink.workTimeMs(mask));
  }

  update(job: Job): void {
    this.#job = job;
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
    this.#job = job;
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
    this.#job = null;
    if (!this.#isAsking) return;
    this.#isAsking = false;
    this.feed.sink.onWorkWanted(null);
    this.drop();
  }

  readonly #onWorkWanted = (count: number): void => {
    const job = this.#job;
    if (job === null) return;
    for (let i = 0; i < count; i++) this.feed.sink.putWork(nextWork(this.feed, job));
  };
}
