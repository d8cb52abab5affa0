/** A whole miner on an emulated machine in virtual time: board, chips, pool, network, clock, all from one seed. */

import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { findHashboard, type HashboardModel } from "#drivers/hashboards/models.ts";
import type { MinerSnapshot } from "#firmware/api/snapshot.ts";
import { readBoardIdentities } from "#firmware/hardware/board-identities.ts";
import { createLog } from "#firmware/log.ts";
import { Miner } from "#firmware/miner.ts";
import type { MinerOptions } from "#firmware/miner-parts.ts";
import { type OpenBoardOptions, openBoard } from "#firmware/platform/open-board.ts";
import type { PoolGroup } from "#firmware/pool/pool-groups.ts";
import { type PoolSettings, poolSettings } from "#firmware/pool/pool-settings.ts";
import { takeSnapshot } from "#firmware/snapshot-builder.ts";
import { machineHashesPerS } from "#firmware/stats/promised-hashrate.ts";
import { parsePoolUrl } from "#firmware/stratum/pool-url.ts";
import type { Clock } from "#hal/clock.ts";
import type { ControlBoard } from "#hal/control-board.ts";
import { createMemoryBoard } from "#hal/emulator/emulated-board.ts";
import type { EmulatedWorld, WorldOptions } from "#hal/emulator/emulated-world.ts";
import { LocalPool, type LocalPoolOptions } from "#hal/emulator/local-pool.ts";
import { type MachineName, machineFacts } from "#hal/emulator/machines.ts";
import { MemoryNetwork } from "#hal/emulator/memory-network.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import { EMULATOR_SETTINGS, settle } from "./board.ts";

export interface RigOptions {
  machine?: MachineName;
  seed?: number;
  /** Hashes that a nonce at ticket 256 costs the emulator. */
  hashesPerNonce?: number;
  pool?: Partial<LocalPoolOptions>;
  world?: Partial<WorldOptions>;
  board?: Partial<OpenBoardOptions>;
  store?: MemoryStore;
  miner?: Partial<MinerOptions>;
  poolGroups?: readonly PoolGroup[];
  /** Puts something between board and miner. */
  wrapBoard?: (board: ControlBoard) => ControlBoard;
  /** Puts something between miner and network. */
  wrapNetwork?: (network: MemoryNetwork, clock: VirtualClock) => Network;
  /** What the miner suggests; default: about a share a second. */
  suggestDifficulty?: number | null;
  /** False: no pool is started; the test brings its own on `POOL_PORT`. */
  hasPool?: boolean;
}

export const POOL_PORT = 3333;

/** For scenarios in which time passes and nonces are not the matter: a sixteenth of the stock ticket's, at the same cost each. */
export const CALM = { hashesPerNonce: 1, miner: { stockTicket: 4096 } } as const satisfies RigOptions;

export function rigPool(port: number, user: string, more: Partial<PoolSettings> = {}): PoolSettings {
  return poolSettings(parsePoolUrl(`127.0.0.1:${port}`), user, "x", more);
}

export interface Rig {
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly world: EmulatedWorld;
  readonly pool: LocalPool;
  readonly miner: Miner;
  snapshot(): MinerSnapshot;
  /** Moves virtual time on. */
  advance(ms: number): Promise<void>;
  /** Moves on until the predicate holds; fails after `limitMs` of virtual time. */
  until(what: string, predicate: () => boolean, limitMs: number): Promise<void>;
  stop(): Promise<void>;
}

function hashboardOf(machine: MachineName): HashboardModel {
  const hashboard = findHashboard(machine);
  if (hashboard === null) throw new Error(`no hashboard row for ${machine}`);
  return hashboard;
}

/** Hashes/s that the machine's label promises. */
export function promisedHashes(machine: MachineName): number {
  return machineHashesPerS(hashboardOf(machine), machineFacts(machine).chainCount);
}

/** Difficulty at which the machine finds about a share a second. */
export function shareASecond(machine: MachineName): number {
  return Math.max(1, Math.round(promisedHashes(machine) / 2 ** 32));
}

export interface MinerSetting {
  readonly machine: MachineName;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly board: ControlBoard;
  readonly store: FileStore;
  /** F of chips and pool alike. */
  readonly scale: number;
  readonly poolGroups: readonly PoolGroup[];
  readonly more?: Partial<MinerOptions>;
}

/** The shipping composition root on a board that is open already; reads who the hashboards are first. */
export async function buildMiner(setting: MinerSetting): Promise<Miner> {
  const { machine, clock, random, network, board, store, scale, poolGroups, more } = setting;
  const hashboard = hashboardOf(machine);
  const support = boardSupport(machine);
  return new Miner({
    log: createLog("silent"),
    clock,
    random,
    network,
    board,
    hashboard,
    support,
    operatingPoint: {
      frequencyMhz: hashboard.defaultFrequencyMhz,
      workMv: support.voltage?.workMv ?? 0,
      reason: "the row",
    },
    isExperimentalAccepted: true,
    identities: await readBoardIdentities(board, support),
    poolGroups,
    stockTicket: null,
    chipScale: scale,
    poolScale: scale,
    agent: "kumpel/test",
    emulationLabel: "test rig",
    store,
    ...more,
  });
}

export async function startRig(options: RigOptions = {}): Promise<Rig> {
  const machine = options.machine ?? "s21";
  const clock = new VirtualClock();
  const random = new SeededRandom(options.seed ?? 1);
  const scale = (2 ** 32 * 256) / (options.hashesPerNonce ?? 64);
  const network = new MemoryNetwork({ clock });
  const { ports, world } = createMemoryBoard({
    machine,
    clock,
    random: random.fork("world"),
    chipScale: scale,
    ...options.world,
  });
  const board = await settle(
    clock,
    openBoard({ clock, ports, machine, settings: EMULATOR_SETTINGS, ...options.board }),
  );
  const aShareASecond = shareASecond(machine);
  const suggestDifficulty = options.suggestDifficulty === undefined ? aShareASecond : options.suggestDifficulty;
  const pool = new LocalPool({
    network,
    clock,
    random: random.fork("pool"),
    host: "127.0.0.1",
    port: POOL_PORT,
    scale,
    startDifficulty: aShareASecond,
    ...options.pool,
  });
  if (options.hasPool !== false) await pool.start();
  const miner = await settle(
    clock,
    buildMiner({
      machine,
      clock,
      random: random.fork("miner"),
      network: options.wrapNetwork?.(network, clock) ?? network,
      board: options.wrapBoard?.(board) ?? board,
      store: options.store ?? new MemoryStore(),
      scale,
      poolGroups: options.poolGroups ?? [{ quota: 1, pools: [rigPool(POOL_PORT, "rig.1", { suggestDifficulty })] }],
      more: { log: createLog(process.env["RIG_LOG"] === undefined ? "silent" : "debug"), ...options.miner },
    }),
  );
  const stop = new AbortController();
  const run = miner.run(stop.signal);
  run.catch(() => undefined);
  const rig: Rig = {
    clock,
    network,
    world,
    pool,
    miner,
    snapshot: () => takeSnapshot(miner.parts),
    advance: (ms) => clock.advance(ms),
    until: async (what, predicate, limitMs) => {
      const deadlineMs = clock.nowMs() + limitMs;
      while (!predicate()) {
        if (clock.nowMs() >= deadlineMs)
          throw new Error(`not within ${limitMs} virtual ms: ${what}; ${JSON.stringify(takeSnapshot(miner.parts))}`);
        await clock.advance(100);
      }
    },
    stop: async () => {
      stop.abort();
      const ended = run.then(
        () => true,
        () => true,
      );
      for (let i = 0; i < 50 && !(await Promise.race([ended, clock.advance(100).then(() => false)])); i++);
      await run;
      if (options.hasPool !== false) await pool.stop();
      world.stop();
    },
  };
  return rig;
}
