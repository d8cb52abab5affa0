/**
 * The Stratum V1 pool of demo, tests and hardware-in-the-loop runs. It checks every share in full with header code of its
 * own and Node's hash function. Its chain is made up: a block is found when its timer says so, never by a share.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { Connection, Listener, Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import { noPoolFaults, type PoolFaults } from "./faults.ts";
import { type PoolCounts, PoolSession } from "./local-pool-session.ts";
import { type BlockTemplate, madeUpPrevHash, makeTemplate, randomBytes } from "./local-pool-template.ts";

export type { PoolCounts } from "./local-pool-session.ts";

export interface LocalPoolOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly host: string;
  /** 0 takes any free one; `start` tells which. */
  readonly port: number;
  /** F: a share of difficulty D needs hash <= F x T1 / D. 1 is Bitcoin. */
  readonly scale: number;
  /** Mean time between blocks; 60 s by default. */
  readonly blockIntervalMs?: number;
  /** Share rate that each client's difficulty is steered to; 0 leaves it alone. 1 by default. */
  readonly sharesPerSecond?: number;
  readonly startDifficulty: number;
  /** Bytes; 8 by default. */
  readonly extranonce2Size?: number;
  /** Version bits that clients may roll; 0x1fffe000 by default. */
  readonly versionMask?: number;
}

const EXTRANONCE1_BYTES = 4;
const BLOCK_INTERVAL_MS = 60_000;
/** Bounds of the exponential law, as parts of the mean. */
const BLOCK_INTERVAL_PARTS = { min: 0.2, max: 3 };
const REFRESH_MIN_MS = 20_000;
const REFRESH_SPREAD_MS = 10_000;
const TICK_MS = 5_000;
const FIRST_HEIGHT = 900_000;
/** Extranonces remembered, to know another session's share when it comes. */
const EXTRANONCES_KEPT = 8;

export class LocalPool {
  readonly faults: PoolFaults = noPoolFaults();
  readonly #extranonces: Buffer[] = [];
  #extranonceCount = 0;
  readonly #options: LocalPoolOptions;
  readonly #blockIntervalMs: number;
  readonly #extranonce2Size: number;
  readonly #sessions = new Set<PoolSession>();
  readonly #counts: PoolCounts = {
    accepted: 0,
    rejected: 0,
    duplicate: 0,
    stale: 0,
    lateStale: 0,
    lowDifficulty: 0,
    foreign: 0,
    invalid: 0,
    acceptedDifficulty: 0,
    connections: 0,
    notifies: 0,
    blocks: 0,
    malformed: 0,
  };
  #listener: Listener | null = null;
  #template: BlockTemplate;
  #startDifficulty: number;
  #blockTimer: TimerHandle | null = null;
  #refreshTimer: TimerHandle | null = null;
  #tickTimer: TimerHandle | null = null;

  constructor(options: LocalPoolOptions) {
    this.#options = options;
    this.#blockIntervalMs = options.blockIntervalMs ?? BLOCK_INTERVAL_MS;
    this.#extranonce2Size = options.extranonce2Size ?? 8;
    this.#startDifficulty = options.startDifficulty;
    this.#template = this.#makeTemplate(0, FIRST_HEIGHT, madeUpPrevHash(options.random));
  }

  /**
   * Listens and starts the made-up chain; resolves with the port.
   * @throws KumpelError `PORT_IN_USE`.
   */
  async start(): Promise<number> {
    const { network, host, port } = this.#options;
    this.#listener = await network.listen({ host, port }, (connection) => this.#accept(connection));
    this.#armBlock();
    this.#armRefresh();
    this.#armTick();
    return this.#listener.port;
  }

  /** Closes every connection. The pool can be started again and goes on with its chain. */
  async stop(): Promise<void> {
    this.#blockTimer?.cancel();
    this.#refreshTimer?.cancel();
    this.#tickTimer?.cancel();
    this.disconnectAll();
    await this.#listener?.close();
    this.#listener = null;
  }

  counts(): Readonly<PoolCounts> {
    return { ...this.#counts };
  }

  /** Shares that no sound client sends; a plain number, since simulations ask after every event. */
  get wrongShares(): number {
    const { lowDifficulty, duplicate, invalid, lateStale } = this.#counts;
    return lowDifficulty + duplicate + invalid + lateStale;
  }

  /** Somebody found a block: all work is void. */
  newBlock(): void {
    this.#counts.blocks++;
    const { serial, height } = this.#template;
    this.#template = this.#makeTemplate(serial + 1, height + 1, madeUpPrevHash(this.#options.random));
    for (const session of this.#sessions) session.sendJob(true);
  }

  /** Other transactions on the same block: work in flight stays valid. */
  refresh(): void {
    const { serial, height, prevHash } = this.#template;
    this.#template = this.#makeTemplate(serial + 1, height, prevHash);
    for (const session of this.#sessions) session.sendJob(false);
  }

  /** For clients of now and later. */
  setDifficulty(difficulty: number): void {
    this.#startDifficulty = difficulty;
    for (const session of this.#sessions) session.setDifficulty(difficulty);
  }

  /** Cuts every connection; clients may come back at once. */
  disconnectAll(): void {
    for (const session of this.#sessions) session.close();
    this.#sessions.clear();
  }

  /** New extranonces for all who are there. */
  changeExtranonces(): void {
    for (const session of this.#sessions) session.changeExtranonce(this.#nextExtranonce());
  }

  /** A line to all who are there, whatever it says. */
  sendRaw(line: string): void {
    for (const session of this.#sessions) session.sendRaw(line);
  }

  /** Unique by its lower half, not to be guessed by its upper one. */
  #nextExtranonce(): Buffer {
    const extranonce1 = randomBytes(this.#options.random, EXTRANONCE1_BYTES);
    extranonce1.writeUInt16BE(++this.#extranonceCount & 0xffff, 2);
    this.#extranonces.push(extranonce1);
    if (this.#extranonces.length > EXTRANONCES_KEPT) this.#extranonces.shift();
    return extranonce1;
  }

  #makeTemplate(serial: number, height: number, prevHash: Buffer): BlockTemplate {
    const ntime = Math.floor(this.#options.clock.wallTimeMs() / 1000);
    const extranonceLength = EXTRANONCE1_BYTES + this.#extranonce2Size;
    return makeTemplate(this.#options.random, { serial, height, prevHash, ntime, extranonceLength });
  }

  #accept(connection: Connection): void {
    const { clock, scale, sharesPerSecond, versionMask } = this.#options;
    this.#counts.connections++;
    const session = new PoolSession({
      clock,
      connection,
      counts: this.#counts,
      extranonce1: this.#nextExtranonce(),
      faults: this.faults,
      foreignExtranonces: () => this.#extranonces,
      extranonce2Size: this.#extranonce2Size,
      versionMask: versionMask ?? 0x1fffe000,
      scale,
      startDifficulty: this.#startDifficulty,
      sharesPerSecond: sharesPerSecond ?? 1,
      currentTemplate: () => this.#template,
      onEnd: (ended) => this.#sessions.delete(ended),
    });
    this.#sessions.add(session);
  }

  #armBlock(): void {
    const { min, max } = BLOCK_INTERVAL_PARTS;
    const parts = Math.min(max, Math.max(min, -Math.log(1 - this.#options.random.unit())));
    this.#blockTimer = this.#options.clock.setTimer(parts * this.#blockIntervalMs, () => {
      this.newBlock();
      this.#armBlock();
    });
  }

  #armRefresh(): void {
    const delayMs = REFRESH_MIN_MS + this.#options.random.unit() * REFRESH_SPREAD_MS;
    this.#refreshTimer = this.#options.clock.setTimer(delayMs, () => {
      this.refresh();
      this.#armRefresh();
    });
  }

  #armTick(): void {
    this.#tickTimer = this.#options.clock.setTimer(TICK_MS, () => {
      for (const session of this.#sessions) session.tick();
      this.#armTick();
    });
  }
}
