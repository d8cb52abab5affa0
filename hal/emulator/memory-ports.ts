/** The emulated board's ports in this process, for tests, simulation and runs without native packages. */
import type { Clock } from "#hal/clock.ts";
import type { BoardPorts } from "#hal/ports.ts";
import { settled } from "#hal/settled.ts";
import type { EmulatedWorld } from "./emulated-world.ts";
import { busRole, noRegisters, noUart, wirePin } from "./port-lookup.ts";
import { VirtualUart } from "./virtual-uart.ts";

export function createMemoryPorts(world: EmulatedWorld, clock: Clock): BoardPorts {
  const { ports } = world;
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    openUart: (path, baud) =>
      settled(() => {
        const port = ports.serialPorts.find((p) => p.path === path);
        if (port === undefined) throw noUart(path, ports.serialPorts);
        return new VirtualUart({ path, baud, clock, line: port.line });
      }),
    openGpioOutput: (line, isHigh) =>
      settled(() => {
        ports.writePin(wirePin(line), isHigh);
        return { set: (level) => settled(() => ports.writePin(wirePin(line), level)), close: nothing };
      }),
    openGpioInput: (line) =>
      settled(() => {
        return { isHigh: () => settled(() => ports.readPin(wirePin(line))), close: nothing };
      }),
    openEdgeCounter: (line) =>
      settled(() => {
        return { count: () => settled(() => ports.countEdges(wirePin(line))), close: nothing };
      }),
    openI2c: (selector) =>
      settled(() => {
        const role = busRole(selector, ports.busRoles);
        return {
          name: `emulated ${role} bus`,
          transfer: (address, write, readLength) => settled(() => world.i2c.transfer(role, address, write, readLength)),
        };
      }),
    openPwm: ({ documentedChip, channel }) => {
      let period = 0;
      return settled(() => {
        return {
          apply: ({ periodNs, dutyNs }) =>
            settled(() => {
              period = periodNs;
              ports.applyPwm(documentedChip, channel, dutyNs / periodNs);
            }),
          readPeriodNs: () => Promise.resolve(period),
          close: nothing,
        };
      });
    },
    openRegisters: (selector) =>
      settled(() => {
        const names = selector.kind === "uio" ? selector.names : [selector.path];
        for (const name of names) {
          const block = ports.registers(name);
          if (block !== null) return block;
        }
        throw noRegisters(names);
      }),
    openWatchdog: () => Promise.resolve(world.watchdog),
    // An in-process world cannot be lost.
    onLost: () => undefined,
    close: () => settled(() => world.stop()),
  };
}
