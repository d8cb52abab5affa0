/**
 * All that a simulated run consists of: board, two pools, network, files, and the firmware's process, which may die and
 * be started again. Faults act on it, invariants look at it; it judges nothing itself.
 */
import pino from "pino";
import type { Log, LogLevel } from "#firmware/log.ts";
import type { Clock } from "#hal/clock.ts";
import type { ControlBoard } from "#hal/control-board.ts";
import { createMemoryBoard } from "#hal/emulator/emulated-board.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import type { MachineName } from "#hal/emulator/machines.ts";
import { cutMains } from "#hal/emulator/mains.ts";
import { MemoryNetwork } from "#hal/emulator/memory-network.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Network } from "#hal/network.ts";
import { FlakyNetwork } from "../support/flaky-network.ts";
import { rigPool, shareASecond } from "../support/rig.ts";
import { Life } from "./life.ts";

export const PRIMARY_PORT = 3333;
const BACKUP_PORT = 3334;
/** One way, as to a pool on the same continent. */
const LATENCY_MS = 20;
/** Whoever starts the process anew waits a little: otherwise a broken one would spin. */
const RESTART_PAUSE_MS = 5_000;
/** From a reset of the board to the process. */
export const BOOT_MS = 10_000;

export interface StageOptions {
  readonly machine: MachineName;
  readonly seed: number;
  readonly ticket: number;
  readonly hashesPerNonce: number;
  readonly logLevel?: LogLevel;
  /** Defects that tests plant, to see that somebody notices. */
  readonly wrapBoard?: (board: ControlBoard, clock: Clock, world: EmulatedWorld) => ControlBoard;
  readonly wrapNetwork?: (network: Network) => Network;
}

/** How often the process was started again, by cause. */
export interface Restarts {
  /** By a fault of the table. */
  faults: number;
  /** It ended by itself with an error that it names. */
  itself: number;
  /** The watchdog reset the board. */
  watchdog: number;
  /** The owner pulled the plug, since a chain had been given up. */
  owner: number;
  /** The owner acknowledged a shutdown; no new process, but a new start. */
  acknowledged: number;
}

type Disturber = (answer: Uint8Array, role: string, address: number) => Uint8Array;

export class Stage {
  readonly options: StageOptions;
  readonly clock = new VirtualClock();
  readonly network: MemoryNetwork;
  readonly flaky: FlakyNetwork;
  readonly world: EmulatedWorld;
  /** The preferred one, and the quiet one behind it. */
  readonly primary: LocalPool;
  readonly backup: LocalPool;
  readonly store = new MemoryStore();
  readonly restarts: Restarts = { faults: 0, itself: 0, watchdog: 0, owner: 0, acknowledged: 0 };
  /** What the board's wall clock is off by. */
  wallOffsetMs = 0;
  /** Null while the process is down. */
  life: Life | null = null;
  /** What ended lives by themselves, for the judge; taken out by it. */
  readonly ends: unknown[] = [];
  readonly #random: SeededRandom;
  readonly #log: Log;
  readonly #scale: number;
  readonly #disturbers = new Set<Disturber>();
  #lives = 0;
  #restartAtMs: number | null = 0;
  /** How long the process stays away once it has ended in order; null = nobody asked it to end. */
  #pauseAfterEndMs: number | null = null;

  constructor(options: StageOptions) {
    this.options = options;
    const { machine, seed, ticket, hashesPerNonce } = options;
    const { clock } = this;
    this.#random = new SeededRandom(seed);
    this.#scale = (2 ** 32 * ticket) / hashesPerNonce;
    this.network = new MemoryNetwork({ clock, latencyMs: LATENCY_MS });
    this.flaky = new FlakyNetwork(this.network, clock);
    this.world = createMemoryBoard({
      machine,
      clock,
      random: this.#random.fork("world"),
      chipScale: this.#scale,
    }).world;
    this.world.onBoardReset(() => {
      this.killLife();
      this.restarts.watchdog++;
      this.startSoon(BOOT_MS);
    });
    this.primary = this.#pool(PRIMARY_PORT, "primary");
    this.backup = this.#pool(BACKUP_PORT, "backup");
    const timestamp = (): string => `,"atS":${(clock.nowMs() / 1000).toFixed(3)}`;
    const destination = pino.destination({ fd: 2, sync: true });
    this.#log = pino({ level: options.logLevel ?? "silent", base: null, timestamp }, destination);
  }

  get startDifficulty(): number {
    return shareASecond(this.options.machine);
  }

  async begin(): Promise<void> {
    await this.primary.start();
    await this.backup.start();
  }

  /** To be called between two steps of time: notices ends, starts the process when it is due. */
  tend(): void {
    const nowMs = this.clock.nowMs();
    const end = this.life?.end ?? null;
    if (end !== null) {
      this.life = null;
      const pauseMs = this.#pauseAfterEndMs;
      this.#pauseAfterEndMs = null;
      // Nobody asked for it, or it broke on the way: then it says why.
      if (pauseMs === null || end.error !== null) this.ends.push(end.error);
      if (pauseMs === null) this.restarts.itself++;
      this.#restartAtMs = nowMs + (pauseMs ?? RESTART_PAUSE_MS);
    }
    if (this.life === null && this.#restartAtMs !== null && nowMs >= this.#restartAtMs) this.#startLife();
  }

  /** Mains are gone until `mainsBack`. */
  cutMains(): void {
    this.killLife();
    cutMains(this.world);
  }

  /** The process is gone until `startSoon`. */
  killLife(): void {
    this.life?.kill();
    this.life = null;
    this.#restartAtMs = null;
    this.#pauseAfterEndMs = null;
  }

  startSoon(delayMs: number): void {
    this.#restartAtMs = this.clock.nowMs() + delayMs;
  }

  /** Asks the process to end; it is started again after the pause. */
  restartLife(pauseMs: number): void {
    if (this.life === null) return;
    this.#pauseAfterEndMs = pauseMs;
    this.life.stop();
  }

  /** Asks the process to end for good. */
  endLife(): void {
    this.#pauseAfterEndMs = Number.POSITIVE_INFINITY;
    this.#restartAtMs = null;
    this.life?.stop();
  }

  /** Several faults may change what is read from the buses at a time. */
  disturb(disturber: Disturber): () => void {
    const { i2c } = this.world;
    this.#disturbers.add(disturber);
    i2c.disturb = (answer, role, address): Uint8Array => {
      let heard = answer;
      for (const each of this.#disturbers) heard = each(heard, role, address);
      return heard;
    };
    return () => {
      this.#disturbers.delete(disturber);
      if (this.#disturbers.size === 0) i2c.disturb = null;
    };
  }

  #startLife(): void {
    const { machine, ticket, wrapBoard, wrapNetwork } = this.options;
    this.#restartAtMs = null;
    this.world.bootBoard();
    const suggestDifficulty = this.startDifficulty;
    this.life = new Life({
      machine,
      ticket,
      clock: this.clock,
      wallOffsetMs: () => this.wallOffsetMs,
      world: this.world,
      network: wrapNetwork?.(this.flaky) ?? this.flaky,
      store: this.store,
      random: this.#random.fork(`life ${this.#lives++}`),
      scale: this.#scale,
      poolGroups: [
        {
          quota: 1,
          pools: [
            rigPool(PRIMARY_PORT, "owner.1", { suggestDifficulty }),
            rigPool(BACKUP_PORT, "owner.1", { suggestDifficulty }),
          ],
        },
      ],
      log: this.#log,
      wrapBoard: (board, clock) => wrapBoard?.(board, clock, this.world) ?? board,
    });
  }

  #pool(port: number, name: string): LocalPool {
    const { clock, network } = this;
    const random = this.#random.fork(name);
    const startDifficulty = this.startDifficulty;
    return new LocalPool({ network, clock, random, host: "127.0.0.1", port, scale: this.#scale, startDifficulty });
  }
}
