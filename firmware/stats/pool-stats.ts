/** Counters and state of one pool, as owners read them. Difficulty booked is the job's, never the hash's. */
import type { Job, Share } from "../job/job.ts";
import { isRejected, type ShareOutcome } from "../stratum/share-outcome.ts";
import { LatencyHistogram } from "./latency-histogram.ts";

export type PoolState = "idle" | "connecting" | "mining" | "waiting" | "unreachable" | "stopped";

export class PoolStats {
  state: PoolState = "idle";
  /** Why the state is what it is, in words. */
  reason = "";
  connects = 0;
  notifies = 0;
  difficulty: number | null = null;
  /** The pool lets no version bit be rolled. */
  isRollingOff = false;
  lastNotice = "";
  submittedCount = 0;
  accepted = 0;
  acceptedDifficulty = 0;
  rejected = 0;
  stale = 0;
  duplicate = 0;
  lost = 0;
  lastRejectText = "";
  bestShareDifficulty = 0;
  /** Hashes that the valid nonces of its works stand for: what the chips really did for this pool. */
  verifiedHashes = 0;
  /** Monotonic time of the first accepted share, or null. */
  firstAcceptedAtMs: number | null = null;
  /** First job of the block that the pool builds on; null before any. */
  blockJob: Job | null = null;
  /** Not a number before the first: as a number it is kept in place, with null each share would allocate one. */
  #lastAcceptedAtMs = Number.NaN;
  readonly roundTrip = new LatencyHistogram();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Monotonic time of the last accepted share, or null. */
  get lastAcceptedAtMs(): number | null {
    return Number.isNaN(this.#lastAcceptedAtMs) ? null : this.#lastAcceptedAtMs;
  }

  setState(state: PoolState, reason: string): void {
    this.state = state;
    this.reason = reason;
  }

  connected(): void {
    this.connects++;
  }

  notice(text: string): void {
    this.lastNotice = text;
  }

  jobReceived(job: Job): void {
    this.notifies++;
    this.difficulty = job.difficulty;
    if (this.blockJob === null || !isSameBlock(this.blockJob, job)) this.blockJob = job;
    this.isRollingOff = job.grantedMask === 0;
    this.setState("mining", `job ${job.jobId}`);
  }

  submitted(share: Share): void {
    this.submittedCount++;
    this.bestShareDifficulty = Math.max(this.bestShareDifficulty, share.hashDifficulty);
  }

  /** @param roundTripMs null when no answer was ever due. */
  shareEnded(share: Share, outcome: ShareOutcome, text: string, roundTripMs: number | null): void {
    if (outcome === "accepted") {
      this.accepted++;
      this.acceptedDifficulty += share.job.difficulty;
      this.#lastAcceptedAtMs = this.#now();
      this.firstAcceptedAtMs ??= this.#lastAcceptedAtMs;
    } else if (outcome === "stale") this.stale++;
    else if (outcome === "lost") this.lost++;
    else if (isRejected(outcome)) this.rejected++;
    if (outcome === "duplicate") this.duplicate++;
    if (outcome !== "accepted" && outcome !== "lost") this.lastRejectText = text;
    if (roundTripMs !== null && outcome !== "lost") this.roundTrip.record(roundTripMs);
  }
}

function isSameBlock({ prevHash }: Job, next: Job): boolean {
  for (let i = 0; i < prevHash.length; i++) if (prevHash[i] !== next.prevHash[i]) return false;
  return true;
}
