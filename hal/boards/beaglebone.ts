/**
 * BeagleBone control boards (S19j, S19j Pro). Two wirings exist, and pins 4 and 5 are resets in one and the supply's bus
 * in the other: the owner must say which one it is, nothing is driven before. Levels of the supply's line are unknown.
 */
import type { GpioBank } from "../gpio.ts";
import type { BoardName, ConnectorFacts, ControlBoardFacts, PinFacts } from "./board-facts.ts";

/** Four controllers of 32 lines; global number = 32 x controller + line on the kernels seen. */
function bank(controller: number): GpioBank {
  return {
    name: `gpio${controller}`,
    labels: [BANK_LABELS[controller] ?? "", `gpio-${32 * controller}-${32 * controller + 31}`],
    lineCount: 32,
  };
}

const BANK_LABELS = ["44e07000.gpio", "4804c000.gpio", "481ac000.gpio", "481ae000.gpio"];
const UARTS = ["/dev/ttyO1", "/dev/ttyO2", "/dev/ttyO4"];

function pin(number: number, active: PinFacts["active"], confidence: PinFacts["confidence"]): PinFacts {
  return { pin: { bank: bank(number >> 5), line: number & 31, documentedNumber: number }, active, confidence };
}

interface Wiring {
  readonly name: BoardName;
  readonly label: string;
  readonly resets: readonly number[];
  /** Plug pins of the second wiring are taken from the first: no source names them. */
  readonly plugs: readonly number[];
  readonly psuEnable: number;
  readonly confidence: PinFacts["confidence"];
}

function board(wiring: Wiring): ControlBoardFacts {
  const connectors = UARTS.map((path, index): ConnectorFacts => {
    return {
      number: index,
      label: `J${index + 1}`,
      link: { kind: "uart", path },
      reset: pin(wiring.resets[index] ?? 0, "low", wiring.confidence),
      plug: pin(wiring.plugs[index] ?? 0, "high", wiring.confidence),
    };
  });
  const tachos = [7, 20, 110, 112].map((number) => pin(number, "low", "seen"));
  return {
    name: wiring.name,
    label: wiring.label,
    experimental: "two wirings use pins 4 and 5 for different things: look which board it is before anything is driven",
    connectors,
    isChainOrderContested: false,
    // No source names the adapter: the processor's second one is taken. Sensors must answer there before power goes on.
    hashboardBus: { role: "hashboards", match: ["4802a000.i2c", "4819c000.i2c"] },
    psuBus: { role: "supply", match: ["i2c-gpio", "i2c_gpio"] },
    psuEnable: {
      ...pin(wiring.psuEnable, null, wiring.confidence),
      observedOn: [],
      measure:
        "with the hashboards unplugged measure the supply's output: the level of this pin at which it stays at 0 V is off",
    },
    fans: {
      kind: "pwm",
      // Which chip drives the fans is not known; the first one is a guess that the owner's fans will confirm or not.
      channels: [{ match: [], documentedChip: 0, channel: 0 }],
      periodNs: 100_000,
      tachos,
    },
    leds: { red: pin(45, "high", "claimed"), green: pin(23, "high", "claimed") },
    buttons: { recovery: null, ipReport: null },
    watchdogPath: "/dev/watchdog",
    fpga: null,
  };
}

export const BEAGLEBONE_VENDOR = board({
  name: "beaglebone-vendor",
  label: "BeagleBone, vendor wiring",
  resets: [5, 4, 27],
  plugs: [51, 48, 47],
  psuEnable: 65,
  confidence: "seen",
});

export const BEAGLEBONE_S19J_V2 = board({
  name: "beaglebone-s19j-v2",
  label: "BeagleBone, S19J_IO_BOARD_V2_0 wiring",
  resets: [49, 60, 27],
  plugs: [51, 48, 47],
  psuEnable: 59,
  confidence: "claimed",
});
