/** Drives the session machine by hand: lines in, lines and jobs out. */
import type { Job, Share } from "#firmware/job/job.ts";
import { parseLine } from "#firmware/stratum/messages.ts";
import { parsePoolUrl } from "#firmware/stratum/pool-url.ts";
import { initialSession, stepSession } from "#firmware/stratum/session-machine.ts";
import type { SessionAction, SessionInput, SessionOptions, SessionState } from "#firmware/stratum/session-types.ts";

export function sessionOptions(changes: Partial<SessionOptions> = {}): SessionOptions {
  return {
    identity: { serial: 1, pool: 0, poolUrl: "stratum+tcp://pool.test:3333", user: "alice.1" },
    address: parsePoolUrl("stratum+tcp://a.pool.test:3333"),
    password: "x",
    agent: "kumpel/test",
    chipVersionMask: 0x1fffe000,
    poolScale: 1,
    suggestDifficulty: null,
    minimumDifficulty: null,
    wantsExtranonceSubscribe: false,
    versionBits: "bip310",
    skipConfigureUntilMs: null,
    ...changes,
  };
}

export class SessionDriver {
  state: SessionState;
  readonly actions: SessionAction[] = [];
  nowMs = 0;

  constructor(changes: Partial<SessionOptions> = {}) {
    this.state = initialSession(sessionOptions(changes), 0);
  }

  input(input: SessionInput): this {
    const { state, actions } = stepSession(this.state, input, this.nowMs);
    this.state = state;
    this.actions.push(...actions);
    return this;
  }

  receive(...lines: string[]): this {
    for (const line of lines) this.input({ kind: "message", message: parseLine(line) });
    return this;
  }

  tickAt(nowMs: number): this {
    this.nowMs = nowMs;
    return this.input({ kind: "tick" });
  }

  submit(share: Share): this {
    return this.input({ kind: "submit", share });
  }

  /** Calls sent so far. */
  get sent(): { id: number; method: string; params: unknown[]; result: unknown; error: unknown }[] {
    return this.actions.flatMap((a) => (a.kind === "send" || a.kind === "submitted" ? [JSON.parse(a.line)] : []));
  }

  get jobs(): { job: Job; isReplacing: boolean }[] {
    return this.actions.flatMap((a) => (a.kind === "job" ? [{ job: a.job, isReplacing: a.isReplacing }] : []));
  }

  get outcomes(): string[] {
    return this.actions.flatMap((a) => (a.kind === "answered" ? [a.outcome] : []));
  }

  get notices(): string[] {
    return this.actions.flatMap((a) => (a.kind === "notice" && a.level === "warn" ? [a.text] : []));
  }

  /** Goes through the handshake; `configure` is the pool's answer to mining.configure. */
  handshake(configure: unknown = { "version-rolling": true, "version-rolling.mask": "1fffe000" }, size = 4): this {
    this.input({ kind: "connected" });
    this.receive(JSON.stringify({ id: 1, result: configure, error: null }));
    this.receive(JSON.stringify({ id: 2, result: [[["mining.notify", "a"]], "a1b2c3d4", size], error: null }));
    return this.receive('{"id":3,"result":true,"error":null}');
  }
}

/** The job of the public case fixtures: a made-up block with an empty branch list. */
export function fixtureNotify(
  changes: { jobId?: string; nTime?: string; clean?: boolean; prevHash?: string; version?: string } = {},
): string {
  const coinb1 = `${"01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff0d"}0341d10c08`;
  const coinb2 = "ffffffff01205fa01200000000015100000000";
  const prevHash = changes.prevHash ?? "4433221188776655bbaa0099ffeeddcc67452301efcdab890000000000000000";
  const params = [
    changes.jobId ?? "j0",
    prevHash,
    coinb1,
    coinb2,
    [],
    changes.version ?? "20000000",
    "1d00ffff",
    changes.nTime ?? "6655aa00",
    changes.clean ?? true,
  ];
  return JSON.stringify({ id: null, method: "mining.notify", params });
}

export function shareOf(job: Job, changes: Partial<Share> = {}): Share {
  return {
    job,
    chainIndex: 0,
    extranonce2Hex: "00000001",
    nTime: job.nTime,
    nonce: 0x008f58d0,
    version: job.version,
    hashDifficulty: 1,
    nonceReceivedAtMs: 0,
    ...changes,
  };
}
