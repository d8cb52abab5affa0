/**
 * Shares found while no session takes them. Bounded, and bound to their session: a share goes out later only over a
 * session with the same pool, user and extranonce1, else it is dropped and counted. It never reaches another pool.
 */
import type { Share } from "../job/job.ts";

export const MAX_QUEUED_SHARES = 256;

/** What a share and a session must have in common. */
export function sessionKey(poolUrl: string, user: string, extranonce1: Uint8Array): string {
  return `${poolUrl} ${user} ${Buffer.from(extranonce1).toString("hex")}`;
}

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

  /** Empties the queue: what fits the session in the order found, and what is lost. */
  drainFor(key: string): { fitting: Share[]; lost: Share[] } {
    const fitting: Share[] = [];
    const lost: Share[] = [];
    for (const share of this.#shares) {
      const { session, extranonce1 } = share.job;
      (sessionKey(session.poolUrl, session.user, extranonce1) === key ? fitting : lost).push(share);
    }
    this.#shares = [];
    return { fitting, lost };
  }
}
