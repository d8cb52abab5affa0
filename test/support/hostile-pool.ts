/**
 * A pool that means ill, and judges each share on its own with `node:crypto`: every connection is a session with an
 * extranonce of its own, and a share that fits another session's work only is told apart from a plain bad one.
 */
import { createHash } from "node:crypto";
import type { SeededRandom } from "#hal/emulator/prng.ts";
import type { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Connection, Listener, Network } from "#hal/network.ts";

export type Verdict = "good" | "stale" | "duplicate" | "unknownJob" | "badHash" | "badBits" | "foreign" | "badUser";

interface Template {
  readonly extranonce1: string;
  readonly extranonce2Size: number;
  readonly prevHash: string;
  readonly coinb2: string;
  readonly nTime: number;
  readonly target: bigint;
  /** When a clean job put an end to it. */
  voidSinceMs: number | null;
}

interface Session {
  readonly link: Connection;
  readonly jobs: Map<string, Template>;
  readonly seen: Set<string>;
  extranonce1: string;
  extranonce2Size: number;
  isMining: boolean;
  /** Half open: it reads and says nothing any more. */
  isMute: boolean;
}

const T1 = 0xffffn << 208n;
const COINB1 = "01".repeat(40);
const VERSION = 0x20000000;
const NBITS = "1d00ffff";
/** A share may have been on its way for so long when its job or its mask ended. */
export const LATENCY_MS = 1_000;

const sha256d = (data: Buffer): Buffer =>
  createHash("sha256").update(createHash("sha256").update(data).digest()).digest();
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

export interface HostilePoolOptions {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly network: Network;
  readonly port: number;
  readonly user: string;
  readonly scale: number;
  readonly difficulty: number;
}

export class HostilePool {
  readonly verdicts = new Map<Verdict, number>();
  /** Stale for longer than a share can be on its way. */
  lateStale = 0;
  difficulty: number;
  readonly #options: HostilePoolOptions;
  readonly #past: Template[] = [];
  #session: Session | null = null;
  #listener: Listener | null = null;
  #mask = 0x1fffe000;
  #oldMask = { mask: 0x1fffe000, untilMs: 0 };
  #count = 0;
  #prevHash = "44".repeat(32);

  constructor(options: HostilePoolOptions) {
    this.#options = options;
    this.difficulty = options.difficulty;
  }

  async open(): Promise<void> {
    const { network, port } = this.#options;
    this.#listener ??= await network.listen({ host: "127.0.0.1", port }, (link) => this.#accept(link));
  }

  async shut(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    await listener?.close();
  }

  drop(): void {
    this.#session?.link.close();
    this.#session = null;
  }

  mute(): void {
    if (this.#session !== null) this.#session.isMute = true;
  }

  setDifficulty(difficulty: number): void {
    this.difficulty = difficulty;
    this.#call("mining.set_difficulty", [difficulty]);
  }

  setMask(mask: number): void {
    this.#oldMask = { mask: this.#mask, untilMs: this.#options.clock.nowMs() + LATENCY_MS };
    this.#mask = mask;
    this.#call("mining.set_version_mask", [mask.toString(16).padStart(8, "0")]);
  }

  setExtranonce(): void {
    const session = this.#session;
    if (session === null) return;
    this.#newExtranonce(session);
    this.#call("mining.set_extranonce", [session.extranonce1, session.extranonce2Size]);
    this.notify(true);
  }

  notify(isClean: boolean): void {
    const session = this.#session;
    if (session === null || !session.isMining) return;
    const { clock, scale } = this.#options;
    const number = ++this.#count;
    if (isClean) {
      this.#prevHash = number.toString(16).padStart(8, "0").repeat(8);
      for (const job of session.jobs.values()) job.voidSinceMs ??= clock.nowMs();
    }
    const job: Template = {
      extranonce1: session.extranonce1,
      extranonce2Size: session.extranonce2Size,
      prevHash: this.#prevHash,
      coinb2: `${number.toString(16).padStart(8, "0")}${"02".repeat(56)}`,
      nTime: 0x6655aa00 + Math.floor(clock.nowMs() / 1000),
      target: (BigInt(scale) * T1) / BigInt(Math.ceil(this.difficulty)),
      voidSinceMs: null,
    };
    // Ids begin anew with each session, as many pools have it.
    const id = (session.jobs.size + 1).toString(16);
    session.jobs.set(id, job);
    this.#past.push(job);
    if (this.#past.length > 64) this.#past.shift();
    const hex = VERSION.toString(16);
    this.#call("mining.notify", [
      id,
      job.prevHash,
      COINB1,
      job.coinb2,
      [],
      hex,
      NBITS,
      job.nTime.toString(16),
      isClean,
    ]);
  }

  #accept(link: Connection): void {
    const session: Session = {
      link,
      jobs: new Map(),
      seen: new Set(),
      extranonce1: "",
      extranonce2Size: 4,
      isMining: false,
      isMute: false,
    };
    this.#newExtranonce(session);
    this.#session = session;
    let rest = "";
    link.onData((chunk) => {
      rest += Buffer.from(chunk).toString();
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines)
        this.#answer(session, JSON.parse(line) as { id: number; method: string; params: string[] });
    });
    link.onClose(() => {
      if (this.#session === session) this.#session = null;
    });
  }

  #newExtranonce(session: Session): void {
    const { random } = this.#options;
    const bytes = Uint8Array.from({ length: 4 + (random.uint32() % 3) }, () => random.uint32());
    session.extranonce1 = Buffer.from(bytes).toString("hex");
    session.extranonce2Size = 3 + (random.uint32() % 6);
  }

  #call(method: string, params: unknown): void {
    const session = this.#session;
    if (session?.isMining === true) this.#say(session, { id: null, method, params });
  }

  #say(session: Session, message: object): void {
    if (!session.isMute) session.link.write(`${JSON.stringify(message)}\n`);
  }

  #answer(session: Session, { id, method, params }: { id: number; method: string; params: string[] }): void {
    if (session.isMute) return;
    const reply = (result: unknown, error: unknown = null): void => this.#say(session, { id, result, error });
    const mask = this.#mask.toString(16).padStart(8, "0");
    if (method === "mining.configure") reply({ "version-rolling": true, "version-rolling.mask": mask });
    else if (method === "mining.subscribe") reply([[], session.extranonce1, session.extranonce2Size]);
    else if (method === "mining.authorize") {
      session.isMining = true;
      reply(true);
      this.setDifficulty(this.difficulty);
      this.notify(true);
    } else if (method === "mining.submit") {
      const verdict = this.#judge(session, params);
      this.verdicts.set(verdict, (this.verdicts.get(verdict) ?? 0) + 1);
      if (verdict === "good") reply(true);
      else reply(null, [verdict === "stale" ? 21 : 20, verdict, null]);
    }
  }

  #judge(session: Session, params: string[]): Verdict {
    const [user, jobId = "", extranonce2 = "", nTime = "", nonce = "", bits = ""] = params;
    if (user !== this.#options.user) return "badUser";
    const nowMs = this.#options.clock.nowMs();
    const job = session.jobs.get(jobId);
    const share = {
      extranonce2,
      nTime: Number.parseInt(nTime, 16),
      nonce: Number.parseInt(nonce, 16),
      bits: Number.parseInt(bits, 16),
    };
    const isElsewhere = (): boolean => this.#past.some((other) => other !== job && meets(other, share));
    if (job === undefined) return isElsewhere() ? "foreign" : "unknownJob";
    if (!meets(job, share)) return isElsewhere() ? "foreign" : "badHash";
    const allowed = nowMs <= this.#oldMask.untilMs ? this.#mask | this.#oldMask.mask : this.#mask;
    if ((share.bits & ~allowed) !== 0) return "badBits";
    const key = params.slice(1).join();
    if (session.seen.has(key)) return "duplicate";
    session.seen.add(key);
    if (job.voidSinceMs === null) return "good";
    if (nowMs - job.voidSinceMs > LATENCY_MS) this.lateStale++;
    return "stale";
  }
}

interface Claim {
  readonly extranonce2: string;
  readonly nTime: number;
  readonly nonce: number;
  readonly bits: number;
}

function meets(job: Template, share: Claim): boolean {
  if (share.extranonce2.length !== 2 * job.extranonce2Size) return false;
  const coinbase = Buffer.from(COINB1 + job.extranonce1 + share.extranonce2 + job.coinb2, "hex");
  const header = Buffer.concat([
    u32(VERSION | share.bits),
    Buffer.from(job.prevHash, "hex").swap32(),
    sha256d(coinbase),
    u32(share.nTime),
    Buffer.from(NBITS, "hex").reverse(),
    u32(share.nonce),
  ]);
  return BigInt(`0x${sha256d(header).reverse().toString("hex")}`) <= job.target;
}
