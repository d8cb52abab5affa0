/**
 * The works of one chain that a nonce can still refer to: a ring of slots indexed by wire job id, allocated at start.
 * Part of the ring always stays retired, so that a late nonce meets a retired slot and is recognised as stale instead
 * of being matched with the wrong work.
 */
import type { Job } from "../job/job.ts";
import type { Target } from "../share/difficulty.ts";
import { HEADER_BYTES } from "./header.ts";

/** Nonces remembered per work for the duplicate check; a chain at 1,000 nonces/s fills this in a second. */
const NONCES_PER_WORK = 1024;
export const MAX_EXTRANONCE2_BYTES = 16;

/** One unit of work of one chain. The arrays live as long as the chain; the fields are overwritten per work. */
export class Work {
  readonly wireId: number;
  /** The header as sent to the chips: nonce 0, rolled version bits 0. */
  readonly header = new Uint8Array(HEADER_BYTES);
  readonly headerView = new DataView(this.header.buffer);
  readonly extranonce2 = new Uint8Array(MAX_EXTRANONCE2_BYTES);
  readonly #nonces = new Int32Array(2 * NONCES_PER_WORK);
  #nonceCount = 0;
  job: Job | null = null;
  isRetired = true;
  nTime = 0;
  /** Version bits that the chips may roll in this work. */
  versionMask = 0;
  /** Ticket in force when the work went out (the easier one around a change): hashes at or below are valid. */
  ticketDifficulty = 1;
  ticketTarget: Target | null = null;

  constructor(wireId: number) {
    this.wireId = wireId;
  }

  forgetNonces(): void {
    this.#nonceCount = 0;
  }

  /** Remembers the pair; false when it was there already. The oldest are forgotten when the work has too many. */
  rememberNonce(nonce: number, versionBits: number): boolean {
    const nonces = this.#nonces;
    const known = Math.min(this.#nonceCount, NONCES_PER_WORK);
    for (let i = 0; i < known; i++) {
      if (nonces[2 * i] === (nonce | 0) && nonces[2 * i + 1] === (versionBits | 0)) return false;
    }
    const at = 2 * (this.#nonceCount % NONCES_PER_WORK);
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

  /** @param wireIdCount ids that the chip can return. @param retiredIdCount how many of them stay retired. */
  constructor(wireIdCount: number, retiredIdCount: number) {
    if (retiredIdCount < 1 || retiredIdCount >= wireIdCount) {
      throw new RangeError(`retiredIdCount must lie between 1 and ${wireIdCount - 1}, got ${retiredIdCount}`);
    }
    this.#slots = Array.from({ length: wireIdCount }, (_, id) => new Work(id));
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
