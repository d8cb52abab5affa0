/**
 * Shell of the session machine: one pool, its socket, reconnects with back-off. Everything that decides is in
 * `session-machine.ts`; here lines are split, actions carried out and shares counted. Whether this pool is worked for is
 * `pool/pool-manager.ts`'s matter.
 */
import { type Clock, pause, type TimerHandle } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { Connection, Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import type { Job, Share } from "../job/job.ts";
import type { Log } from "../log.ts";
import type { PoolSettings, VersionBitsForm } from "../pool/pool-settings.ts";
import { ShareQueue } from "../share/share-queue.ts";
import type { LatencyHistogram } from "../stats/latency-histogram.ts";
import type { PoolStats } from "../stats/pool-stats.ts";
import { redirectDelayMs, redirectsAfter, retryDelayMs } from "./back-off.ts";
import { closedOnConfigure, NEVER_CLOSED, skipUntilMs } from "./configure-skip.ts";
import { hideSecret } from "./hide-secret.ts";
import { LineSplitter, MAX_LINE_BYTES } from "./line-splitter.ts";
import { parseLine } from "./messages.ts";
import { isSameWork } from "./session-jobs.ts";
import { initialSession, stepSession } from "./session-machine.ts";
import type { CloseCause, SessionAction, SessionInput, SessionState } from "./session-types.ts";
import type { ShareOutcome } from "./share-outcome.ts";

const CONNECT_TIMEOUT_MS = 10_000;
const TICK_MS = 1_000;
/** A link that is renewed on purpose has given a job by then, or its pool counts as lost. */
const RENEWAL_LIMIT_MS = 10_000;

/** `closed`: by the pool or the network; `hungUp`: by us, as nobody wants the link any more. */
type SessionEnd = CloseCause | "closed" | "hungUp";

export interface PoolLinkOptions {
  log: Log;
  clock: Clock;
  random: Random;
  network: Network;
  settings: PoolSettings;
  /** Index in the owner's list. */
  pool: number;
  agent: string;
  chipVersionMask: number;
  poolScale: number;
  /** Numbers of sessions, over all pools. */
  nextSerial: () => number;
  stats: PoolStats;
  nonceToSubmit: LatencyHistogram;
  events: PoolLinkEvents;
}

/** Ends of a session that say something about the pool. */
const TELLING = ["unauthorised", "unanswered", "mute"] as const;
export type DownCause = "lost" | (typeof TELLING)[number];

export interface PoolLinkEvents {
  /** A job of an authorised session. */
  onJob(job: Job, isReplacing: boolean): void;
  /** No job can come from here now. */
  onDown(why: DownCause): void;
  onSubmitted(share: Share): void;
  /** @param isUnanswered lost because the pool let its time pass, not with a link. */
  onShareEnded(share: Share, outcome: ShareOutcome, isUnanswered: boolean): void;
  /** Each line of the session, without the password. */
  onLine(direction: "in" | "out", line: string): void;
}

export class PoolLink {
  readonly #options: PoolLinkOptions;
  readonly #queue = new ShareQueue();
  #session: SessionState | null = null;
  #connection: Connection | null = null;
  #isRunning = false;
  #attempt = 0;
  #configureSkip = NEVER_CLOSED;
  #versionBits: VersionBitsForm;
  /** Where the pool sent us; forgotten as soon as it does not lead to a job. */
  #redirect: { host: string; port: number; waitMs: number } | null = null;
  /** In a row, out of short sessions; no new run and no job clears it. */
  #redirects = 0;
  #job: Job | null = null;
  #endSession: ((cause: SessionEnd) => void) | null = null;
  #tickTimer: TimerHandle | null = null;
  /** Runs while a link that we gave up on purpose is renewed. */
  #renewal: TimerHandle | null = null;

  constructor(options: PoolLinkOptions) {
    this.#options = options;
    this.#versionBits = options.settings.versionBits;
  }

  /** The newest job of the present session, or null. */
  get job(): Job | null {
    return this.#job;
  }

  /** Address family of the present connection. */
  get family(): Connection["family"] {
    return this.#connection?.family ?? null;
  }

  /** Connects and stays until `signal` aborts, however often the link breaks. */
  async run(signal: AbortSignal): Promise<void> {
    const { stats, settings } = this.#options;
    this.#isRunning = true;
    this.#attempt = 0;
    try {
      while (!signal.aborted && (await this.#connectOnce(signal)));
    } finally {
      this.#isRunning = false;
      this.#endRenewal();
      for (const share of this.#queue.drain(() => false).lost) this.#end(share, "lost", "no link was up", null);
      stats.setState("idle", `not in use: ${settings.address.url}`);
    }
  }

  /** A validated share of one of this pool's sessions: out at once, or kept until a fitting session is back. */
  submit(share: Share): void {
    const session = this.#session;
    if (!this.#isRunning) {
      this.#end(share, "lost", "the pool is not in use any more", null);
      return;
    }
    if (session !== null && session.phase === "mining") {
      const isOwn = share.job.session.serial === session.options.identity.serial;
      if (isOwn) this.#step({ kind: "submit", share }, this.#options.clock.nowMs());
      else this.#end(share, "lost", "found for an earlier session", null);
      return;
    }
    const dropped = this.#queue.push(share);
    if (dropped !== null) this.#end(dropped, "lost", "no session took it", null);
  }

  /** One try and the pause after it; false when the run is over. */
  async #connectOnce(signal: AbortSignal): Promise<boolean> {
    const { clock, random, stats, log } = this.#options;
    let cause: SessionEnd | "unreachable" = "unreachable";
    try {
      cause = await this.#runOnce(signal);
    } catch (error) {
      if (isKumpelError(error, "ABORTED")) return false;
      if (!isKumpelError(error)) throw error;
      stats.setState("unreachable", errorText(error));
      log.warn({ attempt: this.#attempt, code: error.code }, errorText(error));
    }
    if (signal.aborted) return false;
    if (cause === "again") {
      this.#beginRenewal();
      return true;
    }
    // A redirect that led nowhere is forgotten: the configured pool is next.
    if (cause !== "asked") this.#redirect = null;
    this.#tellDown(TELLING.find((telling) => telling === cause) ?? "lost");
    const delayMs =
      cause === "asked"
        ? redirectDelayMs(this.#redirects, this.#redirect?.waitMs ?? 0, random)
        : retryDelayMs(this.#attempt++, cause === "unauthorised", random);
    stats.setState(
      stats.state === "unreachable" ? "unreachable" : "waiting",
      `${stats.reason}; next try in ${(delayMs / 1000).toFixed(0)} s`,
    );
    return pause(clock, delayMs, signal);
  }

  /** The work at hand goes on meanwhile, and no other pool takes over unless this one stays away. */
  #beginRenewal(): void {
    this.#renewal = this.#options.clock.setTimer(RENEWAL_LIMIT_MS, () => {
      this.#renewal = null;
      this.#options.events.onDown("lost");
    });
  }

  #endRenewal(): void {
    this.#renewal?.cancel();
    this.#renewal = null;
  }

  #tellDown(why: DownCause): void {
    if (this.#renewal !== null && why === "lost") return;
    this.#endRenewal();
    this.#options.events.onDown(why);
  }

  /** One link from connect to close; resolves with what ended it. */
  async #runOnce(signal: AbortSignal): Promise<SessionEnd> {
    const { network, settings, stats, clock } = this.#options;
    const { host, port, isTls, url } = settings.address;
    const target = this.#redirect ?? { host, port };
    stats.setState(
      "connecting",
      `connecting to ${this.#redirect === null ? url : `${target.host} port ${target.port}`}`,
    );
    const connection = await network.connect({
      host: target.host,
      port: target.port,
      timeoutMs: CONNECT_TIMEOUT_MS,
      signal,
      tls: isTls ? settings.tls : null,
      proxy: settings.proxy,
    });
    const connectedAtMs = clock.nowMs();
    this.#connection = connection;
    stats.connected();
    const ended = new Promise<SessionEnd>((resolve) => {
      this.#endSession = resolve;
    });
    const onAbort = (): void => this.#endSession?.("hungUp");
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
    this.#redirects = redirectsAfter(this.#redirects, clock.nowMs() - connectedAtMs, cause === "asked");
    this.#finish(connection, cause);
    return cause;
  }

  #sessionOptions(): SessionState["options"] {
    const { settings, pool, agent, chipVersionMask, poolScale, nextSerial, clock } = this.#options;
    const { address, user, password, suggestDifficulty, minimumDifficulty, wantsExtranonceSubscribe } = settings;
    const identity = Object.freeze({ serial: nextSerial(), pool, poolUrl: address.url, user });
    return {
      identity,
      address,
      password,
      agent,
      chipVersionMask,
      poolScale,
      suggestDifficulty,
      minimumDifficulty,
      wantsExtranonceSubscribe,
      versionBits: this.#versionBits,
      skipConfigureUntilMs: skipUntilMs(this.#configureSkip, clock.nowMs()),
    };
  }

  #receive(splitter: LineSplitter, chunk: Uint8Array): void {
    const receivedAtMs = this.#options.clock.nowMs();
    const isWithinLimit = splitter.push(chunk, (line) => {
      this.#noteLine("in", line);
      this.#step({ kind: "message", message: parseLine(line) }, receivedAtMs);
    });
    if (isWithinLimit) return;
    this.#options.stats.setState("waiting", `the pool sent a line of more than ${MAX_LINE_BYTES} bytes`);
    this.#options.log.warn({ limitBytes: MAX_LINE_BYTES }, "pool line too long, link closed");
    this.#endSession?.("silent");
  }

  #noteLine(direction: "in" | "out", line: string): void {
    const { events, settings } = this.#options;
    events.onLine(direction, hideSecret(line, settings.password).trimEnd());
  }

  #scheduleTick(): void {
    this.#tickTimer = this.#options.clock.setTimer(TICK_MS, () => {
      this.#step({ kind: "tick" }, this.#options.clock.nowMs());
      this.#scheduleTick();
    });
  }

  #step(input: SessionInput, nowMs: number): void {
    const before = this.#session;
    if (before === null) return;
    const { state, actions } = stepSession(before, input, nowMs);
    this.#session = state;
    this.#versionBits = state.versionBits;
    for (const action of actions) this.#carryOut(action);
    // A job may come before the user is known to be good; it counts from then on.
    const isNowMining = before.phase !== "mining" && state.phase === "mining";
    if (isNowMining && this.#job !== null) this.#announce(this.#job, true);
  }

  #carryOut(action: SessionAction): void {
    const { stats, log, clock, nonceToSubmit, settings } = this.#options;
    switch (action.kind) {
      case "send":
        this.#connection?.write(action.line);
        this.#noteLine("out", action.line);
        return;
      case "submitted":
        this.#connection?.write(action.line);
        this.#noteLine("out", action.line);
        nonceToSubmit.record(clock.nowMs() - action.share.nonceReceivedAtMs);
        stats.submitted(action.share);
        this.#options.events.onSubmitted(action.share);
        return;
      case "job":
        this.#takeJob(action);
        return;
      case "answered":
        this.#end(action.share, action.outcome, action.text, action.roundTripMs, action.outcome === "lost");
        return;
      case "notice": {
        const text = hideSecret(action.text, settings.password);
        log[action.level]({ pool: settings.address.url }, text);
        stats.notice(text);
        return;
      }
      case "redirect":
        this.#redirect = { host: action.host, port: action.port, waitMs: action.waitMs };
        return;
      case "close": {
        const text = hideSecret(action.text, settings.password);
        stats.setState("waiting", text);
        log.warn({ pool: settings.address.url }, text);
        this.#endSession?.(action.cause);
        return;
      }
    }
  }

  #end(share: Share, outcome: ShareOutcome, text: string, roundTripMs: number | null, isUnanswered = false): void {
    const { stats, settings } = this.#options;
    stats.shareEnded(share, outcome, hideSecret(text, settings.password), roundTripMs);
    this.#options.events.onShareEnded(share, outcome, isUnanswered);
  }

  #takeJob(action: Extract<SessionAction, { kind: "job" }>): void {
    this.#job = action.job;
    this.#options.stats.jobReceived(action.job);
    if (this.#session?.phase === "mining") this.#announce(action.job, action.isReplacing);
  }

  #announce(job: Job, isReplacing: boolean): void {
    this.#attempt = 0;
    this.#endRenewal();
    this.#options.events.onJob(job, isReplacing);
    if (this.#queue.length > 0) this.#sendQueued(job);
  }

  /** What was found without a link goes out only if the new session is at the very same work. */
  #sendQueued(job: Job): void {
    const { fitting, lost: dropped } = this.#queue.drain(
      (share) => sharesSession(share.job, job) && isSameWork(share.job, job),
    );
    for (const share of fitting) this.#step({ kind: "submit", share }, this.#options.clock.nowMs());
    for (const share of dropped) this.#end(share, "lost", "found while no link was up", null);
  }

  #finish(connection: Connection, cause: SessionEnd): void {
    const session = this.#session;
    const nowMs = this.#options.clock.nowMs();
    this.#tickTimer?.cancel();
    this.#endSession = null;
    this.#session = null;
    this.#connection = null;
    this.#job = null;
    connection.close();
    for (const { share, sentAtMs } of session?.pending.values() ?? [])
      this.#end(share, "lost", "no answer", nowMs - sentAtMs);
    if (session !== null) this.#learnConfigure(session, cause);
  }

  #learnConfigure({ options, phase, configureId }: SessionState, cause: SessionEnd): void {
    if (options.skipConfigureUntilMs !== null) return;
    const isUnanswered = phase === "configuring" || (phase === "subscribing" && configureId !== null);
    if (!isUnanswered) this.#configureSkip = NEVER_CLOSED;
    else if (cause === "closed")
      this.#configureSkip = closedOnConfigure(this.#configureSkip, this.#options.clock.nowMs());
  }
}

function sharesSession(a: Job, b: Job): boolean {
  return a.session.poolUrl === b.session.poolUrl && a.session.user === b.session.user;
}
