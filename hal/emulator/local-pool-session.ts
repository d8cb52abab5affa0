/** One client of the local pool: its calls, its jobs with the difficulty each was sent under, its shares. */
import type { Clock } from "#hal/clock.ts";
import type { Connection } from "#hal/network.ts";
import type { PoolFaults } from "./faults.ts";
import { LineCutter } from "./local-pool-lines.ts";
import { shareTarget } from "./local-pool-target.ts";
import { type BlockTemplate, prevHashStratum, shareHash } from "./local-pool-template.ts";
import { VarDiff } from "./local-pool-vardiff.ts";

/** Seconds that a share's ntime may be ahead of its job's, as widespread pool software has it. */
const NTIME_AHEAD_MAX_S = 7000;
/** Jobs remembered, stale ones included. */
const JOBS_MAX = 64;
/** Shares remembered against duplicates. */
const SEEN_MAX = 65_536;
/** A share may have been on its way for so long when its job ended. */
const ON_THE_WAY_MS = 1_000;

export interface PoolCounts {
  accepted: number;
  /** All refusals together. */
  rejected: number;
  duplicate: number;
  stale: number;
  /** Of those, for longer than a share can be on its way after the new block was told. */
  lateStale: number;
  lowDifficulty: number;
  /** Of those, good for an extranonce that was another session's. */
  foreign: number;
  /** Refusals for any other reason: unknown job, bad fields, ntime, version bits, no right. */
  invalid: number;
  /** Sum of the difficulties of the jobs whose shares were accepted. */
  acceptedDifficulty: number;
  /** Connections since the start. */
  connections: number;
  notifies: number;
  blocks: number;
  /** Lines that were no call. */
  malformed: number;
}

export interface SessionOptions {
  readonly clock: Clock;
  readonly connection: Connection;
  readonly counts: PoolCounts;
  readonly extranonce1: Buffer;
  readonly faults: PoolFaults;
  /** Extranonces of other sessions, to tell a share of theirs from a plain bad one. */
  readonly foreignExtranonces: () => readonly Buffer[];
  readonly extranonce2Size: number;
  readonly versionMask: number;
  readonly scale: number;
  readonly startDifficulty: number;
  readonly sharesPerSecond: number;
  readonly currentTemplate: () => BlockTemplate;
  readonly onEnd: (session: PoolSession) => void;
}

interface SentJob {
  readonly template: BlockTemplate;
  readonly difficulty: number;
  readonly target: bigint;
  readonly extranonce1: Buffer;
}

type Params = readonly unknown[];
type StratumError = readonly [code: number, text: string, extra: null];

interface Submission {
  readonly job: SentJob;
  readonly extranonce2Hex: string;
  readonly ntime: number;
  readonly nonce: number;
  readonly versionBits: number;
}

const HEX_8 = /^[0-9a-fA-F]{8}$/;

function hexNumber(value: unknown): number | null {
  return typeof value === "string" && HEX_8.test(value) ? Number.parseInt(value, 16) : null;
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, "0");
}

export class PoolSession {
  readonly #options: SessionOptions;
  readonly #vardiff: VarDiff;
  readonly #jobs = new Map<string, SentJob>();
  readonly #seen = new Set<string>();
  readonly #users = new Set<string>();
  #isSubscribed = false;
  /** Granted version bits; 0 before the client asked. */
  #versionMask = 0;
  #lastJobNumber = 0;
  #extranonce1: Buffer;
  /** When the client was last told that all earlier work is void. */
  #cleanSentAtMs = Number.POSITIVE_INFINITY;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#extranonce1 = options.extranonce1;
    this.#vardiff = new VarDiff(options.startDifficulty, options.sharesPerSecond, options.clock.nowMs());
    const lines = new LineCutter(
      (line) => this.#onLine(line),
      () => this.#onMalformed("line too long"),
    );
    options.connection.onData((chunk) => lines.push(chunk));
    options.connection.onClose(() => options.onEnd(this));
  }

  get difficulty(): number {
    return this.#vardiff.difficulty;
  }

  /** Sends the pool's present template, if the client is far enough for work. */
  sendJob(isClean: boolean): void {
    if (!this.#isReady()) return;
    const template = this.#options.currentTemplate();
    if (isClean) {
      this.#seen.clear();
      this.#cleanSentAtMs = this.#options.faults.isSilent ? Number.POSITIVE_INFINITY : this.#options.clock.nowMs();
    }
    const { difficulty } = this.#vardiff;
    const jobId = (++this.#lastJobNumber).toString(16);
    const target = shareTarget(difficulty, this.#options.scale);
    this.#jobs.set(jobId, { template, difficulty, target, extranonce1: this.#extranonce1 });
    for (const oldest of this.#jobs.keys()) {
      if (this.#jobs.size <= JOBS_MAX) break;
      this.#jobs.delete(oldest);
    }
    this.#options.counts.notifies++;
    this.#call("mining.notify", [
      jobId,
      prevHashStratum(template.prevHash),
      template.coinbaseHead.toString("hex"),
      template.coinbaseTail.toString("hex"),
      template.branches.map((branch) => branch.toString("hex")),
      hex8(template.version),
      hex8(template.nbits),
      hex8(template.ntime),
      isClean,
    ]);
  }

  /** Holds for the jobs that follow; sends one at once. */
  setDifficulty(difficulty: number): void {
    this.#vardiff.set(difficulty, this.#options.clock.nowMs());
    this.#announceDifficulty();
  }

  /** Another extranonce for the jobs that follow; sends a clean one at once. Jobs sent before keep theirs. */
  changeExtranonce(extranonce1: Buffer): void {
    this.#extranonce1 = extranonce1;
    if (!this.#isReady()) return;
    this.#call("mining.set_extranonce", [extranonce1.toString("hex"), this.#options.extranonce2Size]);
    this.sendJob(true);
  }

  /** A line as it stands, which may be nonsense. */
  sendRaw(line: string): void {
    if (!this.#options.faults.isSilent) this.#options.connection.write(line);
  }

  /** Called now and then, since a client without shares would never be looked at. */
  tick(): void {
    if (this.#isReady() && this.#vardiff.retarget(this.#options.clock.nowMs())) this.#announceDifficulty();
  }

  close(): void {
    this.#options.connection.close();
  }

  #isReady(): boolean {
    return this.#isSubscribed && this.#users.size > 0;
  }

  #announceDifficulty(): void {
    if (!this.#isReady()) return;
    this.#call("mining.set_difficulty", [this.#vardiff.difficulty]);
    this.sendJob(false);
  }

  #send(message: unknown): void {
    if (!this.#options.faults.isSilent) this.#options.connection.write(`${JSON.stringify(message)}\n`);
  }

  #call(method: string, params: Params): void {
    this.#send({ id: null, method, params });
  }

  #onMalformed(text: string): void {
    this.#options.counts.malformed++;
    this.#send({ id: null, result: null, error: [20, text, null] });
  }

  #onLine(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#onMalformed("not JSON");
      return;
    }
    if (typeof message !== "object" || message === null || Array.isArray(message)) {
      this.#onMalformed("not an object");
      return;
    }
    const { id, method, params } = message as { id?: unknown; method?: unknown; params?: unknown };
    // Answers to the pool's own calls have no method; it never waits for one.
    if (method === undefined) return;
    if (typeof method !== "string" || !Array.isArray(params)) {
      this.#onMalformed("no method or params");
      return;
    }
    this.#onCall(id ?? null, method, params as Params);
  }

  #onCall(id: unknown, method: string, params: Params): void {
    switch (method) {
      case "mining.configure":
        this.#answer(id, this.#configure(params));
        break;
      case "mining.subscribe":
        this.#isSubscribed = true;
        this.#answer(id, this.#subscription());
        this.#startWork();
        break;
      case "mining.authorize":
        this.#authorize(id, params);
        break;
      case "mining.suggest_difficulty":
        this.#suggestDifficulty(id, params);
        break;
      case "mining.extranonce.subscribe":
        this.#answer(id, true);
        break;
      case "mining.submit":
        this.#submit(id, params);
        break;
      default:
        this.#refuse(id, [-3, "Method not found", null]);
    }
  }

  #answer(id: unknown, result: unknown): void {
    this.#send({ id, result, error: null });
  }

  #refuse(id: unknown, error: StratumError): void {
    this.#send({ id, result: null, error });
  }

  #configure(params: Params): Record<string, unknown> {
    const extensions = Array.isArray(params[0]) ? (params[0] as Params) : [];
    const settings = (typeof params[1] === "object" && params[1] !== null ? params[1] : {}) as Record<string, unknown>;
    const result: Record<string, unknown> = {};
    if (extensions.includes("version-rolling")) {
      const asked = hexNumber(settings["version-rolling.mask"]) ?? 0xffffffff;
      this.#versionMask = (asked & this.#options.versionMask) >>> 0;
      result["version-rolling"] = this.#versionMask !== 0;
      if (this.#versionMask !== 0) result["version-rolling.mask"] = hex8(this.#versionMask);
    }
    if (extensions.includes("subscribe-extranonce")) result["subscribe-extranonce"] = true;
    if (extensions.includes("minimum-difficulty")) result["minimum-difficulty"] = false;
    return result;
  }

  #subscription(): Params {
    const extranonce1 = this.#extranonce1.toString("hex");
    const subscriptions = [
      ["mining.set_difficulty", extranonce1],
      ["mining.notify", extranonce1],
    ];
    return [subscriptions, extranonce1, this.#options.extranonce2Size];
  }

  #authorize(id: unknown, params: Params): void {
    const user = params[0];
    if (typeof user !== "string" || user === "") {
      this.#refuse(id, [24, "Unauthorized worker", null]);
      return;
    }
    const wasReady = this.#isReady();
    this.#users.add(user);
    this.#answer(id, true);
    if (!wasReady) this.#startWork();
  }

  #startWork(): void {
    if (!this.#isReady()) return;
    this.#vardiff.set(this.#vardiff.difficulty, this.#options.clock.nowMs());
    this.#call("mining.set_difficulty", [this.#vardiff.difficulty]);
    this.sendJob(true);
  }

  #suggestDifficulty(id: unknown, params: Params): void {
    const difficulty = params[0];
    if (typeof difficulty !== "number" || !Number.isFinite(difficulty) || difficulty <= 0) {
      this.#refuse(id, [20, "Invalid difficulty", null]);
      return;
    }
    this.#answer(id, true);
    this.setDifficulty(difficulty);
  }

  #submit(id: unknown, params: Params): void {
    const { counts, faults } = this.#options;
    const error = this.#judge(params);
    if (error === null && faults.rejectsAll) {
      counts.rejected++;
      this.#refuse(id, [20, "Not today", null]);
      return;
    }
    if (error === null) {
      this.#answer(id, true);
      if (this.#vardiff.retarget(this.#options.clock.nowMs())) this.#announceDifficulty();
      return;
    }
    counts.rejected++;
    if (error[0] === 22) counts.duplicate++;
    else if (error[0] === 23) counts.lowDifficulty++;
    else if (error[1] === "Stale") this.#countStale();
    else counts.invalid++;
    this.#refuse(id, error);
  }

  #countStale(): void {
    const { counts, clock } = this.#options;
    counts.stale++;
    if (clock.nowMs() - this.#cleanSentAtMs > ON_THE_WAY_MS) counts.lateStale++;
  }

  /** Null accepts the share; everything about it is checked. */
  #judge(params: Params): StratumError | null {
    if (!this.#isSubscribed) return [25, "Not subscribed", null];
    if (typeof params[0] !== "string" || !this.#users.has(params[0])) return [24, "Unauthorized worker", null];
    const submission = this.#readSubmission(params);
    if ("error" in submission) return submission.error;
    const { job, extranonce2Hex, ntime, nonce, versionBits } = submission;
    const { template, target, difficulty } = job;
    if (template.height !== this.#options.currentTemplate().height) return [21, "Stale", null];
    const key = `${template.serial}/${extranonce2Hex}/${ntime}/${nonce}/${versionBits}`;
    if (this.#seen.has(key)) return [22, "Duplicate", null];
    const fields = {
      extranonce2: Buffer.from(extranonce2Hex, "hex"),
      version: ((template.version & ~this.#versionMask) | (versionBits & this.#versionMask)) >>> 0,
      ntime,
      nonce,
    };
    if (shareHash(template, { extranonce1: job.extranonce1, ...fields }) > target) {
      const isForeign = (extranonce1: Buffer): boolean => shareHash(template, { extranonce1, ...fields }) <= target;
      if (this.#options.foreignExtranonces().some(isForeign)) this.#options.counts.foreign++;
      return [23, "Above target", null];
    }
    if (this.#seen.size >= SEEN_MAX) this.#seen.clear();
    this.#seen.add(key);
    this.#vardiff.countShare();
    this.#options.counts.accepted++;
    this.#options.counts.acceptedDifficulty += difficulty;
    return null;
  }

  #readSubmission(params: Params): Submission | { error: StratumError } {
    const bad = (text: string): { error: StratumError } => ({ error: [20, text, null] });
    if (params.length !== 5 && params.length !== 6) return bad("5 or 6 params wanted");
    const [, jobId, extranonce2, ntimeHex, nonceHex, bitsHex] = params;
    const job = typeof jobId === "string" ? this.#jobs.get(jobId) : undefined;
    if (job === undefined) return { error: [21, "Job not found", null] };
    const digits = 2 * this.#options.extranonce2Size;
    if (typeof extranonce2 !== "string" || extranonce2.length !== digits || !/^[0-9a-f]*$/i.test(extranonce2)) {
      return bad(`Extranonce2 must have ${digits} digits`);
    }
    const ntime = hexNumber(ntimeHex);
    const nonce = hexNumber(nonceHex);
    const versionBits = params.length === 6 ? hexNumber(bitsHex) : 0;
    if (ntime === null || nonce === null || versionBits === null) return bad("Malformed field");
    if (ntime < job.template.ntime || ntime > job.template.ntime + NTIME_AHEAD_MAX_S) return bad("Ntime out of range");
    if ((versionBits & ~this.#versionMask) !== 0) return bad("Invalid version mask");
    return { job, extranonce2Hex: extranonce2.toLowerCase(), ntime, nonce, versionBits };
  }
}
