/** The in-process control board: an emulated world whose chains are in-memory serial links, for tests and simulation. */
import type { ChainConnector, ControlBoard } from "#hal/control-board.ts";
import { EmulatedWorld, type WorldOptions } from "./emulated-world.ts";
import { VirtualUart } from "./virtual-uart.ts";

export function createMemoryBoard(options: WorldOptions): { board: ControlBoard; world: EmulatedWorld } {
  const world = new EmulatedWorld(options);
  return { board: boardOf(world, options), world };
}

function boardOf(world: EmulatedWorld, options: WorldOptions): ControlBoard {
  return {
    name: `emulated-${world.machine.name}`,
    chains: world.chains.map((_, index) => connectorOf(world, index, options)),
    sensorBus: {
      name: "emulated sensor bus",
      transfer: (address, write, readLength) => settled(() => world.transferI2c(address, write, readLength)),
    },
    fans: {
      count: world.machine.fanCount,
      setDutyPct: (dutyPct) => settled(() => world.setFanDutyPct(dutyPct)),
      readRpm: () => settled(() => world.readFanRpm()),
    },
    power: { setEnabled: (enabled) => settled(() => world.setPower(enabled)) },
    // An in-process world cannot be lost.
    onLost: () => undefined,
    close: () => settled(() => world.stop()),
  };
}

function connectorOf(world: EmulatedWorld, index: number, options: WorldOptions): ChainConnector {
  const uartPath = `emulated:chain${index}`;
  const { line } = world.chains[index]!;
  return {
    index,
    uartPath,
    openUart: (baud) => settled(() => new VirtualUart({ path: uartPath, baud, clock: options.clock, line })),
    isPlugged: () => settled(() => world.isPlugged(index)),
    setReset: (asserted) => settled(() => world.setReset(index, asserted)),
  };
}

/** The outcome of a synchronous act as a promise: what it throws becomes a rejection. */
function settled<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(act());
  });
}
