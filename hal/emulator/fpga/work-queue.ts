/**
 * The work FIFO in front of one chain. Works leave it one by one, a work time apart, or as fast as the line takes them.
 * Nothing happens when one leaves: whoever looks (a find, a register access) first brings the queue up to date.
 */
import type { ChainModel } from "../chain-model.ts";
import { MidstateJob } from "../midstate-job.ts";
import type { WorkFeeder } from "../midstate-source.ts";
import { WordRing } from "./word-ring.ts";

export interface WorkQueueOptions {
  readonly chain: ChainModel;
  readonly depthWords: number;
  readonly wordsPerWork: () => number;
  readonly midstates: () => number;
  /** Rate of the FPGA's side of the line. */
  readonly baud: () => number;
  /** Time that the work-time register asks for; 0 = none. */
  readonly workTimeMs: () => number;
  /** Reads the work at the front of `words` into `job`, whose id is the chip's. */
  readonly decode: (words: WordRing, job: MidstateJob) => void;
  /** Id of the work at the front as the host wrote it. */
  readonly idOf: (words: WordRing) => number;
}

const EPSILON_MS = 1e-6;
const BITS_PER_BYTE = 10;
const FRAME_BYTES_BEFORE_MIDSTATES = 22;
const MIDSTATE_BYTES = 32;
/** A chip returns seven bits of an id. */
const CHIP_IDS = 128;

export class WorkQueue implements WorkFeeder {
  readonly words: WordRing;
  /** Id of the work that went out last, as the host wrote it. */
  lastId = 0;
  worksSent = 0;
  readonly #options: WorkQueueOptions;
  readonly #job = new MidstateJob();
  /** By the id that the chips know a work by: id of the work of the last find, as the host wrote it; -1 = none. */
  readonly #workOfFind = new Int32Array(CHIP_IDS).fill(-1);
  /** When the next work may leave. */
  #nextMs = 0;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.words = new WordRing(options.depthWords);
    const source = options.chain.midstates;
    if (source !== null) source.feeder = this;
  }

  get hasWork(): boolean {
    return this.words.count >= this.#options.wordsPerWork();
  }

  /** From one work to the next. */
  get periodMs(): number {
    const { baud, workTimeMs, midstates } = this.#options;
    const bytes = FRAME_BYTES_BEFORE_MIDSTATES + MIDSTATE_BYTES * midstates();
    return Math.max(workTimeMs(), (1000 * BITS_PER_BYTE * bytes) / baud());
  }

  /** A word of a work, at `nowMs`. */
  push(word: number, nowMs: number): void {
    this.words.push(word);
    if (this.words.count !== this.#options.wordsPerWork()) return;
    // The first whole work after a dry spell leaves at once, if the last one is long enough ago.
    this.#nextMs = Math.max(this.#nextMs, nowMs);
    this.advance(nowMs);
  }

  clear(): void {
    this.words.clear();
  }

  advance(nowMs: number): void {
    const { chain, wordsPerWork, decode, idOf, baud, midstates } = this.#options;
    if (!this.hasWork || this.#nextMs > nowMs + EPSILON_MS) return;
    const size = wordsPerWork();
    const periodMs = this.periodMs;
    const due = Math.floor((nowMs + EPSILON_MS - this.#nextMs) / periodMs) + 1;
    const count = Math.min(due, Math.floor(this.words.count / size));
    const firstMs = this.#nextMs;
    // Only the last one matters for what is found from now on; works of one midstate may open cores, so each of those does.
    const single = midstates() === 1;
    for (let i = 0; i < count; i++) {
      if (single || i === count - 1) {
        decode(this.words, this.#job);
        const skipped = single ? 0 : i;
        chain.takeWorks(skipped, single ? firstMs + i * periodMs : firstMs, periodMs, this.#job, baud());
      }
      this.lastId = idOf(this.words);
      this.words.drop(size);
    }
    this.worksSent += count;
    this.#nextMs = firstMs + count * periodMs;
  }

  noteFind(chipId: number): void {
    this.#workOfFind[chipId & (CHIP_IDS - 1)] = this.lastId;
  }

  /**
   * An id with all its bits, from the seven that a chip returns. An FPGA hears of a find within microseconds and need not
   * look back; this one may be kept waiting by its host for longer than the chips' ids last, so it remembers.
   * @param scale chip ids to one of the host's. @param idsPerWork chip ids of one work.
   */
  fullId(chipId: number, scale: number, idsPerWork: number): number {
    const found = this.#workOfFind[chipId & ~(idsPerWork - 1)]!;
    if (found >= 0) return (found * scale + (chipId & (idsPerWork - 1))) & 0xffff;
    const newest = this.lastId * scale + idsPerWork - 1;
    const candidate = (newest & ~(CHIP_IDS - 1)) | chipId;
    return (candidate > newest ? candidate - CHIP_IDS : candidate) & 0xffff;
  }
}
