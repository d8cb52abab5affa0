/** What a pool said: one block template. Immutable; a change (difficulty, mask, extranonce) makes a new object. */
import type { Target } from "../share/difficulty.ts";

/** One authorised link to a pool. Shares never leave over another session than their job's. */
export interface SessionIdentity {
  /** Counts up with each connect, over all pools. */
  readonly serial: number;
  /** Index of the pool in the owner's list. */
  readonly pool: number;
  readonly poolUrl: string;
  /** Exactly the string that was authorised. */
  readonly user: string;
}

export interface Job {
  readonly session: SessionIdentity;
  /** Opaque text, echoed unchanged. */
  readonly jobId: string;
  /** 32 bytes in header order (each 4-byte word of the notify swapped). */
  readonly prevHash: Uint8Array;
  readonly coinb1: Uint8Array;
  readonly coinb2: Uint8Array;
  /** 32 bytes each, header order. */
  readonly merkleBranches: readonly Uint8Array[];
  /** Unsigned 32-bit numbers. */
  readonly version: number;
  readonly nBits: number;
  readonly nTime: number;
  readonly extranonce1: Uint8Array;
  readonly extranonce2Size: number;
  /** Bits that the pool lets us roll and that are 0 in the job's version; 0 = no rolling. */
  readonly versionMask: number;
  /** True when the pool granted version rolling at all: then a submit carries a sixth item, even with mask 0. */
  readonly isVersionRollingGranted: boolean;
  /** Mask as granted, for the submitted bits: header version AND this. */
  readonly grantedMask: number;
  /** Difficulty in force when the notify arrived, and its target at the pool's scale. */
  readonly difficulty: number;
  readonly target: Target;
  /** Monotonic time of the read callback that brought the line's last byte. */
  readonly receivedAtMs: number;
}

/** Where the scheduler's jobs come from: a pool client, or a synthetic source without a pool. */
export interface JobSink {
  /** Same previous block: work in flight stays valid, the next pull uses the new job. */
  updateJob(job: Job): void;
  /** New block, clean jobs or first job: all work in flight is stale, every chain gets new work at once. */
  replaceJob(job: Job): void;
  /** No job is left to work on (the pool is gone for too long): chains stop being fed. */
  clearJob(): void;
}

/** A validated nonce with the work it solves, ready to be submitted. */
export interface Share {
  readonly job: Job;
  readonly chainIndex: number;
  /** Hex as the pool wants it: exactly 2 x extranonce2Size digits. */
  readonly extranonce2Hex: string;
  readonly nTime: number;
  readonly nonce: number;
  /** Header version of the solved header. */
  readonly version: number;
  /** Difficulty of the hash at the pool's scale, for display. */
  readonly hashDifficulty: number;
  /** Monotonic time of the read callback that brought the nonce frame's last byte. */
  readonly nonceReceivedAtMs: number;
}
