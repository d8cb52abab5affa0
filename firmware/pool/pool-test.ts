/**
 * Tries a pool before it is mined for: connects, subscribes, authorises and waits for a first job, with the same session
 * machine that mines. Bounded in time; it touches no running session.
 */
import { type Clock, LATE, within } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { Connection, Network } from "#hal/network.ts";
import { hideSecret } from "../stratum/hide-secret.ts";
import { LineSplitter } from "../stratum/line-splitter.ts";
import { parseLine } from "../stratum/messages.ts";
import { initialSession, stepSession } from "../stratum/session-machine.ts";
import type { SessionAction, SessionInput, SessionState } from "../stratum/session-types.ts";
import type { PoolSettings } from "./pool-settings.ts";
import { WhatCame } from "./what-came.ts";

export const POOL_TEST_STEPS = ["connect", "subscribe", "authorise", "job"] as const;
export type PoolTestStep = (typeof POOL_TEST_STEPS)[number];

export interface PoolTestResult {
  /** The pool takes this user. */
  readonly isGood: boolean;
  /** One sentence for who asked. */
  readonly message: string;
  /** Quickest answer to one of our calls; null before there was one. */
  readonly latencyMs: number | null;
  /** When each step was reached, from the beginning on; null: it was not. */
  readonly steps: readonly { readonly step: PoolTestStep; readonly afterMs: number | null }[];
}

export interface PoolTestOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly settings: PoolSettings;
  readonly agent: string;
}

/** For all of it: whoever asked waits. */
export const POOL_TEST_LIMIT_MS = 8_000;
/** A pool that took the user sends a job at once; one that does not is told so, and is good all the same. */
const JOB_WAIT_MS = 3_000;
const TICK_MS = 500;
/** All bits that BIP 320 sets free: whether the pool grants any, not which. */
const VERSION_MASK = 0x1fffe000;

/** Never rejects for what a pool does. */
export async function testPool(options: PoolTestOptions): Promise<PoolTestResult> {
  const first = new PoolTest(options, options.clock.nowMs(), false);
  const result = await first.run();
  if (!first.wantsAnotherTry) return result;
  // Old servers close on mining.configure, as in `stratum/pool-link.ts`.
  return new PoolTest(options, first.beganAtMs, true).run();
}

class PoolTest {
  readonly beganAtMs: number;
  readonly #options: PoolTestOptions;
  readonly #skipConfigure: boolean;
  readonly #reached = new Map<PoolTestStep, number>();
  readonly #stop = new AbortController();
  readonly #came = new WhatCame();
  #connection: Connection | null = null;
  #session: SessionState | null = null;
  #sentAtMs = 0;
  #latencyMs: number | null = null;
  #wasClosed = false;
  #end: (why: string | null) => void = () => undefined;

  constructor(options: PoolTestOptions, beganAtMs: number, skipConfigure: boolean) {
    this.#options = options;
    this.beganAtMs = beganAtMs;
    this.#skipConfigure = skipConfigure;
  }

  get wantsAnotherTry(): boolean {
    return this.#wasClosed && !this.#skipConfigure && this.#session?.phase === "configuring";
  }

  async run(): Promise<PoolTestResult> {
    const { clock } = this.#options;
    const leftMs = this.beganAtMs + POOL_TEST_LIMIT_MS - clock.nowMs();
    const outcome = await within(clock, leftMs, this.#try());
    this.#stop.abort();
    this.#connection?.close();
    const why = outcome === LATE ? this.#lateText() : outcome;
    return this.#result(why);
  }

  /** Why it ended; null: all that was to be seen was seen. */
  async #try(): Promise<string | null> {
    const { network, settings, clock } = this.#options;
    const { host, port, isTls } = settings.address;
    const ended = new Promise<string | null>((resolve) => {
      this.#end = resolve;
    });
    try {
      this.#connection = await network.connect({
        host,
        port,
        timeoutMs: POOL_TEST_LIMIT_MS,
        signal: this.#stop.signal,
        tls: isTls ? settings.tls : null,
        proxy: settings.proxy,
      });
    } catch (error) {
      if (!isKumpelError(error)) throw error;
      return errorText(error);
    }
    this.#reach("connect");
    this.#listen(this.#connection);
    this.#session = initialSession(this.#sessionOptions(), clock.nowMs());
    this.#step({ kind: "connected" });
    this.#tick();
    return ended;
  }

  #listen(connection: Connection): void {
    const splitter = new LineSplitter();
    connection.onData((chunk) => {
      const isWithinLimit = splitter.push(chunk, (line) => {
        const message = parseLine(line);
        const awaiting = this.#session?.awaiting ?? null;
        this.#came.note(message, line, message.kind === "answer" && awaiting?.id === message.id);
        this.#step({ kind: "message", message });
      });
      if (!isWithinLimit) this.#end("what it sends is no Stratum: a line without an end");
    });
    connection.onClose((error) => {
      this.#wasClosed = true;
      this.#end(error === null ? "the pool closed the connection" : `the connection was lost: ${error.message}`);
    });
  }

  #sessionOptions(): SessionState["options"] {
    const { settings, agent } = this.#options;
    const { address, user, password, minimumDifficulty, wantsExtranonceSubscribe, versionBits } = settings;
    return {
      identity: { serial: 0, pool: 0, poolUrl: address.url, user },
      address,
      password,
      agent,
      chipVersionMask: VERSION_MASK,
      poolScale: 1,
      suggestDifficulty: null,
      minimumDifficulty,
      wantsExtranonceSubscribe,
      versionBits,
      skipConfigureUntilMs: this.#skipConfigure ? Number.POSITIVE_INFINITY : null,
    };
  }

  #tick(): void {
    const { clock } = this.#options;
    clock.setTimer(TICK_MS, () => {
      if (this.#stop.signal.aborted) return;
      const authorisedAtMs = this.#reached.get("authorise");
      if (authorisedAtMs !== undefined && clock.nowMs() - authorisedAtMs >= JOB_WAIT_MS) this.#end(null);
      this.#step({ kind: "tick" });
      this.#tick();
    });
  }

  #step(input: SessionInput): void {
    const before = this.#session;
    if (before === null || this.#stop.signal.aborted) return;
    const { state, actions } = stepSession(before, input, this.#options.clock.nowMs());
    this.#session = state;
    if (input.kind === "message" && before.awaiting !== state.awaiting) this.#answered();
    // The difference between two phases is an answer of the pool, except where an old one kept silent on the first call.
    if (state.phase !== before.phase && before.phase === "subscribing" && state.phase !== "closed")
      this.#reach("subscribe");
    if (state.phase !== before.phase && state.phase === "mining") this.#reach("authorise");
    for (const action of actions) this.#carryOut(action);
    if (state.phase === "mining" && this.#reached.has("job")) this.#end(null);
  }

  #answered(): void {
    const tookMs = this.#options.clock.nowMs() - this.#sentAtMs;
    this.#latencyMs = Math.min(this.#latencyMs ?? tookMs, tookMs);
  }

  #carryOut(action: SessionAction): void {
    switch (action.kind) {
      case "send":
        this.#sentAtMs = this.#options.clock.nowMs();
        this.#connection?.write(action.line);
        return;
      case "job":
        this.#reach("job");
        return;
      case "redirect":
        this.#end(`it sends miners on to ${action.host} port ${action.port}: test that address`);
        return;
      case "close":
        this.#end(action.text);
        return;
      case "submitted":
      case "answered":
      case "notice":
        return;
    }
  }

  #reach(step: PoolTestStep): void {
    if (!this.#reached.has(step)) this.#reached.set(step, this.#options.clock.nowMs());
  }

  #lateText(): string {
    if (!this.#reached.has("connect")) return `no connection within ${POOL_TEST_LIMIT_MS / 1000} s`;
    const method = this.#session?.awaiting?.method ?? "the last call";
    const { text, isStratum } = this.#came;
    const instead = text === null ? ", nor anything else" : `; what came instead: ${text}`;
    const hint = isStratum || this.#latencyMs !== null ? "" : "; it may be no Stratum server";
    return `no answer to ${method} within ${POOL_TEST_LIMIT_MS / 1000} s${instead}${hint}`;
  }

  #result(why: string | null): PoolTestResult {
    const steps = POOL_TEST_STEPS.map((step) => {
      const atMs = this.#reached.get(step);
      return { step, afterMs: atMs === undefined ? null : atMs - this.beganAtMs };
    });
    const isGood = this.#reached.has("authorise");
    const message = isGood ? this.#goodText(why) : `Not good: ${sentence(why ?? "the pool ended the session")}`;
    return { isGood, message: hideSecret(message, this.#options.settings.password), latencyMs: this.#latencyMs, steps };
  }

  #goodText(why: string | null): string {
    const latency = this.#latencyMs === null ? "" : `; it answers in ${Math.round(this.#latencyMs)} ms`;
    if (this.#reached.has("job")) return `The pool takes this user and gives work${latency}.`;
    const note = why ?? `no job came within ${JOB_WAIT_MS / 1000} s`;
    return `The pool takes this user${latency}, but ${sentence(note)}`;
  }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
