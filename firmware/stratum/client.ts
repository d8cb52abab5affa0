/**
 * Shell of the session machine: one pool, its socket, reconnects with back-off. Everything that decides is in
 * `session-machine.ts`; here lines are split, actions carried out and shares counted.
 */
import { type Clock, pause, type TimerHandle } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { Connection, Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import type { Job, JobSink, Share } from "../job/job.ts";
import type { Log } from "../log.ts";
import { ShareQueue } from "../share/share-queue.ts";
import type { LatencyHistogram } from "../stats/latency-histogram.ts";
import type { PoolStats } from "../stats/pool-stats.ts";
import { retryDelayMs } from "./back-off.ts";
import { LineSplitter, MAX_LINE_BYTES } from "./line-splitter.ts";
import { parseLine } from "./messages.ts";
import type { PoolAddress } from "./pool-url.ts";
import { isSameWork } from "./session-jobs.ts";
import { initialSession, stepSession } from "./session-machine.ts";
import type { CloseCause, SessionAction, SessionInput, SessionState } from "./session-types.ts";
import { lost } from "./submits.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const TICK_MS = 1_000;
/** A lost pool's last job is worked on for so long; after that no chain is fed until a pool is back. */
const KEEP_LAST_JOB_MS = 120_000;

export interface StratumClientOptions {
  log: Log;
  clock: Clock;
  random: Random;
  network: Network;
  address: PoolAddress;
  user: string;
  password: string;
  agent: string;
  chipVersionMask: number;
  poolScale: number;
  suggestDifficulty: number | null;
  jobs: JobSink;
  stats: PoolStats;
  nonceToSubmit: LatencyHistogram;
}

export class StratumClient {
  readonly #options: StratumClientOptions;
  readonly #queue = new ShareQueue();
  #session: SessionState | null = null;
  #connection: Connection | null = null;
  #serial = 0;
  #attempt = 0;
  #skipConfigure = false;
  #endSession: ((cause: CloseCause | "closed") => void) | null = null;
  #idleTimer: TimerHandle | null = null;
  #tickTimer: TimerHandle | null = null;

  constructor(options: StratumClientOptions) {
    this.#options = options;
  }

  /** Connects and mines until `signal` aborts, however often the link breaks. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, stats, log } = this.#options;
    while (!signal.aborted) {
      let cause: CloseCause | "closed" | "unreachable" = "unreachable";
      try {
        cause = await this.#runOnce(signal);
      } catch (error) {
        if (isKumpelError(error, "ABORTED")) break;
        if (!isKumpelError(error)) throw error;
        stats.setState("unreachable", errorText(error));
        log.warn({ attempt: this.#attempt }, errorText(error));
      }
      const delayMs = retryDelayMs(this.#attempt++, cause === "unauthorised", random);
      stats.setState(
        stats.state === "unreachable" ? "unreachable" : "waiting",
        `${stats.reason}; next try in ${(delayMs / 1000).toFixed(0)} s`,
      );
      if (!(await pause(clock, delayMs, signal))) break;
    }
    this.#idleTimer?.cancel();
    for (const share of this.#queue.drain(() => false).lost)
      stats.shareEnded(share, "lost", "stopped before a link was up", null);
    stats.setState("stopped", "stopped");
  }

  /** A validated share: out at once, or kept until a fitting session is back. */
  submit(share: Share): void {
    const session = this.#session;
    if (session !== null && session.phase === "mining") {
      const isOwn = share.job.session.serial === session.options.identity.serial;
      if (isOwn) this.#step({ kind: "submit", share }, this.#options.clock.nowMs());
      else this.#options.stats.shareEnded(share, "lost", "found for an earlier session", null);
      return;
    }
    const dropped = this.#queue.push(share);
    if (dropped !== null) this.#options.stats.shareEnded(dropped, "lost", "no session took it", null);
  }

  /** One link from connect to close; resolves with what ended it. */
  async #runOnce(signal: AbortSignal): Promise<CloseCause | "closed"> {
    const { network, address, stats, clock } = this.#options;
    stats.setState("connecting", `connecting to ${address.url}`);
    const connection = await network.connect({
      host: address.host,
      port: address.port,
      timeoutMs: CONNECT_TIMEOUT_MS,
      signal,
    });
    this.#connection = connection;
    stats.connected();
    const ended = new Promise<CloseCause | "closed">((resolve) => {
      this.#endSession = resolve;
    });
    const onAbort = (): void => this.#endSession?.("closed");
    signal.addEventListener("abort", onAbort, { once: true });
    const splitter = new LineSplitter();
    connection.onData((chunk) => this.#receive(splitter, chunk));
    connection.onClose((error) => {
      stats.setState(
        "waiting",
        error === null ? "the pool closed the connection" : `connection lost: ${error.message}`,
      );
      this.#endSession?.("closed");
    });
    this.#session = initialSession(this.#sessionOptions(), clock.nowMs());
    this.#step({ kind: "connected" }, clock.nowMs());
    this.#scheduleTick();
    const cause = await ended;
    signal.removeEventListener("abort", onAbort);
    this.#finish(connection, cause);
    return cause;
  }

  #sessionOptions(): SessionState["options"] {
    const { address, user, password, agent, chipVersionMask, poolScale, suggestDifficulty } = this.#options;
    const identity = Object.freeze({ serial: ++this.#serial, poolUrl: address.url, user });
    const skipConfigure = this.#skipConfigure;
    return { identity, password, agent, chipVersionMask, poolScale, suggestDifficulty, skipConfigure };
  }

  #receive(splitter: LineSplitter, chunk: Uint8Array): void {
    const receivedAtMs = this.#options.clock.nowMs();
    const isWithinLimit = splitter.push(chunk, (line) => {
      this.#step({ kind: "message", message: parseLine(line) }, receivedAtMs);
    });
    if (isWithinLimit) return;
    this.#options.stats.setState("waiting", `the pool sent a line of more than ${MAX_LINE_BYTES} bytes`);
    this.#options.log.warn({ limitBytes: MAX_LINE_BYTES }, "pool line too long, link closed");
    this.#endSession?.("silent");
  }

  #scheduleTick(): void {
    this.#tickTimer = this.#options.clock.setTimer(TICK_MS, () => {
      this.#step({ kind: "tick" }, this.#options.clock.nowMs());
      this.#scheduleTick();
    });
  }

  #step(input: SessionInput, nowMs: number): void {
    if (this.#session === null) return;
    const { state, actions } = stepSession(this.#session, input, nowMs);
    this.#session = state;
    for (const action of actions) this.#carryOut(action);
  }

  #carryOut(action: SessionAction): void {
    const { stats, log, clock, nonceToSubmit } = this.#options;
    switch (action.kind) {
      case "send":
        this.#connection?.write(action.line);
        return;
      case "submitted":
        this.#connection?.write(action.line);
        nonceToSubmit.record(clock.nowMs() - action.share.nonceReceivedAtMs);
        stats.submitted(action.share);
        return;
      case "job":
        this.#takeJob(action);
        return;
      case "answered":
        stats.shareEnded(action.share, action.outcome, action.text, action.roundTripMs);
        return;
      case "notice":
        log[action.level]({ pool: this.#options.address.url }, action.text);
        stats.notice(action.text);
        return;
      case "close":
        stats.setState("waiting", action.text);
        log.warn({ pool: this.#options.address.url }, action.text);
        this.#endSession?.(action.cause);
        return;
    }
  }

  #takeJob(action: Extract<SessionAction, { kind: "job" }>): void {
    this.#attempt = 0;
    this.#idleTimer?.cancel();
    this.#idleTimer = null;
    if (action.isReplacing) this.#options.jobs.replaceJob(action.job);
    else this.#options.jobs.updateJob(action.job);
    this.#options.stats.jobReceived(action.job);
    if (this.#queue.length > 0 && this.#session?.phase === "mining") this.#sendQueued(action.job);
  }

  /** What was found without a link goes out only if the new session is at the very same work. */
  #sendQueued(job: Job): void {
    const { fitting, lost: dropped } = this.#queue.drain(
      (share) => sharesSession(share.job, job) && isSameWork(share.job, job),
    );
    for (const share of fitting) this.#step({ kind: "submit", share }, this.#options.clock.nowMs());
    for (const share of dropped) this.#options.stats.shareEnded(share, "lost", "found while no link was up", null);
  }

  #finish(connection: Connection, cause: CloseCause | "closed"): void {
    const session = this.#session;
    const nowMs = this.#options.clock.nowMs();
    this.#tickTimer?.cancel();
    this.#endSession = null;
    this.#session = null;
    this.#connection = null;
    connection.close();
    for (const entry of session?.pending.values() ?? []) this.#carryOut(lost(entry, nowMs));
    // Old servers close on mining.configure: one session goes without it, then it is asked again. A pool that was only
    // restarted at that moment must not cost the rolling for good.
    this.#skipConfigure = session?.phase === "configuring" && cause === "closed";
    this.#idleTimer ??= this.#options.clock.setTimer(KEEP_LAST_JOB_MS, () => {
      this.#options.jobs.clearJob();
    });
  }
}

function sharesSession(a: Job, b: Job): boolean {
  return a.session.poolUrl === b.session.poolUrl && a.session.user === b.session.user;
}
