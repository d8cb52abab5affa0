/** A pool that a test scripts line by line; it checks each share's hash with `node:crypto` and remembers what came. */
import { createHash } from "node:crypto";
import type { Connection, Listener, Network } from "#hal/network.ts";

export interface FakeJob {
  id: string;
  version?: string;
  nTime?: string;
  clean?: boolean;
  prevHash?: string;
  coinb1?: string;
  coinb2?: string;
  branches?: string[];
}

export interface FakeCall {
  id: number;
  method?: string;
  params: string[];
}

interface Sent extends Required<FakeJob> {
  extranonce1: string;
  extranonce2Size: number;
  target: bigint;
}

export interface FakeShare {
  user: string;
  jobId: string;
  extranonce2: string;
  nTime: string;
  nonce: string;
  bits: string | undefined;
  verdict: "good" | "duplicate" | "unknownJob" | "badHash" | "badLength";
}

const T1 = 0xffffn << 208n;
/** A double times 2^96 is a whole number for every difficulty down to 2^-44: targets come out exact. */
const FRACTION_BITS = 96;
const sha256d = (data: Buffer): Buffer =>
  createHash("sha256").update(createHash("sha256").update(data).digest()).digest();
const u32 = (hex: string): Buffer => Buffer.from(hex, "hex").reverse();

export class FakePool {
  readonly shares: FakeShare[] = [];
  readonly calls: string[] = [];
  readonly #scale: number;
  readonly #jobs = new Map<string, Sent>();
  readonly #seen = new Set<string>();
  #link: Connection | null = null;
  #rest = "";
  extranonce1 = "a1b2c3d4";
  extranonce2Size = 4;
  difficulty = 1;
  configureResult: unknown = { "version-rolling": true, "version-rolling.mask": "1fffe000" };
  /** Methods that get no answer. */
  silentOn: string[] = [];
  /** Closes the link instead of answering this method. */
  closeOn = "";
  onMining: () => void = () => undefined;
  onConnect: () => void = () => undefined;
  /** Answers a call in the pool's place when it returns true. */
  override: (call: FakeCall) => boolean = () => false;
  /** Error of every answer to a share; null = shares are judged and taken. */
  refusal: unknown = null;
  takesUser = true;
  #listener: Listener | null = null;

  constructor(scale: number) {
    this.#scale = scale;
  }

  async listen(network: Network, port: number): Promise<void> {
    this.#listener = await network.listen({ host: "127.0.0.1", port }, (connection) => {
      this.#link = connection;
      this.#rest = "";
      connection.onData((chunk) => this.#receive(Buffer.from(chunk).toString()));
      connection.onClose(() => {
        this.#link = null;
      });
      this.onConnect();
    });
  }

  /** Nobody can connect any more; a link that stands stays. */
  stopListening(): void {
    void this.#listener?.close();
  }

  get isConnected(): boolean {
    return this.#link !== null;
  }

  /** Judges a submit without an answer to it. */
  keepShare(params: string[]): void {
    this.shares.push(this.#judge(params));
  }

  raw(data: string | Uint8Array): void {
    this.#link?.write(data);
  }

  call(method: string, params: unknown): void {
    this.raw(`${JSON.stringify({ id: null, method, params })}\n`);
  }

  setDifficulty(difficulty: number): void {
    this.difficulty = difficulty;
    this.call("mining.set_difficulty", [difficulty]);
  }

  notifyLine(job: FakeJob): string {
    const full = this.#remember(job);
    const params = [
      full.id,
      full.prevHash,
      full.coinb1,
      full.coinb2,
      full.branches,
      full.version,
      "1d00ffff",
      full.nTime,
      full.clean,
    ];
    return `${JSON.stringify({ id: null, method: "mining.notify", params })}\n`;
  }

  notify(job: FakeJob): void {
    this.raw(this.notifyLine(job));
  }

  close(): void {
    this.#link?.close();
    this.#link = null;
  }

  #remember(job: FakeJob): Sent {
    const full: Sent = {
      version: "20000000",
      nTime: "6655aa00",
      clean: false,
      prevHash: "44".repeat(32),
      coinb1: "01".repeat(40),
      coinb2: "02".repeat(60),
      branches: ["11".repeat(32), "22".repeat(32)],
      ...job,
      extranonce1: this.extranonce1,
      extranonce2Size: this.extranonce2Size,
      target:
        (BigInt(Math.round(this.#scale)) * (T1 << BigInt(FRACTION_BITS))) /
        BigInt(this.difficulty * 2 ** FRACTION_BITS),
    };
    this.#jobs.set(full.id, full);
    return full;
  }

  #receive(text: string): void {
    this.#rest += text;
    for (let end = this.#rest.indexOf("\n"); end >= 0; end = this.#rest.indexOf("\n")) {
      const line = this.#rest.slice(0, end);
      this.#rest = this.#rest.slice(end + 1);
      this.#answer(JSON.parse(line) as FakeCall);
    }
  }

  #answer(call: FakeCall): void {
    const { id, method = "", params } = call;
    this.calls.push(method);
    if (this.override(call)) return;
    if (method === this.closeOn) {
      this.close();
      return;
    }
    if (this.silentOn.includes(method)) {
      if (method === "mining.submit") this.shares.push(this.#judge(params));
      return;
    }
    const reply = (result: unknown): void => this.raw(`${JSON.stringify({ id, result, error: null })}\n`);
    if (method === "mining.configure") reply(this.configureResult);
    else if (method === "mining.subscribe") reply([[["mining.notify", "1"]], this.extranonce1, this.extranonce2Size]);
    else if (method === "mining.authorize") {
      reply(this.takesUser);
      if (this.takesUser) this.onMining();
    } else if (method === "mining.submit") {
      this.shares.push(this.#judge(params));
      if (this.refusal === null) reply(true);
      else this.raw(`${JSON.stringify({ id, result: null, error: this.refusal })}\n`);
    }
  }

  #judge([user = "", jobId = "", extranonce2 = "", nTime = "", nonce = "", bits]: string[]): FakeShare {
    const share = { user, jobId, extranonce2, nTime, nonce, bits };
    const job = this.#jobs.get(jobId);
    const key = [jobId, extranonce2, nTime, nonce, bits].join();
    if (job === undefined) return { ...share, verdict: "unknownJob" };
    if (extranonce2.length !== 2 * job.extranonce2Size) return { ...share, verdict: "badLength" };
    if (this.#seen.has(key)) return { ...share, verdict: "duplicate" };
    this.#seen.add(key);
    let root = sha256d(Buffer.from(job.coinb1 + job.extranonce1 + extranonce2 + job.coinb2, "hex"));
    for (const branch of job.branches) root = sha256d(Buffer.concat([root, Buffer.from(branch, "hex")]));
    const mask = 0x1fffe000;
    const version =
      (Number.parseInt(job.version, 16) & ~mask) |
      (bits === undefined ? Number.parseInt(job.version, 16) & mask : Number.parseInt(bits, 16) & mask);
    const prevHash = Buffer.from(job.prevHash, "hex").swap32();
    const header = Buffer.concat([
      u32((version >>> 0).toString(16).padStart(8, "0")),
      prevHash,
      root,
      u32(nTime),
      u32("1d00ffff"),
      u32(nonce),
    ]);
    const hash = BigInt(`0x${sha256d(header).reverse().toString("hex")}`);
    return { ...share, verdict: hash <= job.target ? "good" : "badHash" };
  }
}
