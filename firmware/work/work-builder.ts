/** Fills the next work of one chain from the current job: extranonce2, merkle root, header. */
import type { Job } from "../job/job.ts";
import { Extranonce2Counter } from "./extranonce2.ts";
import { HEADER_OFFSET, writeU32Le } from "./header.ts";
import type { MerkleRootBuilder } from "./merkle.ts";
import { MAX_EXTRANONCE2_BYTES, type Work } from "./work-registry.ts";

export interface WorkBuilderOptions {
  merkle: MerkleRootBuilder;
  /** 0 .. chains - 1: which share of the extranonce2 space this chain takes. */
  chainPosition: number;
  chains: number;
}

/** Pools take an nTime at most two hours ahead; ckpool 7,000 s. Beyond it the seconds start over. */
const MAX_NTIME_AHEAD_S = 7_000;

export class WorkBuilder {
  readonly #options: WorkBuilderOptions;
  /**
   * One counter for each extranonce2 size, never set back: an extranonce1 may come again (a resumed session, a pool that
   * goes back and forth), and headers that were hashed once must not be hashed again.
   */
  readonly #counters = new Map<number, Extranonce2Counter>();
  /** Second that the present round through the extranonce2 range is hashed at. */
  #roundNTime = 0;

  constructor(options: WorkBuilderOptions) {
    this.#options = options;
  }

  /** Writes header, extranonce2, nTime, mask and job into `work`. */
  fill(work: Work, job: Job): void {
    const nTimeOffset = this.#takeExtranonce2(work.extranonce2, job);
    const header = work.header;
    work.job = job;
    work.nTime = (job.nTime + nTimeOffset) >>> 0;
    work.versionMask = job.versionMask;
    writeU32Le(header, HEADER_OFFSET.version, job.version);
    header.set(job.prevHash, HEADER_OFFSET.prevHash);
    this.#options.merkle.build(header, HEADER_OFFSET.merkleRoot, job, work.extranonce2);
    writeU32Le(header, HEADER_OFFSET.nTime, work.nTime);
    writeU32Le(header, HEADER_OFFSET.nBits, job.nBits);
    writeU32Le(header, HEADER_OFFSET.nonce, 0);
  }

  /** Next extranonce2 of this chain; returns the seconds to add to the job's nTime so that the work is new. */
  #takeExtranonce2(out: Uint8Array, job: Job): number {
    const { chains, chainPosition } = this.#options;
    const size = job.extranonce2Size;
    if (size > MAX_EXTRANONCE2_BYTES) {
      throw new RangeError(`extranonce2 of ${size} bytes: at most ${MAX_EXTRANONCE2_BYTES} are handled`);
    }
    let counter = this.#counters.get(size);
    if (counter === undefined) {
      counter = new Extranonce2Counter(size, chainPosition, chains);
      this.#counters.set(size, counter);
    }
    // Without any extranonce2 byte all chains share one coinbase: each takes every n-th second instead.
    const step = size === 0 ? chains : 1;
    const isFresh = counter.take(out);
    if (!isFresh) this.#roundNTime += step;
    const ahead = this.#roundNTime - job.nTime;
    if (ahead < 0 || ahead > MAX_NTIME_AHEAD_S) this.#roundNTime = job.nTime;
    return this.#roundNTime - job.nTime + (size === 0 ? chainPosition : 0);
  }
}
