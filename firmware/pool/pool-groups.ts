/**
 * All pools of the machine: groups with a share of the hashrate each, every group an ordered list with its own fail-over.
 * Usually there is one group with all of it.
 */
import type { Job, JobSink, Share } from "../job/job.ts";
import type { PoolStats } from "../stats/pool-stats.ts";
import type { PoolLink } from "../stratum/pool-link.ts";
import { type FailoverDecision, PoolManager, type PoolManagerOptions } from "./pool-manager.ts";
import type { PoolSettings } from "./pool-settings.ts";

export interface PoolGroup {
  /** Share of the hashrate; only the ratios of the groups count. */
  readonly quota: number;
  /** In the owner's order; at least one. */
  readonly pools: readonly PoolSettings[];
}

type OfOneGroup = "pools" | "firstPool" | "jobs" | "isOtherAtWork" | "nextSerial" | "onDecided";

export interface PoolGroupsOptions extends Omit<PoolManagerOptions, OfOneGroup> {
  readonly groups: readonly PoolGroup[];
  /** Where the jobs of a group go. */
  readonly sinkOf: (group: number) => JobSink;
  /** After a job of any group went on. */
  readonly onJob: (job: Job) => void;
  /** No group gives jobs any more, for so long that work has ended. */
  readonly onNoJob: () => void;
  /** What the fail-over of a group decided on what, for the black box. */
  readonly onDecided: (group: number, decision: FailoverDecision, nowMs: number) => void;
}

export interface PoolView {
  readonly group: number;
  readonly settings: PoolSettings;
  readonly stats: PoolStats;
  readonly link: PoolLink;
  /** The chips work for it now. */
  readonly isWorking: boolean;
  /** Why it is passed over, or null. */
  readonly shunReason: string | null;
}

/** Group of each pool by its index over all groups. */
export function groupOfPool(groups: readonly PoolGroup[]): number[] {
  return groups.flatMap(({ pools }, group) => pools.map(() => group));
}

export class PoolGroups {
  readonly #managers: readonly PoolManager[];
  readonly #managerOfPool: readonly PoolManager[];
  readonly #statsOfPool: readonly PoolStats[];
  readonly #hasJob: boolean[];
  #serial = 0;

  constructor(options: PoolGroupsOptions) {
    const { groups, sinkOf, onJob, onNoJob, onDecided, ...shared } = options;
    this.#hasJob = groups.map(() => false);
    const nextSerial = (): number => ++this.#serial;
    let firstPool = 0;
    this.#managers = groups.map(({ pools }, group) => {
      const jobs = this.#sink(group, sinkOf(group), onJob, onNoJob);
      const manager: PoolManager = new PoolManager({
        ...shared,
        pools,
        firstPool,
        jobs,
        isOtherAtWork: () => this.#managers.some((other) => other !== manager && other.working !== null),
        nextSerial,
        onDecided: (decision, nowMs) => onDecided(group, decision, nowMs),
      });
      firstPool += pools.length;
      return manager;
    });
    this.#statsOfPool = this.#managers.flatMap((manager) => manager.pools.map(({ stats }) => stats));
    this.#managerOfPool = this.#managers.flatMap((manager) => manager.pools.map(() => manager));
  }

  /** In the owner's order over all groups. */
  get pools(): PoolView[] {
    return this.#managers.flatMap((manager, group) =>
      manager.pools.map(({ settings, stats, link }, i): PoolView => {
        return {
          group,
          settings,
          stats,
          link,
          isWorking: manager.working === i,
          shunReason: manager.shunReason(i),
        };
      }),
    );
  }

  /** Why the pools that work do so, one sentence a group. */
  get reason(): string {
    return this.#managers.map((manager) => manager.reason).join("; ");
  }

  /** Since when no pool of any group has worked; null while one does. */
  get idleSinceMs(): number | null {
    const times = this.#managers.map((manager) => manager.idleSinceMs);
    return times.includes(null) ? null : Math.max(...times.map((time) => time ?? 0));
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#managers.map((manager) => manager.run(signal)));
  }

  /** A valid nonce of a work for this pool stands for so many hashes. */
  verified(pool: number, hashes: number): void {
    const stats = this.#statsOfPool[pool];
    if (stats !== undefined) stats.verifiedHashes += hashes;
  }

  /** To the pool whose job it solves, and to no other. */
  submit(share: Share): void {
    this.#managerOfPool[share.job.session.pool]?.submit(share);
  }

  #sink(group: number, sink: JobSink, onJob: (job: Job) => void, onNoJob: () => void): JobSink {
    const took = (job: Job): void => {
      this.#hasJob[group] = true;
      onJob(job);
    };
    return {
      updateJob: (job) => {
        sink.updateJob(job);
        took(job);
      },
      replaceJob: (job) => {
        sink.replaceJob(job);
        took(job);
      },
      clearJob: () => {
        sink.clearJob();
        this.#hasJob[group] = false;
        if (!this.#hasJob.includes(true)) onNoJob();
      },
    };
  }
}
