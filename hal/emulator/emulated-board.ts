/** An emulated machine in this process: the world, and its ports for a control board to be assembled on. */
import type { BoardPorts } from "#hal/ports.ts";
import { EmulatedWorld, type WorldOptions } from "./emulated-world.ts";
import { createMemoryPorts } from "./memory-ports.ts";

export function createMemoryBoard(options: WorldOptions): { ports: BoardPorts; world: EmulatedWorld } {
  const world = new EmulatedWorld(options);
  return { ports: createMemoryPorts(world, options.clock), world };
}
