/** An emulated machine in this process without a miner on top, for commands that look at a board. */
import { createMemoryBoard } from "#hal/emulator/emulated-board.ts";
import { isMachineName } from "#hal/emulator/machines.ts";
import { SeededRandom } from "#hal/emulator/prng.ts";
import { KumpelError } from "#hal/errors.ts";
import { SocketNetwork } from "#hal/linux/socket-network.ts";
import { SystemClock } from "#hal/linux/system-clock.ts";
import { SystemRandom } from "#hal/linux/system-random.ts";
import { openBoard } from "./open-board.ts";
import type { Platform } from "./platform.ts";

const MIN_TIMER_MS = 0.5;

/**
 * @param serialOrder connector that each serial device leads to, where it is not the usual one.
 * @throws KumpelError `EMULATOR_MACHINE_UNKNOWN`.
 */
export async function openEmulatedMachine(machine: string, serialOrder: readonly number[] | null): Promise<Platform> {
  if (!isMachineName(machine)) {
    throw new KumpelError("EMULATOR_MACHINE_UNKNOWN", `The emulator has no machine "${machine}".`);
  }
  const clock = new SystemClock();
  const random = new SystemRandom();
  const { ports, world } = createMemoryBoard({
    machine,
    clock,
    // Nobody mines here.
    chipScale: 1,
    minTimerMs: MIN_TIMER_MS,
    random: new SeededRandom(random.uint32()),
    ...(serialOrder === null ? {} : { serialOrder }),
  });
  // Nothing can burn: the owner's word counts as given, as the emulator has it.
  const settings = { psuEnableActive: "low", isExperimentalAccepted: true } as const;
  const board = await openBoard({ clock, ports, machine, settings });
  const stop = (): Promise<void> => {
    world.stop();
    return Promise.resolve();
  };
  return { board, acceptsUnconfirmed: true, clock, random, network: new SocketNetwork(), localPoolPort: null, stop };
}
