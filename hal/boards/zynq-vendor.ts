/**
 * Zynq XC7Z007S with the vendor's FPGA image (S17 and T17 families, S19, S19 Pro): UARTs, I2C, fans, plug bits and resets
 * are registers of one block. Read on an S19 Pro and from vendor binaries; experimental as a whole.
 */
import type { GpioBank } from "../gpio.ts";
import type { ConnectorFacts, ControlBoardFacts, PinFacts } from "./board-facts.ts";

const MIO: GpioBank = { name: "mio", labels: ["zynq_gpio", "e000a000.gpio"], lineCount: 118 };
const MIO_BASE = 906;

function mio(line: number, active: PinFacts["active"], confidence: PinFacts["confidence"]): PinFacts {
  return { pin: { bank: MIO, line, documentedNumber: MIO_BASE + line }, active, confidence };
}

function connector(index: number): ConnectorFacts {
  return { number: index, label: `J${index + 1}`, link: { kind: "vendorFpga" }, reset: null, plug: null };
}

export const ZYNQ_VENDOR: ControlBoardFacts = {
  name: "zynq7007-vendor",
  label: "Zynq XC7Z007S, vendor's FPGA image",
  experimental: "the vendor's FPGA registers are known from one unit and from binaries only",
  connectors: [connector(0), connector(1), connector(2)],
  isChainOrderContested: false,
  hashboardBus: "vendorFpga",
  psuBus: "vendorFpga",
  // Bench test on an S19 Pro, an S21 test program and an S9k miner agree; one secondary source says the opposite.
  psuEnable: {
    ...mio(1, "low", "proven"),
    observedOn: ["s19pro"],
    measure:
      "with the hashboards unplugged measure the supply's output: the level of this pin at which it stays at 0 V is off",
  },
  fans: { kind: "vendorFpga", count: 4 },
  leds: { red: mio(35, "high", "claimed"), green: mio(36, "high", "claimed") },
  buttons: { recovery: mio(15, null, "seen"), ipReport: mio(37, null, "seen") },
  watchdogPath: "/dev/watchdog",
  fpga: { kind: "device", path: "/dev/axi_fpga_dev", offset: 0, bytes: 0x1200 },
};
