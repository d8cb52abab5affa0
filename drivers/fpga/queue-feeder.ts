/**
 * How far a queue is filled ahead, and the batch that goes into it. The queue must not run dry between two turns, and
 * nothing that lies in it can be taken back but as a whole: so about 60 ms of work, or what the queue holds.
 */
import type { ChainWork } from "../hash-chain.ts";

/** The next turn may come late. */
export const WORK_AHEAD_MS = 60;
/** No batch is larger, whatever the work time. */
export const BATCH_WORKS_MAX = 256;

/** Works that should lie in the queue. */
export function worksAhead(workTimeMs: number, capacityWorks: number): number {
  return Math.max(2, Math.min(capacityWorks, BATCH_WORKS_MAX, Math.ceil(WORK_AHEAD_MS / workTimeMs)));
}

/** Writes one work into the words of a batch and returns the place behind it. */
export type PutWork = (out: Uint32Array, at: number, work: ChainWork) => number;

/** Works on their way into the queue, one behind the other in one buffer. */
export class WorkBatch {
  readonly words: Uint32Array;
  count = 0;
  length = 0;
  /** Ring slot of the last one. */
  lastWireId = -1;
  readonly #put: PutWork;
  readonly #wordsPerWork: number;

  constructor(wordsPerWork: number, put: PutWork) {
    this.words = new Uint32Array(wordsPerWork * BATCH_WORKS_MAX);
    this.#wordsPerWork = wordsPerWork;
    this.#put = put;
  }

  add(work: ChainWork): void {
    if (this.length + this.#wordsPerWork > this.words.length) return;
    this.length = this.#put(this.words, this.length, work);
    this.lastWireId = work.wireId;
    this.count++;
  }

  clear(): void {
    this.count = 0;
    this.length = 0;
  }
}
