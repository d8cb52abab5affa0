/**
 * Opens what `kumpel hil` tests: an emulated machine in virtual time, the same in real time behind pseudo-terminals, or a
 * real board. Each brings a pool of its own on loopback.
 */

import { findHashboard, type HashboardModel } from "#drivers/hashboards/models.ts";
import { createMemoryBoard } from "#hal/emulator/emulated-board.ts";
import type { EmulatedWorld } from "#hal/emulator/emulated-world.ts";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { isMachineName, MACHINE_NAMES, type MachineName, machineFacts } from "#hal/emulator/machines.ts";
import { MemoryNetwork } from "#hal/emulator/memory-network.ts";
import { MemoryStore } from "#hal/emulator/memory-store.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { forkEmulatedBoard } from "#hal/emulator/remote-board.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import { openSerialUart } from "#hal/linux/serial-uart.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import type { Log } from "../log.ts";
import { machineHashesPerS } from "../stats/promised-hashrate.ts";
import type { RealMachine } from "./choose-board.ts";
import { openBoard } from "./open-board.ts";
import { emulationScales, type Platform, type Scales } from "./platform.ts";
import { openRealPlatform, realScales } from "./real.ts";
import { localPoolOptions, withLocalPool } from "./with-local-pool.ts";

/** What is opened, before anybody says what is expected of it. */
export interface OpenTarget {
  readonly platform: Platform;
  readonly hashboard: HashboardModel;
  readonly scales: Scales;
  readonly store: FileStore;
  /** Lets time pass while the work is done, where time does not pass by itself. */
  readonly during: <T>(work: Promise<T>) => Promise<T>;
}

/** Nothing can burn: the owner's word counts as given, as the emulator has it. */
const EMULATOR_SETTINGS = { psuEnableActive: "low", isExperimentalAccepted: true } as const;
/** A sixty-fourth of the demo's: ten thousand nonces then cost seconds. */
const VIRTUAL_HASHES_PER_NONCE = 16;
const DEMO_HASHES_PER_NONCE = 1_024;
const POOL_PORT = 3_333;
const PUMP_MS = 60_000;
const TICKET_HASHES = 2 ** 32;

/** @throws KumpelError `USAGE` for a name that the emulator does not have. */
function emulatedMachineOf(name: string): MachineName {
  if (isMachineName(name)) return name;
  throw new KumpelError("USAGE", `--target "emulator:${name}" is unknown; choose one of: ${MACHINE_NAMES.join(" ")}.`);
}

export interface VirtualOptions {
  readonly seed: number;
  /** Before the board is opened: tests plant their faults here. */
  readonly prepare?: (world: EmulatedWorld, clock: VirtualClock) => void;
}

export async function openVirtualTarget(name: string, options: VirtualOptions): Promise<OpenTarget> {
  const machine = emulatedMachineOf(name);
  const clock = new VirtualClock();
  const random = new SeededRandom(options.seed);
  const network = new MemoryNetwork({ clock });
  const hashboard = hashboardOf(machine);
  const scales = emulatedScales(hashboard, machine, VIRTUAL_HASHES_PER_NONCE);
  const { ports, world } = createMemoryBoard({
    machine,
    clock,
    random: random.fork("world"),
    chipScale: scales.chipScale,
  });
  options.prepare?.(world, clock);
  const during = <T>(work: Promise<T>): Promise<T> => pump(clock, work);
  const board = await during(openBoard({ clock, ports, machine, settings: EMULATOR_SETTINGS }));
  const pool = new LocalPool({ network, clock, random: random.fork("pool"), ...localPoolOptions(scales, POOL_PORT) });
  const localPoolPort = await pool.start();
  const stop = async (): Promise<void> => {
    await pool.stop();
    world.stop();
  };
  const platform = {
    board,
    acceptsUnconfirmed: true,
    clock,
    random: random.fork("host"),
    network,
    localPoolPort,
    stop,
  };
  return { platform, hashboard, scales, store: new MemoryStore(), during };
}

/** Real time, the chains behind pseudo-terminals of a child process. @throws KumpelError as `forkEmulatedBoard` does. */
export async function openRealTimeTarget(programPath: string, name: string, seed: number): Promise<OpenTarget> {
  const machine = emulatedMachineOf(name);
  const hashboard = hashboardOf(machine);
  const scales = emulatedScales(hashboard, machine, DEMO_HASHES_PER_NONCE);
  const emulator = await forkEmulatedBoard({
    programPath,
    machine,
    chipScale: scales.chipScale,
    seed,
    openUart: (path, baud) => openSerialUart({ path, baud }),
    pool: localPoolOptions(scales, 0),
  });
  const clock = new SystemClock();
  const board = await openBoard({ clock, ports: emulator.ports, machine, settings: EMULATOR_SETTINGS });
  const platform = {
    board,
    acceptsUnconfirmed: true,
    clock,
    random: new SystemRandom(),
    network: new SocketNetwork(),
    localPoolPort: emulator.poolPort,
    stop: () => emulator.stop(),
  };
  return { platform, hashboard, scales, store: new MemoryStore(), during: (work) => work };
}

/**
 * A real board with a local pool at Bitcoin's own scale, or at the emulator's where the board's serial devices end in it.
 * @throws KumpelError as `openRealPlatform` does.
 */
export async function openBenchTarget(machine: RealMachine, log: Log, areChipsEmulated: boolean): Promise<OpenTarget> {
  const { hashboard } = machine;
  const real = await openRealPlatform(machine, log);
  const hashesPerS = machineHashesPerS(hashboard, real.board.chains.length);
  const scales: Scales = areChipsEmulated
    ? emulationScales(hashesPerS, null, true)
    : { ...realScales(), suggestDifficulty: Math.max(1, Math.round(hashesPerS / TICKET_HASHES)) };
  const platform = await withLocalPool(real, scales);
  return { platform, hashboard, scales, store: new MemoryStore(), during: (work) => work };
}

function emulatedScales(hashboard: HashboardModel, machine: MachineName, hashesPerNonce: number): Scales {
  const hashesPerS = machineHashesPerS(hashboard, machineFacts(machine).chainCount);
  const scales = emulationScales(hashesPerS, null, true);
  const cheaper = DEMO_HASHES_PER_NONCE / hashesPerNonce;
  return { ...scales, chipScale: scales.chipScale * cheaper, poolScale: scales.poolScale * cheaper };
}

function hashboardOf(machine: MachineName): HashboardModel {
  const hashboard = findHashboard(machine);
  if (hashboard !== null) return hashboard;
  throw new KumpelError("EMULATOR_MACHINE_UNKNOWN", `No hashboard is known for the emulated machine "${machine}".`);
}

/** Moves virtual time on until the work is done. */
async function pump<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  const progress = { isDone: false };
  const mark = (): void => {
    progress.isDone = true;
  };
  work.then(mark, mark);
  while (!progress.isDone) await clock.runUntil(() => progress.isDone, PUMP_MS);
  return work;
}
