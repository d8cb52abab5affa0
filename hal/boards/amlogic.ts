/**
 * Amlogic A113D control board (late S19j Pro, S19 XP, S19k Pro, S21, T21, S21 Pro, S21 XP). Pins as observed on a live
 * S19k Pro; the other machines carry the same numbers in vendor labels.
 */
import type { GpioBank } from "../gpio.ts";
import type { ConnectorFacts, ControlBoardFacts, PinFacts } from "./board-facts.ts";

/** Main bank: global numbers from 411 on the kernel of the notes. */
const MAIN: GpioBank = { name: "main", labels: ["periphs-banks", "banks"], lineCount: 86 };
const MAIN_BASE = 411;

function main(line: number, active: PinFacts["active"], confidence: PinFacts["confidence"] = "proven"): PinFacts {
  return { pin: { bank: MAIN, line, documentedNumber: MAIN_BASE + line }, active, confidence };
}

function connector(index: number, path: string): ConnectorFacts {
  return {
    number: index,
    label: `J${index + 1}`,
    link: { kind: "uart", path },
    reset: main(43 + index, "low"),
    plug: main(28 + index, "high"),
  };
}

export const AMLOGIC: ControlBoardFacts = {
  name: "amlogic-a113d",
  label: "Amlogic A113D",
  experimental: null,
  // Traced on a running S19k Pro. Another source has connectors 0 and 2 the other way round, a third one ttyS4: probe.
  connectors: [connector(0, "/dev/ttyS1"), connector(1, "/dev/ttyS2"), connector(2, "/dev/ttyS3")],
  isChainOrderContested: true,
  hashboardBus: { role: "hashboards", match: ["ff805000.i2c", "aobus@ff800000/i2c@5000", "bus@ff800000/i2c@5000"] },
  // Bit-banged on lines 65 and 66; about 12 ms a byte.
  psuBus: { role: "supply", match: ["i2c-gpio", "i2c_gpio"] },
  psuEnable: {
    ...main(26, "low"),
    observedOn: ["s19kpro"],
    measure:
      "with the hashboards unplugged measure the supply's output: the level of this pin at which it stays at 0 V is off",
  },
  fans: {
    kind: "pwm",
    // pwm0 drives the rear pair, pwm1 the front pair.
    channels: [
      { match: [], documentedChip: 0, channel: 0 },
      { match: [], documentedChip: 0, channel: 1 },
    ],
    periodNs: 100_000,
    // Front 0 and 1, then rear 0 and 1.
    tachos: [main(36, "low"), main(37, "low"), main(38, "low"), main(39, "low")],
  },
  // The levels of both are assumed.
  leds: { red: main(27, "high", "claimed"), green: main(42, "high", "claimed") },
  buttons: { recovery: main(35, null, "seen"), ipReport: main(34, "low", "claimed") },
  watchdogPath: "/dev/watchdog",
  fpga: null,
};
