/**
 * Shares found while no session takes them. Bounded; what does not fit the session that comes back is dropped and
 * counted by the caller. A share never reaches another pool, user or work.
 */
import type { Share } from "../job/job.ts";

export const MAX_QUEUED_SHARES = 256;

export class ShareQueue {
  #shares: Share[] = [];

  get length(): number {
    return this.#shares.length;
  }

  /** Keeps the share; returns the oldest one when there was no room left, which is lost then. */
  push(share: Share): Share | null {
    this.#shares.push(share);
    return this.#shares.length > MAX_QUEUED_SHARES ? (this.#shares.shift() ?? null) : null;
  }

  /** Empties the queue: what fits in the order found, and what is lost. */
  drain(fits: (share: Share) => boolean): { fitting: Share[]; lost: Share[] } {
    const fitting: Share[] = [];
    const lost: Share[] = [];
    for (const share of this.#shares) (fits(share) ? fitting : lost).push(share);
    this.#shares = [];
    return { fitting, lost };
  }
}
