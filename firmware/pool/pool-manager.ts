/**
 * Shell of the fail-over: holds the links of one list of pools, hands the working pool's jobs to the scheduler, and shares
 * back to the pool whose job they solve. When no pool gives jobs for too long, the work ends until one is back; where other
 * groups can have the hashrate, soon.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import type { Job, JobSink, Share } from "../job/job.ts";
import type { Log } from "../log.ts";
import type { LatencyHistogram } from "../stats/latency-histogram.ts";
import { PoolStats } from "../stats/pool-stats.ts";
import { PoolLink } from "../stratum/pool-link.ts";
import { isRejected, type ShareOutcome } from "../stratum/share-outcome.ts";
import {
  type FailoverAction,
  type FailoverInput,
  type FailoverState,
  initialFailover,
  stepFailover,
} from "./failover.ts";
import type { PoolSettings } from "./pool-settings.ts";

const TICK_MS = 1_000;
/** A lost pool's last job is worked on for so long; after that no chain is fed until a pool is back. */
const KEEP_LAST_JOB_MS = 120_000;
/** Nobody pays for it: time enough to reconnect at once is all that it gets while another group works. */
const KEEP_BESIDE_OTHERS_MS = 5_000;

export interface PoolManagerOptions {
  log: Log;
  clock: Clock;
  random: Random;
  network: Network;
  /** In the owner's order; at least one. */
  pools: readonly PoolSettings[];
  /** Index of the first of them over all pools of the machine. */
  firstPool: number;
  /** Numbers of sessions, over all pools. */
  nextSerial: () => number;
  agent: string;
  chipVersionMask: number;
  poolScale: number;
  jobs: JobSink;
  /** A pool of another group gives jobs. */
  isOtherAtWork: () => boolean;
  nonceToSubmit: LatencyHistogram;
  onSubmitted: (share: Share) => void;
  /** Each line of a session, without the password; `pool` counts over all pools. */
  onLine: (pool: number, direction: "in" | "out", line: string) => void;
  /** What the fail-over decided on what, for the black box. */
  onDecided: (decision: FailoverDecision, nowMs: number) => void;
  /** Every share that came to an end, with what became of it. */
  onShareEnded: (share: Share, outcome: ShareOutcome) => void;
}

export interface FailoverDecision {
  readonly before: FailoverState;
  readonly input: FailoverInput;
  readonly after: FailoverState;
  readonly actions: readonly FailoverAction[];
  readonly reason: string;
}

interface ManagedPool {
  readonly settings: PoolSettings;
  readonly stats: PoolStats;
  readonly link: PoolLink;
  /** Aborts the present run of the link; null while it is not run. */
  stop: AbortController | null;
  /** The last run, so that the next one begins after its end. */
  ended: Promise<void>;
}

export class PoolManager {
  readonly #options: PoolManagerOptions;
  readonly #pools: readonly ManagedPool[];
  #state: FailoverState;
  #reason = "not started";
  #isStopped = true;
  #idleSinceMs = 0;
  #idleTimer: TimerHandle | null = null;
  #tickTimer: TimerHandle | null = null;
  #fail: (error: unknown) => void = () => undefined;

  constructor(options: PoolManagerOptions) {
    this.#options = options;
    this.#pools = options.pools.map((settings, pool) => this.#createPool(settings, pool));
    this.#state = initialFailover(options.pools.length);
  }

  get pools(): readonly Pick<ManagedPool, "settings" | "stats" | "link">[] {
    return this.#pools;
  }

  /** Index of the pool that is worked for, or null. */
  get working(): number | null {
    return this.#state.working;
  }

  /** Why that is so. */
  get reason(): string {
    return this.#reason;
  }

  /** Since when no pool has worked; null while one does. */
  get idleSinceMs(): number | null {
    return this.#state.working === null ? this.#idleSinceMs : null;
  }

  /** Why a pool is passed over, or null. */
  shunReason(pool: number): string | null {
    return this.#state.pools[pool]?.shunReason ?? null;
  }

  /** Until `signal` aborts; all links are closed then. Rejects when a link breaks in a way that is a bug. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#isStopped = false;
    const broken = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    // A miner that never had a pool must not stand there under power for ever either.
    this.#work(null);
    this.#tick();
    try {
      await Promise.race([aborted, broken]);
    } finally {
      this.#isStopped = true;
      this.#tickTimer?.cancel();
      this.#idleTimer?.cancel();
      for (const pool of this.#pools) pool.stop?.abort();
      await Promise.all(this.#pools.map((pool) => pool.ended));
      for (const { stats } of this.#pools) stats.setState("stopped", "stopped");
    }
  }

  /** To the pool whose job it solves, and to no other. */
  submit(share: Share): void {
    this.#pools[share.job.session.pool - this.#options.firstPool]?.link.submit(share);
  }

  #createPool(settings: PoolSettings, pool: number): ManagedPool {
    const { log, clock, random, network, agent, chipVersionMask, poolScale, nonceToSubmit } = this.#options;
    const { firstPool, nextSerial } = this.#options;
    const stats = new PoolStats(() => clock.nowMs());
    const link = new PoolLink({
      log: log.child({ pool: firstPool + pool }),
      clock,
      random,
      network,
      settings,
      pool: firstPool + pool,
      agent,
      chipVersionMask,
      poolScale,
      nextSerial,
      stats,
      nonceToSubmit,
      events: {
        onJob: (job, isReplacing) => this.#onJob(pool, job, isReplacing),
        onDown: (why) =>
          this.#input({
            kind: "down",
            pool,
            isUnauthorised: why === "unauthorised",
            isUnanswered: why === "unanswered",
            isMute: why === "mute",
          }),
        onSubmitted: (share) => this.#options.onSubmitted(share),
        onLine: (direction, line) => this.#options.onLine(firstPool + pool, direction, line),
        onShareEnded: (share, outcome, isUnanswered) => {
          const isAccepted = outcome === "accepted";
          const isRefused = isRejected(outcome) || outcome === "stale" || isUnanswered;
          this.#options.onShareEnded(share, outcome);
          this.#input({ kind: "shareEnded", pool, isAccepted, isRefused });
        },
      },
    });
    return { settings, stats, link, stop: null, ended: Promise.resolve() };
  }

  #tick(): void {
    this.#input({ kind: "tick" });
    const isSoonOver = this.#idleTimer !== null && this.#options.isOtherAtWork();
    if (isSoonOver && this.#options.clock.nowMs() - this.#idleSinceMs >= KEEP_BESIDE_OTHERS_MS) this.#dropLastJob();
    this.#tickTimer = this.#options.clock.setTimer(TICK_MS, () => this.#tick());
  }

  #onJob(pool: number, job: Job, isReplacing: boolean): void {
    if (this.#state.working === pool) {
      this.#endIdle();
      if (isReplacing) this.#options.jobs.replaceJob(job);
      else this.#options.jobs.updateJob(job);
      return;
    }
    this.#input({ kind: "alive", pool });
  }

  #input(input: FailoverInput): void {
    if (this.#isStopped) return;
    const nowMs = this.#options.clock.nowMs();
    const before = this.#state;
    const { state, actions, reason } = stepFailover(before, input, nowMs);
    this.#options.onDecided({ before, input, after: state, actions, reason }, nowMs);
    this.#state = state;
    for (const action of actions) this.#carryOut(action, reason);
  }

  #carryOut(action: FailoverAction, reason: string): void {
    switch (action.kind) {
      case "dial":
        this.#dial(action.pool);
        return;
      case "hangUp":
        this.#pools[action.pool]?.stop?.abort();
        return;
      case "work":
        this.#reason = reason;
        this.#options.log.info({ working: action.pool }, reason);
        this.#work(action.pool);
        return;
    }
  }

  #dial(index: number): void {
    const pool = this.#pools[index];
    if (pool === undefined) return;
    const stop = new AbortController();
    pool.stop = stop;
    pool.ended = pool.ended.then(() => pool.link.run(stop.signal)).catch((error: unknown) => this.#fail(error));
  }

  #work(index: number | null): void {
    const { clock, jobs } = this.#options;
    const job = index === null ? null : (this.#pools[index]?.link.job ?? null);
    if (job !== null) {
      this.#endIdle();
      jobs.replaceJob(job);
      return;
    }
    this.#idleSinceMs = clock.nowMs();
    this.#idleTimer ??= clock.setTimer(KEEP_LAST_JOB_MS, () => this.#dropLastJob());
  }

  #endIdle(): void {
    this.#idleTimer?.cancel();
    this.#idleTimer = null;
  }

  #dropLastJob(): void {
    this.#endIdle();
    this.#options.jobs.clearJob();
  }
}
