/**
 * A `ControlBoard` from a row of facts and ports: pins become lines with a meaning, buses and fans get their form. It
 * opens everything in the safe order (hashboards in reset, supply off) and energises nothing.
 */
import type { Clock } from "../clock.ts";
import type { ChainConnector, ChainLink, ControlBoard, FanBank, Led, PowerSwitch } from "../control-board.ts";
import { KumpelError } from "../errors.ts";
import type { GpioOutput } from "../gpio.ts";
import type { BoardPorts } from "../ports.ts";
import {
  type BoardSettings,
  type ConnectorFacts,
  type ControlBoardFacts,
  type Level,
  type PinFacts,
  unconfirmedOfBoard,
} from "./board-facts.ts";
import { createPwmFans } from "./pwm-fans.ts";
import { createS9ioFans } from "./s9io-fans.ts";
import { VendorFpga } from "./vendor-fpga.ts";

export interface AssembleOptions {
  readonly clock: Clock;
  readonly ports: BoardPorts;
  readonly facts: ControlBoardFacts;
  /** Hashboard model, as in `drivers/hashboards`: some facts were observed with certain machines only. */
  readonly machine: string;
  readonly settings: BoardSettings;
  /** How messages tell the owner to say it, such as `--psu-enable-active high|low`. */
  readonly hints: { readonly experimental: string; readonly psuEnable: string };
}

/** @throws KumpelError `OWNER_SETTING_NEEDED` before any pin is driven; errors of the ports. */
export async function assembleBoard(options: AssembleOptions): Promise<ControlBoard> {
  const { facts, ports, clock, settings, hints } = options;
  if (facts.experimental !== null && settings.isExperimentalAccepted !== true) {
    throw new KumpelError(
      "OWNER_SETTING_NEEDED",
      `Control board "${facts.label}" is experimental: ${facts.experimental}; if you take that risk say so with ${hints.experimental}.`,
      { details: { board: facts.name } },
    );
  }
  const psuActive = psuEnableLevel(options);
  const fpga = facts.fpga === null ? null : new VendorFpga({ clock, block: await ports.openRegisters(facts.fpga) });
  // Resets low and supply off come first; whatever an earlier program left on is off from here.
  const chains: ChainConnector[] = [];
  for (const [index, connector] of facts.connectors.entries()) {
    chains.push(await openConnector(options, connector, index, fpga));
  }
  const power =
    facts.psuEnable === null || psuActive === null ? null : await openPower(ports, facts.psuEnable, psuActive);
  const hashboardBus =
    facts.hashboardBus === "vendorFpga" ? need(fpga).createBus("hashboards") : await ports.openI2c(facts.hashboardBus);
  const psuBus =
    facts.psuBus === "vendorFpga"
      ? need(fpga).createBus("supply")
      : facts.psuBus === null
        ? null
        : await ports.openI2c(facts.psuBus);
  return {
    name: facts.name,
    unconfirmed: unconfirmedOfBoard(facts, options.machine),
    chains,
    hashboardBus,
    psuBus,
    fans: await openFans(options, fpga),
    power,
    leds: { red: await openLed(ports, facts.leds.red), green: await openLed(ports, facts.leds.green) },
    buttons: {
      recovery: await openButton(ports, facts.buttons.recovery),
      ipReport: await openButton(ports, facts.buttons.ipReport),
    },
    watchdog: facts.watchdogPath === null ? null : await openWatchdog(ports, facts.watchdogPath),
    onLost: (listener) => ports.onLost(listener),
    close: () => ports.close(),
  };
}

/** The level that switches the supply on; null where there is no such line. */
function psuEnableLevel({ facts, machine, settings, hints }: AssembleOptions): Level | null {
  const enable = facts.psuEnable;
  if (enable === null) return null;
  if (settings.psuEnableActive !== undefined) return settings.psuEnableActive;
  if (enable.active !== null && enable.observedOn.includes(machine)) return enable.active;
  const claim =
    enable.active === null ? "no source says" : `only other machines are known, where it is ${enable.active},`;
  throw new KumpelError(
    "OWNER_SETTING_NEEDED",
    `Pin ${enable.pin.documentedNumber} switches the supply of ${machine} on "${facts.label}", but ${claim} at which level: ${enable.measure}; then say ${hints.psuEnable}.`,
    { details: { board: facts.name, machine, pin: enable.pin.documentedNumber } },
  );
}

function need(fpga: VendorFpga | null): VendorFpga {
  if (fpga === null) throw new Error("the row uses the vendor's FPGA but names no register block");
  return fpga;
}

function isHighWhen(isActive: boolean, active: Level): boolean {
  return isActive === (active === "high");
}

async function openConnector(
  options: AssembleOptions,
  facts: ConnectorFacts,
  index: number,
  fpga: VendorFpga | null,
): Promise<ChainConnector> {
  const { ports } = options;
  const { number, label } = facts;
  const link = openLink(options, facts, index, fpga);
  if (facts.reset === null || facts.plug === null) {
    const block = need(fpga);
    return {
      index,
      number,
      label,
      link,
      isPlugged: () => block.isPlugged(number),
      setReset: (asserted) => block.setReset(number, asserted),
    };
  }
  const resetActive = facts.reset.active ?? "low";
  const plugActive = facts.plug.active ?? "high";
  const reset = await ports.openGpioOutput(facts.reset.pin, isHighWhen(true, resetActive));
  const plug = await ports.openGpioInput(facts.plug.pin);
  return {
    index,
    number,
    label,
    link,
    isPlugged: async () => (await plug.isHigh()) === (plugActive === "high"),
    setReset: (asserted) => reset.set(isHighWhen(asserted, resetActive)),
  };
}

function openLink(
  { ports, settings }: AssembleOptions,
  { link, number }: ConnectorFacts,
  index: number,
  fpga: VendorFpga | null,
): ChainLink {
  switch (link.kind) {
    case "uart": {
      const path = settings.chainUarts?.[index] ?? link.path;
      return { kind: "uart", path, open: (baud) => ports.openUart(path, baud) };
    }
    case "s9io": {
      const window = (...endings: string[]) =>
        ports.openRegisters({
          kind: "uio",
          names: endings.map((ending) => `${link.coreName}-${ending}`),
          bytes: S9IO_WINDOW_BYTES,
        });
      return {
        kind: "s9io",
        path: link.coreName,
        open: async () => {
          return {
            common: await window("common"),
            command: await window("cmd-rx", "command", "cmd"),
            workRx: await window("work-rx"),
            workTx: await window("work-tx"),
          };
        },
      };
    }
    case "vendorFpga": {
      const { block } = need(fpga);
      return {
        kind: "vendorFpga",
        path: `${block.name} chain ${number}`,
        chainNumber: number,
        open: async () => block,
      };
    }
  }
}

const S9IO_WINDOW_BYTES = 0x1000;

async function openPower(ports: BoardPorts, facts: PinFacts, active: Level): Promise<PowerSwitch> {
  const line = await ports.openGpioOutput(facts.pin, isHighWhen(false, active));
  return { setEnabled: (enabled) => line.set(isHighWhen(enabled, active)) };
}

async function openFans({ facts, ports, clock }: AssembleOptions, fpga: VendorFpga | null): Promise<FanBank> {
  const { fans } = facts;
  switch (fans.kind) {
    case "s9io":
      return createS9ioFans(await ports.openRegisters(fans.registers), fans.count);
    case "vendorFpga":
      return need(fpga).createFans(fans.count);
    case "pwm": {
      const channels = [];
      for (const selector of fans.channels) channels.push(await ports.openPwm(selector));
      const tachos = [];
      for (const { pin } of fans.tachos) tachos.push(await ports.openEdgeCounter(pin));
      return createPwmFans({ clock, channels, periodNs: fans.periodNs, tachos });
    }
  }
}

/** LEDs and buttons are comfort: where a kernel does not offer the pin, the board works without. */
async function openLed(ports: BoardPorts, facts: PinFacts | null): Promise<Led | null> {
  if (facts?.active === null || facts === null) return null;
  const { active } = facts;
  const line = await openOrNull(() => ports.openGpioOutput(facts.pin, isHighWhen(false, active)));
  return line === null ? null : ledOf(line, active);
}

function ledOf(line: GpioOutput, active: Level): Led {
  return { set: (isOn) => line.set(isHighWhen(isOn, active)) };
}

async function openButton(ports: BoardPorts, facts: PinFacts | null): Promise<(() => Promise<boolean>) | null> {
  if (facts?.active === null || facts === null) return null;
  const { active } = facts;
  const line = await openOrNull(() => ports.openGpioInput(facts.pin));
  return line === null ? null : async () => (await line.isHigh()) === (active === "high");
}

async function openWatchdog(ports: BoardPorts, path: string) {
  return openOrNull(() => ports.openWatchdog(path));
}

async function openOrNull<T>(open: () => Promise<T>): Promise<T | null> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof KumpelError) return null;
    throw error;
  }
}
