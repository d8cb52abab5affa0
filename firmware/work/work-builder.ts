/** Fills the next work of one chain from the current job: version bits first, extranonce2 when they are used up. */
import type { Job } from "../job/job.ts";
import { Extranonce2Counter } from "./extranonce2.ts";
import { HEADER_BYTES, HEADER_OFFSET, writeU32Le } from "./header.ts";
import type { MerkleRootBuilder } from "./merkle.ts";
import { VersionRoller } from "./version-roller.ts";
import { midstatesUnder } from "./version-rolling.ts";
import { MAX_EXTRANONCE2_BYTES, type Work } from "./work-registry.ts";

export interface WorkBuilderOptions {
  merkle: MerkleRootBuilder;
  /** 0 .. chains - 1: which share of the extranonce2 space this chain takes. */
  chainPosition: number;
  chains: number;
  /** Midstates of a work, 0 (default) where the chips take whole headers. */
  midstatesMax?: 0 | 4;
}

/** Pools take an nTime at most two hours ahead; ckpool 7,000 s. Beyond it the seconds start over. */
const MAX_NTIME_AHEAD_S = 7_000;

/** More jobs than these seldom take turns: one a pool group. */
const ROOTS_KEPT = 4;

/** What the works of one merkle root share. */
class RolledRoot {
  job: Job | null = null;
  nTime = 0;
  readonly header = new Uint8Array(HEADER_BYTES);
  readonly extranonce2 = new Uint8Array(MAX_EXTRANONCE2_BYTES);
  readonly roller = new VersionRoller();
}

export class WorkBuilder {
  readonly #options: WorkBuilderOptions;
  readonly #midstatesMax: number;
  /**
   * One counter for each extranonce2 size, never set back: an extranonce1 may come again (a resumed session, a pool that
   * goes back and forth), and headers that were hashed once must not be hashed again.
   */
  readonly #counters = new Map<number, Extranonce2Counter>();
  /** Second that the present round through the extranonce2 range is hashed at. */
  #roundNTime = 0;
  /** The latest roots, one for each of the jobs that take turns; the oldest makes room. */
  readonly #roots: readonly RolledRoot[];
  #oldestRoot = 0;

  constructor(options: WorkBuilderOptions) {
    this.#options = options;
    this.#midstatesMax = options.midstatesMax ?? 0;
    this.#roots = Array.from({ length: this.#midstatesMax === 0 ? 0 : ROOTS_KEPT }, () => new RolledRoot());
  }

  /**
   * Writes header, extranonce2, nTime, mask, job and midstates into `work`.
   * @param midstatesMax fewer midstates than the chips could take, so that all works in a queue have the same number.
   */
  fill(work: Work, job: Job, midstatesMax: number = this.#midstatesMax): void {
    work.job = job;
    work.versionMask = job.versionMask;
    if (this.#midstatesMax === 0) {
      work.midstateCount = 0;
      work.nTime = this.#fillHeader(work.header, work.extranonce2, job);
      return;
    }
    const count = midstatesUnder(job.versionMask, midstatesMax);
    const root = this.#rootOf(job, count);
    work.nTime = root.nTime;
    work.header.set(root.header);
    work.extranonce2.set(root.extranonce2);
    root.roller.fill(work, count);
  }

  /** The job's present root while `count` version combinations are left under it, else the next one. */
  #rootOf(job: Job, count: number): RolledRoot {
    let root = this.#findRoot(job);
    if (root !== null && root.roller.left >= count) return root;
    if (root === null) {
      root = this.#roots[this.#oldestRoot] as RolledRoot;
      this.#oldestRoot = (this.#oldestRoot + 1) % ROOTS_KEPT;
      root.job = job;
    }
    root.nTime = this.#fillHeader(root.header, root.extranonce2, job);
    root.roller.begin(root.header, job.version, job.versionMask);
    return root;
  }

  #findRoot(job: Job): RolledRoot | null {
    for (let i = 0; i < this.#roots.length; i++) if (this.#roots[i]?.job === job) return this.#roots[i] as RolledRoot;
    return null;
  }

  /** Writes a header that was never made before; returns its nTime. */
  #fillHeader(header: Uint8Array, extranonce2: Uint8Array, job: Job): number {
    const nTimeOffset = this.#takeExtranonce2(extranonce2, job);
    const nTime = (job.nTime + nTimeOffset) >>> 0;
    writeU32Le(header, HEADER_OFFSET.version, job.version);
    header.set(job.prevHash, HEADER_OFFSET.prevHash);
    this.#options.merkle.build(header, HEADER_OFFSET.merkleRoot, job, extranonce2);
    writeU32Le(header, HEADER_OFFSET.nTime, nTime);
    writeU32Le(header, HEADER_OFFSET.nBits, job.nBits);
    writeU32Le(header, HEADER_OFFSET.nonce, 0);
    return nTime;
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
