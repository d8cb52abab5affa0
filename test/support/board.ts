/** An emulated machine's control board, assembled as the program does it, for tests that want no miner on top. */
import { boardSupport } from "#drivers/hashboards/board-supports.ts";
import { createHashboardDevices, type HashboardDevices } from "#firmware/hardware/hashboard-devices.ts";
import { openBoard } from "#firmware/platform/open-board.ts";
import type { ControlBoard, FanBank, PowerSwitch } from "#hal/control-board.ts";
import { createMemoryBoard } from "#hal/emulator/emulated-board.ts";
import type { EmulatedWorld, WorldOptions } from "#hal/emulator/emulated-world.ts";
import type { VirtualClock } from "#hal/emulator/virtual-clock.ts";
import type { Uart } from "#hal/uart.ts";

export const EMULATOR_SETTINGS = { psuEnableActive: "low", isExperimentalAccepted: true } as const;

/** The parts of a board that the tests' machines all have. */
export type WholeBoard = ControlBoard & { readonly fans: FanBank; readonly power: PowerSwitch };

export async function openMachine(
  options: Omit<WorldOptions, "clock"> & { clock: VirtualClock },
): Promise<{ board: WholeBoard; world: EmulatedWorld }> {
  const { board, world } = await openAnyMachine(options);
  return { board: wholeBoard(board), world };
}

export async function openAnyMachine(
  options: Omit<WorldOptions, "clock"> & { clock: VirtualClock },
): Promise<{ board: ControlBoard; world: EmulatedWorld }> {
  const { clock, machine } = options;
  const { ports, world } = createMemoryBoard(options);
  return { board: await settle(clock, openBoard({ clock, ports, machine, settings: EMULATOR_SETTINGS })), world };
}

/** Power on in the machine's own order, chain 0 up to its reset. */
export async function powerUp(clock: VirtualClock, board: ControlBoard, machine: string): Promise<HashboardDevices> {
  const support = boardSupport(machine);
  const bridge = (): null => null;
  const workMv = support.voltage?.workMv ?? 0;
  const devices = createHashboardDevices({ clock, board, support, workMv, bridge, onHeartbeatLost: () => undefined });
  const { signal } = new AbortController();
  await settle(clock, devices.start());
  await settle(clock, devices.train.machineUp(signal));
  await settle(clock, devices.train.chainUp(0, signal));
  return devices;
}

export function wholeBoard(board: ControlBoard): WholeBoard {
  const { fans, power } = board;
  if (fans === null || power === null) throw new Error(`${board.name} has no fans or no power line of its own`);
  return Object.assign(board, { fans, power });
}

export function openUart(board: ControlBoard, chain: number, baud: number): Promise<Uart> {
  const link = board.chains[chain]?.link;
  if (link?.kind !== "uart") throw new Error(`chain ${chain} has no serial link`);
  return link.open(baud);
}

/** The outcome of a promise that needs virtual time to pass. */
export async function settle<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  const progress = { isSettled: false };
  const mark = (): void => {
    progress.isSettled = true;
  };
  promise.then(mark, mark);
  await clock.advance(0);
  for (let i = 0; i < 100_000 && !progress.isSettled; i++) await clock.advance(1);
  return promise;
}
