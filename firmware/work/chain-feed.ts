/** What the feeding of one chain consists of, and how its next work is made. */
import type { WorkSink } from "#drivers/hash-chain.ts";
import type { Job } from "../job/job.ts";
import type { Target } from "../share/difficulty.ts";
import type { WorkBuilder } from "./work-builder.ts";
import type { Work, WorkRegistry } from "./work-registry.ts";

export interface ChainFeed {
  readonly chainIndex: number;
  readonly sink: WorkSink;
  readonly registry: WorkRegistry;
  readonly builder: WorkBuilder;
  /** Ticket that the chips work at now; set before the first work. */
  ticketDifficulty: number;
  ticketTarget: Target | null;
}

/** Where a feed's jobs come from: the pool groups in their shares. */
export interface JobSource {
  /** Job of the group that is next, or null when no group has one. */
  nextJob(): Job | null;
  /** `ms` of this chain went into a work of `group`. */
  charge(chainIndex: number, group: number, ms: number): void;
  groupOf(job: Job): number;
}

/** A feed that runs. A replaced job is taken in three turns over all chains: drop, prepare, send. */
export interface RunningFeed {
  readonly feed: ChainFeed;
  /** Milliseconds from one work to the next, or null while nothing is fed. */
  readonly periodMs: number | null;
  /** Part of the hashing that is of use, 0..1. */
  coverage(): number;
  /** True while the chips may be at work for this group. */
  isOn(group: number): boolean;
  /** Same block: works in flight stay valid. */
  update(job: Job): void;
  /** Works that the chips have not begun are gone. */
  drop(): void;
  /** Builds the first works of `job`; nothing is written yet. */
  prepare(job: Job): void;
  send(): void;
  /** No work until there is a job again. */
  pause(): void;
}

/**
 * Builds the next work of a chain; the chips know nothing of it yet.
 * @param midstatesMax fewer midstates than the chips could take.
 */
export function nextWork(feed: ChainFeed, job: Job, group: number, midstatesMax?: number): Work {
  const work = feed.registry.next();
  feed.builder.fill(work, job, midstatesMax);
  work.group = group;
  work.ticketDifficulty = feed.ticketDifficulty;
  work.ticketTarget = feed.ticketTarget;
  return work;
}
