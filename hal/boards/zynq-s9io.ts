/**
 * Zynq XC7Z010 of the S9 with the open FPGA core of its public firmware: each connector has a chain core behind four UIO
 * windows, hashboards share one I2C adapter, the supply is always on.
 */
import type { GpioBank } from "../gpio.ts";
import type { ConnectorFacts, ControlBoardFacts, PinFacts } from "./board-facts.ts";

/** AXI GPIO at 0x41210000: LEDs D5 to D8 on lines 0 to 3, resets of J1 to J9 from line 4. Global numbers from 884. */
const OUTPUTS: GpioBank = { name: "fpga outputs", labels: ["41210000.gpio", "/amba_pl/gpio@41210000"], lineCount: 13 };
/** AXI GPIO at 0x41200000: plug detection of J1 to J8. Global numbers from 897. */
const INPUTS: GpioBank = { name: "fpga inputs", labels: ["41200000.gpio", "/amba_pl/gpio@41200000"], lineCount: 8 };
/** The processor's own pins: MIO n is line n, global number 906 + n. */
const MIO: GpioBank = { name: "mio", labels: ["zynq_gpio", "e000a000.gpio"], lineCount: 118 };

function pin(bank: GpioBank, base: number, line: number, active: PinFacts["active"]): PinFacts {
  return { pin: { bank, line, documentedNumber: base + line }, active, confidence: "proven" };
}

/** @param jack 6 to 8; earlier jacks are not fitted. The FPGA's cores count from 1, I2C addresses from 0. */
function connector(jack: number): ConnectorFacts {
  return {
    number: jack - 1,
    label: `J${jack}`,
    link: { kind: "s9io", coreName: `chain${jack}` },
    reset: pin(OUTPUTS, 884, jack + 3, "low"),
    plug: pin(INPUTS, 897, jack - 1, "high"),
  };
}

export const ZYNQ_S9IO: ControlBoardFacts = {
  name: "zynq7010-s9io",
  label: "Zynq XC7Z010 (S9), open FPGA core",
  experimental: null,
  connectors: [connector(6), connector(7), connector(8)],
  isChainOrderContested: false,
  hashboardBus: { role: "hashboards", match: ["41600000.i2c", "i2c@41600000"] },
  psuBus: null,
  psuEnable: null,
  fans: { kind: "s9io", registers: { kind: "uio", names: ["fan-control"], bytes: 0x1000 }, count: 2 },
  leds: { red: pin(MIO, 906, 37, "high"), green: pin(MIO, 906, 38, "high") },
  buttons: { recovery: pin(MIO, 906, 47, "low"), ipReport: pin(MIO, 906, 51, "low") },
  watchdogPath: "/dev/watchdog",
  fpga: null,
};
