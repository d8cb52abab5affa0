/**
 * One life of the firmware's process on the emulated board: clock, links and ports that die with it, so that a life which
 * was cut off can do nothing any more, however many timers and promises it left behind.
 */
import type { Log } from "#firmware/log.ts";
import type { Miner } from "#firmware/miner.ts";
import { openBoard } from "#firmware/platform/open-board.ts";
import type { PoolGroup } from "#firmware/pool/pool-groups.ts";
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { ControlBoard } from "#hal/control-board.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import type { MachineName } from "#hal/emulator/machines.ts";
import { createMemoryPorts } from "#hal/emulator/memory-ports.ts";
import type { MemoryStore } from "#hal/emulator/memory-store.ts";
import type { Connection, ConnectOptions, Listener, Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import { EMULATOR_SETTINGS } from "../support/board.ts";
import { buildMiner } from "../support/rig.ts";

export interface LifeOptions {
  readonly machine: MachineName;
  readonly clock: Clock;
  /** What the board's wall clock is off by. */
  readonly wallOffsetMs: () => number;
  readonly world: EmulatedWorld;
  readonly network: Network;
  readonly store: MemoryStore;
  readonly random: Random;
  readonly scale: number;
  readonly ticket: number;
  readonly poolGroups: readonly PoolGroup[];
  readonly log: Log;
  readonly wrapBoard: (board: ControlBoard, clock: Clock) => ControlBoard;
}

/** How a life ended by itself: in order, or with what broke it. */
export type LifeEnd = { readonly error: unknown } | { readonly error: null };

export class Life {
  readonly startedAtMs: number;
  /** What earlier lives left could be read when this one began. */
  readonly couldRead: boolean;
  /** Null until the board is open. */
  miner: Miner | null = null;
  end: LifeEnd | null = null;
  readonly #options: LifeOptions;
  readonly #stop = new AbortController();
  readonly #connections = new Set<Connection>();
  #isDead = false;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.startedAtMs = options.clock.nowMs();
    this.couldRead = !options.store.isUnreadable;
    this.#live().then(
      () => this.#ended({ error: null }),
      (error: unknown) => this.#ended({ error }),
    );
  }

  /** Asks the process to end, as a signal does. */
  stop(): void {
    this.#stop.abort();
  }

  /** The process is gone between two instructions. */
  kill(): void {
    this.#isDead = true;
    for (const { line } of this.#options.world.chains) line.attach(null);
    for (const connection of this.#connections) connection.close();
  }

  #ended(end: LifeEnd): void {
    if (!this.#isDead) this.end = end;
  }

  async #live(): Promise<void> {
    const { machine, world, random, store, scale, ticket, poolGroups, log, wrapBoard } = this.#options;
    const clock = this.#clock();
    const ports = createMemoryPorts(world, clock);
    const board = await openBoard({ clock, ports, machine, settings: EMULATOR_SETTINGS });
    this.miner = await buildMiner({
      machine,
      clock,
      random,
      network: this.#network(),
      board: wrapBoard(board, clock),
      store,
      scale,
      poolGroups,
      more: { stockTicket: ticket, log },
    });
    await this.miner.run(this.#stop.signal);
  }

  #clock(): Clock {
    const { clock, wallOffsetMs } = this.#options;
    return {
      nowMs: () => clock.nowMs(),
      wallTimeMs: () => clock.wallTimeMs() + wallOffsetMs(),
      setTimer: (delayMs, callback): TimerHandle =>
        clock.setTimer(delayMs, () => {
          if (!this.#isDead) callback();
        }),
    };
  }

  #network(): Network {
    const { network } = this.#options;
    return {
      listen: (...args): Promise<Listener> => network.listen(...args),
      connect: (options) => this.#connect(network, options),
    };
  }

  async #connect(network: Network, options: ConnectOptions): Promise<Connection> {
    const link = await network.connect(options);
    if (this.#isDead) {
      link.close();
      // Nobody is there any more who could take it.
      return new Promise(() => undefined);
    }
    this.#connections.add(link);
    return {
      remote: link.remote,
      family: link.family,
      write: (data) => {
        if (!this.#isDead) link.write(data);
      },
      onData: (listener) =>
        link.onData((chunk) => {
          if (!this.#isDead) listener(chunk);
        }),
      onClose: (listener) =>
        link.onClose((error) => {
          this.#connections.delete(link);
          if (!this.#isDead) listener(error);
        }),
      close: () => {
        this.#connections.delete(link);
        link.close();
      },
    };
  }
}
