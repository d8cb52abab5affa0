/** Fills the next work of one chain from the current job: extranonce2, merkle root, header. */
import type { Job } from "../job/job.ts";
import { Extranonce2Counter } from "./extranonce2.ts";
import { HEADER_OFFSET, writeU32Le } from "./header.ts";
import type { MerkleRootBuilder } from "./merkle.ts";
import { rollableMask } from "./version-rolling.ts";
import { MAX_EXTRANONCE2_BYTES, type Work } from "./work-registry.ts";

export interface WorkBuilderOptions {
  merkle: MerkleRootBuilder;
  /** 0 .. chains - 1: which share of the extranonce2 space this chain takes. */
  chainPosition: number;
  chains: number;
  /** Version bits that the chips can roll. */
  chipVersionMask: number;
}

export class WorkBuilder {
  readonly #options: WorkBuilderOptions;
  #counter: Extranonce2Counter | null = null;
  #counterJob: Job | null = null;
  /** How often the extranonce2 range started over under the present job: then nTime makes the work new. */
  #laps = 0;

  constructor(options: WorkBuilderOptions) {
    this.#options = options;
  }

  /** Writes header, extranonce2, nTime, mask and job into `work`. */
  fill(work: Work, job: Job): void {
    const nTimeOffset = this.#takeExtranonce2(work.extranonce2, job);
    const header = work.header;
    work.job = job;
    work.nTime = (job.nTime + nTimeOffset) >>> 0;
    work.versionMask = rollableMask(job.grantedMask, this.#options.chipVersionMask, job.version);
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
    if (job.extranonce2Size > MAX_EXTRANONCE2_BYTES) {
      throw new RangeError(`extranonce2 of ${job.extranonce2Size} bytes: at most ${MAX_EXTRANONCE2_BYTES} are handled`);
    }
    if (this.#counter === null || !sharesSpace(this.#counterJob, job)) {
      this.#counter = new Extranonce2Counter(job.extranonce2Size, chainPosition, chains);
      this.#laps = 0;
    } else if (this.#counterJob?.nTime !== job.nTime) {
      this.#laps = 0;
    }
    this.#counterJob = job;
    if (!this.#counter.take(out)) this.#laps++;
    // Without any extranonce2 byte all chains share one coinbase: each takes every n-th second instead.
    return job.extranonce2Size === 0 ? this.#laps * chains + chainPosition : this.#laps;
  }
}

/** True when the counter may go on: same session, same extranonce1, same size. */
function sharesSpace(previous: Job | null, job: Job): boolean {
  if (previous === job) return true;
  return (
    previous !== null &&
    previous.session.poolUrl === job.session.poolUrl &&
    previous.session.user === job.session.user &&
    previous.extranonce2Size === job.extranonce2Size &&
    previous.extranonce1.length === job.extranonce1.length &&
    previous.extranonce1.every((byte, i) => byte === job.extranonce1[i])
  );
}
