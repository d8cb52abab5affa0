/**
 * The works of one chain that a nonce can still refer to: a ring of slots indexed by wire job id, allocated at start.
 * Part of the ring always stays retired, so that a late nonce meets a retired slot and is recognised as stale instead
 * of being matched with the wrong work.
 */
import type { Job } from "../job/job.ts";
import type { Target } from "../share/difficulty.ts";
import { HEADER_BYTES } from "./header.ts";

/** Enough for a chain at 1,000 nonces/s that works on one header for a second. */
const NONCES_PER_WORK = 1024;
export const MAX_EXTRANONCE2_BYTES = 16;
/** Most midstates of any chip's work. */
export const MAX_MIDSTATES = 4;
/** A SHA-256 state. */
export const MIDSTATE_WORDS = 8;

/** One unit of work of one chain. The arrays live as long as the chain; the fields are overwritten per work. */
export class Work {
  readonly wireId: number;
  /** The header as sent to the chips: nonce 0, rolled version bits 0. */
  readonly header = new Uint8Array(HEADER_BYTES);
  readonly headerView = new DataView(this.header.buffer);
  readonly extranonce2 = new Uint8Array(MAX_EXTRANONCE2_BYTES);
  /** Midstates in use: 0 where the chips take the whole header. */
  midstateCount = 0;
  /** Version bits of each midstate, at their place in the header version. */
  readonly versionBits = new Uint32Array(MAX_MIDSTATES);
  /** State after the header's first 64 bytes, eight words for each version. */
  readonly midstates = new Int32Array(MAX_MIDSTATES * MIDSTATE_WORDS);
  /** The same words, one view for each midstate, so that a hasher can write into them. */
  readonly midstateViews: readonly Int32Array[];
  readonly #nonces: Int32Array;
  readonly #nonceLimit: number;
  #nonceCount = 0;
  job: Job | null = null;
  /** Pool group that the work is for. */
  group = 0;
  isRetired = true;
  nTime = 0;
  /** Version bits that the chips may roll in this work. */
  versionMask = 0;
  /** Ticket in force when the work went out (the easier one around a change): hashes at or below are valid. */
  ticketDifficulty = 1;
  ticketTarget: Target | null = null;

  /** @param noncesPerWork nonces remembered for the duplicate check. */
  constructor(wireId: number, noncesPerWork = NONCES_PER_WORK) {
    this.wireId = wireId;
    this.#nonceLimit = noncesPerWork;
    this.#nonces = new Int32Array(2 * noncesPerWork);
    this.midstateViews = Array.from({ length: MAX_MIDSTATES }, (_, i) =>
      this.midstates.subarray(i * MIDSTATE_WORDS, (i + 1) * MIDSTATE_WORDS),
    );
  }

  forgetNonces(): void {
    this.#nonceCount = 0;
  }

  /** Remembers the pair; false when it was there already. The oldest are forgotten when the work has too many. */
  rememberNonce(nonce: number, versionBits: number): boolean {
    const nonces = this.#nonces;
    const known = Math.min(this.#nonceCount, this.#nonceLimit);
    for (let i = 0; i < known; i++) {
      if (nonces[2 * i] === (nonce | 0) && nonces[2 * i + 1] === (versionBits | 0)) return false;
    }
    const at = 2 * (this.#nonceCount % this.#nonceLimit);
    nonces[at] = nonce | 0;
    nonces[at + 1] = versionBits | 0;
    this.#nonceCount++;
    return true;
  }
}

export class WorkRegistry {
  readonly #slots: readonly Work[];
  readonly #activeIds: number;
  #last = -1;

  /**
   * @param wireIdCount ids that the chip can return. @param retiredIdCount how many of them stay retired.
   * @param noncesPerWork nonces of one work that are remembered: few where a work lasts milliseconds.
   */
  constructor(wireIdCount: number, retiredIdCount: number, noncesPerWork = NONCES_PER_WORK) {
    if (retiredIdCount < 1 || retiredIdCount >= wireIdCount) {
      throw new RangeError(`retiredIdCount must lie between 1 and ${wireIdCount - 1}, got ${retiredIdCount}`);
    }
    this.#slots = Array.from({ length: wireIdCount }, (_, id) => new Work(id, noncesPerWork));
    this.#activeIds = wireIdCount - retiredIdCount;
  }

  /** The slot for the next work, emptied; the slot that thereby gets too old is retired. */
  next(): Work {
    const count = this.#slots.length;
    this.#last = (this.#last + 1) % count;
    const aged = this.#slots[(this.#last + count - this.#activeIds) % count] as Work;
    aged.isRetired = true;
    const work = this.#slots[this.#last] as Work;
    work.forgetNonces();
    work.isRetired = false;
    return work;
  }

  /** The work with this id, or null when the id is out of range or was never used. */
  lookup(wireId: number): Work | null {
    const work = this.#slots[wireId];
    return work === undefined || work.job === null ? null : work;
  }

  /** Every work in flight becomes stale: a new block, or another session. */
  retireAll(): void {
    for (const work of this.#slots) work.isRetired = true;
  }

  /** Every work in flight for one pool group becomes stale. */
  retireGroup(group: number): void {
    for (const work of this.#slots) if (work.group === group) work.isRetired = true;
  }

  /** The easier ticket counts for works in flight: chips may report by either one around a change. */
  easeTickets(difficulty: number, target: Target): void {
    for (const work of this.#slots) {
      if (difficulty < work.ticketDifficulty) {
        work.ticketDifficulty = difficulty;
        work.ticketTarget = target;
      }
    }
  }
}
