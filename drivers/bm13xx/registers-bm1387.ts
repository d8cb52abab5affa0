/** Registers of BM1387: other numbers than on later chips. Documented by public S9 firmware; the writes were checked. */
import type { RegisterRow } from "./registers.ts";

export const REGISTERS_BM1387 = {
  chipId: {
    number: 0x00,
    layout: "31:16 chip id, 15:8 0x90, 7:0 chip address",
    resetValue: 0x13879000,
    provenance: "captured",
  },
  hashRate: { number: 0x08, layout: "in 2^24 hashes/s", resetValue: null, provenance: "documented" },
  pll0: {
    number: 0x0c,
    layout: "31 locked (read), 23:16 fbdiv, 11:8 refdiv, 7:4 p1, 3:0 p2: both as they are",
    resetValue: null,
    provenance: "captured",
  },
  hashCountingNumber: {
    number: 0x14,
    layout: "the test bench of the open FPGA core writes 0; no firmware is known to use it",
    resetValue: null,
    provenance: "documented",
  },
  ticketMask: {
    number: 0x18,
    layout: "31:0 difficulty - 1, the bits of each byte reversed",
    resetValue: 0,
    provenance: "documented",
  },
  miscControl: {
    number: 0x1c,
    layout:
      "30 keep the rate, 21 invert clock (always 1), 16 I2C bus, 15 gate block, 14 RFS, 12:8 divider, " +
      "7 several midstates, 6:5 TFS",
    resetValue: null,
    provenance: "documented",
  },
  i2cControl: {
    number: 0x20,
    layout: "31 busy, 24 start, 23:16 8-bit address (odd = write), 15:8 device register, 7:0 data",
    resetValue: null,
    provenance: "documented",
  },
} as const satisfies Record<string, RegisterRow>;
