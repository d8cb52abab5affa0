/**
 * Emulated machines: by default a child process with the chains behind pseudo-terminals, opened by the same serial code
 * as a board's; with `--link memory` everything in this process, without any native package.
 */
import type { BoardSettings } from "#hal/boards/board-facts.ts";
import { createMemoryBoard } from "#hal/emulator/emulated-board.ts";
import { LocalPool } from "#hal/emulator/local-pool.ts";
import { isMachineName, type MachineName, machineFacts } from "#hal/emulator/machines.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { type RecordedFrame, readRecording } from "#hal/emulator/recorded-chain.ts";
import { forkEmulatedBoard } from "#hal/emulator/remote-board.ts";
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import { openSerialUart } from "#hal/linux/serial-uart.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import type { RunOptions } from "../cli/run-options.ts";
import type { Log } from "../log.ts";
import { openBoard } from "./open-board.ts";
import type { Platform, Scales } from "./platform.ts";
import { readTextFile } from "./text-file.ts";
import { localPoolOptions } from "./with-local-pool.ts";

/** Nothing can burn here, so the owner's word on what no source settles counts as given: as the emulator has it. */
const EMULATOR_SETTINGS: BoardSettings = { psuEnableActive: "low", isExperimentalAccepted: true };
/** In real time waits below this go out at once: Node's timers are no finer. */
const MIN_TIMER_MS = 0.5;

/** Hash chains of an emulated machine. */
export function chainCountOf(machine: string): number {
  return machineFacts(machineName(machine)).chainCount;
}

export function openEmulatedPlatform(programPath: string) {
  return (options: RunOptions, scales: Scales, log: Log): Promise<Platform> =>
    options.link === "memory" ? openInProcess(options, scales, log) : openChild(programPath, options, scales, log);
}

async function openInProcess(options: RunOptions, scales: Scales, log: Log): Promise<Platform> {
  const clock = new SystemClock();
  const random = new SystemRandom();
  const network = new SocketNetwork();
  const { ports, world } = createMemoryBoard({
    machine: machineName(options.hashboard.model),
    clock,
    chipScale: scales.chipScale,
    minTimerMs: MIN_TIMER_MS,
    random: new SeededRandom(random.uint32()),
    ...(await recordingOf(options)),
    onUnmatched: (chain, command) => log.warn({ chain, command }, "the recording has no answer to a command"),
  });
  const board = await openBoard({ clock, ports, machine: options.hashboard.model, settings: EMULATOR_SETTINGS });
  const pool =
    options.poolGroups.length === 0 ? new LocalPool({ network, clock, random, ...localPoolOptions(scales, 0) }) : null;
  const localPoolPort = (await pool?.start()) ?? null;
  const stop = async (): Promise<void> => {
    await pool?.stop();
    world.stop();
  };
  return { board, acceptsUnconfirmed: true, clock, random, network, localPoolPort, stop };
}

async function openChild(programPath: string, options: RunOptions, scales: Scales, log: Log): Promise<Platform> {
  const random = new SystemRandom();
  const emulator = await forkOrExplain({
    programPath,
    machine: machineName(options.hashboard.model),
    chipScale: scales.chipScale,
    seed: random.uint32(),
    openUart: (path, baud) => openSerialUart({ path, baud }),
    ...(await recordingOf(options)),
    ...(options.poolGroups.length === 0 ? { pool: localPoolOptions(scales, 0) } : {}),
  });
  log.debug({ poolPort: emulator.poolPort }, "emulator started");
  const clock = new SystemClock();
  const board = await openBoard({
    clock,
    ports: emulator.ports,
    machine: options.hashboard.model,
    settings: EMULATOR_SETTINGS,
  });
  return {
    board,
    acceptsUnconfirmed: true,
    clock,
    random,
    network: new SocketNetwork(),
    localPoolPort: emulator.poolPort,
    stop: () => emulator.stop(),
  };
}

/** @throws KumpelError `USAGE` */
async function recordingOf({ replayChain }: RunOptions): Promise<{ recording?: readonly RecordedFrame[] }> {
  if (replayChain === null) return {};
  const recording = readRecording(await readTextFile(replayChain));
  if (recording.length > 0) return { recording };
  const hint = `make one with kumpel trace convert "${replayChain}" > FILE`;
  throw new KumpelError("USAGE", `--replay-chain "${replayChain}" holds no frame of a chain, one a line; ${hint}.`);
}

async function forkOrExplain(options: Parameters<typeof forkEmulatedBoard>[0]) {
  try {
    return await forkEmulatedBoard(options);
  } catch (error) {
    if (!isKumpelError(error, "PTY_UNAVAILABLE", "NATIVE_MODULE_MISSING")) throw error;
    const text = `${errorText(error)}; --link memory runs without it.`;
    throw new KumpelError(error.code, text, { cause: error, details: error.details });
  }
}

function machineName(text: string): MachineName {
  if (!isMachineName(text)) throw new KumpelError("EMULATOR_MACHINE_UNKNOWN", `The emulator has no machine "${text}".`);
  return text;
}
