/**
 * Feeds chips behind a FIFO that paces their works. The chain asks for as many works as are missing; they are built and
 * handed over in one go, so that nothing is allocated and no timer is set for a work. A batch is for one pool group.
 *
 * All works in a queue have the same number of midstates, since the FIFO knows only words. Where the jobs of several groups
 * allow different numbers, the smaller one holds until the queue is emptied for another reason.
 */
import type { Job } from "../job/job.ts";
import { type ChainFeed, type JobSource, nextWork, type RunningFeed } from "./chain-feed.ts";
import { midstatesUnder } from "./version-rolling.ts";
import { MAX_MIDSTATES } from "./work-registry.ts";

export class QueuedFeed implements RunningFeed {
  readonly feed: ChainFeed;
  readonly #jobs: JobSource;
  /** Mask of the job that gave the works their form. */
  #versionMask = -1;
  #midstates = 0;
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
    if (this.#isAsking) {
      if (midstatesUnder(job.versionMask, MAX_MIDSTATES) >= this.#midstates) return;
      this.drop();
    }
    this.prepare(job);
    this.send();
  }

  drop(): void {
    this.feed.sink.dropQueuedWork();
  }

  prepare(job: Job): void {
    const { sink } = this.feed;
    this.#takeForm(job.versionMask);
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

  #takeForm(versionMask: number): void {
    if (versionMask === this.#versionMask) return;
    this.#versionMask = versionMask;
    this.#midstates = midstatesUnder(versionMask, MAX_MIDSTATES);
    this.feed.sink.setVersionMask(versionMask);
  }

  readonly #onWorkWanted = (count: number): void => {
    const job = this.#jobs.nextJob();
    if (job === null) return;
    const { sink, chainIndex } = this.feed;
    const group = this.#jobs.groupOf(job);
    if (midstatesUnder(job.versionMask, MAX_MIDSTATES) < this.#midstates) {
      this.drop();
      this.#takeForm(job.versionMask);
    }
    for (let i = 0; i < count; i++) sink.putWork(nextWork(this.feed, job, group, this.#midstates));
    this.#jobs.charge(chainIndex, group, count * sink.workTimeMs(this.#versionMask));
  };
}
