/** A small Stratum client for the tests of the local pool. It finds shares with the project's own SHA-256, not the pool's. */
import type { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Connection, Network } from "#hal/network.ts";
import { DoubleSha256, storeHash } from "#hal/sha256.ts";

export interface Notify {
  jobId: string;
  prevHash: string;
  coinb1: string;
  coinb2: string;
  branches: string[];
  version: number;
  nbits: number;
  ntime: number;
  isClean: boolean;
  /** In force when the job came. */
  difficulty: number;
}

export interface Answer {
  id: number | null;
  result: unknown;
  error: [number, string, null] | null;
}

function sha256d(bytes: Uint8Array): Buffer {
  const words = new Int32Array(8);
  const out = Buffer.alloc(32);
  new DoubleSha256().bytes(words, bytes, bytes.length);
  storeHash(out, 0, words);
  return out;
}

const hex8 = (value: number): string => (value >>> 0).toString(16).padStart(8, "0");

export class PoolClient {
  readonly answers = new Map<number, Answer>();
  readonly jobs: Notify[] = [];
  readonly malformedAnswers: Answer[] = [];
  extranonce1 = "";
  extranonce2Size = 0;
  versionMask = 0;
  difficulty = 0;
  isClosed = false;
  readonly #clock: VirtualClock;
  #connection: Connection | null = null;
  #rest = "";
  #lastId = 0;
  #nextExtranonce2 = 0;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  async connect(network: Network, port: number): Promise<void> {
    const signal = new AbortController().signal;
    const connecting = network.connect({ host: "pool", port, timeoutMs: 5000, signal });
    await this.#clock.advance(100);
    this.#connection = await connecting;
    this.#connection.onData((chunk) => this.#onData(chunk));
    this.#connection.onClose(() => {
      this.isClosed = true;
    });
  }

  /** Configure, subscribe, authorize. */
  async login(mask = "1fffe000"): Promise<void> {
    const configured = await this.call("mining.configure", [["version-rolling"], { "version-rolling.mask": mask }]);
    this.versionMask = Number.parseInt(
      (configured.result as Record<string, string>)["version-rolling.mask"] ?? "0",
      16,
    );
    const subscribed = await this.call("mining.subscribe", ["test/1"]);
    const [, extranonce1, size] = subscribed.result as [unknown, string, number];
    this.extranonce1 = extranonce1;
    this.extranonce2Size = size;
    await this.call("mining.authorize", ["owner.rig", "x"]);
  }

  async call(method: string, params: unknown[]): Promise<Answer> {
    const id = ++this.#lastId;
    this.raw(`${JSON.stringify({ id, method, params })}\n`);
    await this.#clock.advance(100);
    const answer = this.answers.get(id);
    if (answer === undefined) throw new Error(`no answer to ${method}`);
    return answer;
  }

  raw(text: string): void {
    this.#connection!.write(text);
  }

  get lastJob(): Notify {
    return this.jobs.at(-1)!;
  }

  /**
   * Params of `mining.submit` with the easiest or a wanted hash.
   * @param accept tells by its difficulty at F = 1 whether a hash will do.
   */
  mine(job: Notify, accept: (hashDifficulty: number) => boolean, rolledBits = 0): string[] {
    const extranonce2 = (this.#nextExtranonce2++).toString(16).padStart(2 * this.extranonce2Size, "0");
    const coinbase = Buffer.from(job.coinb1 + this.extranonce1 + extranonce2 + job.coinb2, "hex");
    let root = sha256d(coinbase);
    for (const branch of job.branches) root = sha256d(Buffer.concat([root, Buffer.from(branch, "hex")]));
    const header = Buffer.alloc(80);
    const version = ((job.version & ~this.versionMask) | (rolledBits & this.versionMask)) >>> 0;
    header.writeUInt32LE(version, 0);
    Buffer.from(job.prevHash, "hex").swap32().copy(header, 4);
    root.copy(header, 36);
    header.writeUInt32LE(job.ntime, 68);
    header.writeUInt32LE(job.nbits, 72);
    for (let nonce = 0; nonce < 1_000_000; nonce++) {
      header.writeUInt32LE(nonce, 76);
      const hash = BigInt(`0x${sha256d(header).reverse().toString("hex")}`);
      const difficulty = Number((0xffffn << 208n) / 2n ** 200n) / (Number(hash >> 200n) || 1);
      if (!accept(difficulty)) continue;
      return ["owner.rig", job.jobId, extranonce2, hex8(job.ntime), hex8(nonce), hex8(rolledBits)];
    }
    throw new Error("no such hash within a million tries");
  }

  #onData(chunk: Uint8Array): void {
    this.#rest += Buffer.from(chunk).toString("utf8");
    const lines = this.#rest.split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#onLine(JSON.parse(line) as { method: string; params: unknown });
  }

  #onLine(message: { method: string; params: unknown }): void {
    const params = message.params as unknown[];
    switch (message.method) {
      case "mining.set_difficulty":
        this.difficulty = params[0] as number;
        break;
      case "mining.notify": {
        const [jobId, prevHash, coinb1, coinb2, branches, version, nbits, ntime, isClean] = params as [
          ...[string, string, string, string, string[], string, string, string, boolean],
        ];
        const numbers = { version: Number(`0x${version}`), nbits: Number(`0x${nbits}`), ntime: Number(`0x${ntime}`) };
        const { difficulty } = this;
        this.jobs.push({ jobId, prevHash, coinb1, coinb2, branches, ...numbers, isClean, difficulty });
        break;
      }
      default: {
        const answer = message as unknown as Answer;
        if (answer.id === null) this.malformedAnswers.push(answer);
        else this.answers.set(answer.id, answer);
      }
    }
  }
}
