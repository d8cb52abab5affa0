/** The ports of a real control board: the kernel's devices. Native packages are loaded by what is opened first. */
import type { Clock } from "#hal/clock.ts";
import type { I2cBus } from "#hal/i2c.ts";
import type { BoardPorts } from "#hal/ports.ts";
import type { Uart } from "#hal/uart.ts";
import { findI2cAdapter } from "./i2c-adapters.ts";
import { LinuxGpio, type SysfsPinClass } from "./linux-gpio.ts";
import { type I2cDevice, openLinuxI2c } from "./linux-i2c.ts";
import { openLinuxWatchdog } from "./linux-watchdog.ts";
import { openMemoryMap } from "./memory-map.ts";
import { openSerialUart } from "./serial-uart.ts";
import { openSysfsPwm } from "./sysfs-pwm.ts";
import { SystemFiles } from "./system-files.ts";

export interface LinuxPortsOptions {
  readonly clock: Clock;
  /** Told once about each device that was opened, for the log. */
  readonly log?: (facts: Readonly<Record<string, unknown>>, text: string) => void;
  /** For tests: another folder for `/`, and stand-ins for onoff and i2c-bus. */
  readonly root?: string;
  readonly loadPinClass?: () => Promise<SysfsPinClass>;
  readonly openI2cDevice?: (busNumber: number) => Promise<I2cDevice>;
}

export function createLinuxPorts(options: LinuxPortsOptions): BoardPorts {
  const { clock, loadPinClass, openI2cDevice, log = () => undefined } = options;
  const files = new SystemFiles(options.root);
  const gpio = new LinuxGpio(loadPinClass === undefined ? { files } : { files, loadPinClass });
  const opened = new Set<{ close(): Promise<void> }>();
  /** A link is opened anew for each start of its chain: the last one of each device is the one that may still be open. */
  const uarts = new Map<string, Uart>();
  /** One object a bus: its lock is what keeps transfers of several drivers apart. */
  const buses = new Map<number, Promise<I2cBus>>();
  const keep = <T extends { close(): Promise<void> }>(device: T): T => {
    opened.add(device);
    return device;
  };
  return {
    openUart: async (path, baud): Promise<Uart> => {
      const uart = await openSerialUart({ path, baud });
      uarts.set(path, uart);
      log({ path, baud }, "serial device opened");
      return uart;
    },
    openGpioOutput: (line, isHigh) => gpio.openOutput(line, isHigh),
    openGpioInput: (line) => gpio.openInput(line),
    openEdgeCounter: (line) => gpio.openEdgeCounter(line),
    openI2c: async (selector) => {
      const { number, name } = await findI2cAdapter(files, selector);
      log({ role: selector.role, adapter: number, name }, "I2C bus found");
      let bus = buses.get(number);
      if (bus === undefined) {
        const open = { clock, busNumber: number, adapterName: name };
        bus = openLinuxI2c(openI2cDevice === undefined ? open : { ...open, openDevice: openI2cDevice }).then(keep);
        buses.set(number, bus);
      }
      return bus;
    },
    openPwm: async (selector) => keep(await openSysfsPwm(files, selector)),
    openRegisters: async (selector) => {
      const block = keep(await openMemoryMap(files, selector));
      log({ block: block.name }, "registers mapped");
      return block;
    },
    openWatchdog: (path) => openLinuxWatchdog(files.path(path)),
    // Devices fail one by one and say so themselves; a control board does not go away under its own program.
    onLost: () => undefined,
    close: async () => {
      gpio.close();
      const devices = [...opened, ...uarts.values()];
      opened.clear();
      uarts.clear();
      buses.clear();
      await Promise.allSettled(devices.map((device) => device.close()));
    },
  };
}
