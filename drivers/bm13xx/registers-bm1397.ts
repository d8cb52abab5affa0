/**
 * Registers of BM1397 that the sequences and the miner use; BM1398 is taken to have the same (inferred, see chips.ts).
 * Fields and reset values are documented by public notes and drivers; the writes of the start sequence were captured on a
 * single chip.
 */
import type { RegisterRow } from "./registers.ts";

export const REGISTERS_BM1397 = {
  chipId: {
    number: 0x00,
    layout: "31:16 chip id, 15:8 0x18, 7:0 chip address",
    resetValue: 0x13971800,
    provenance: "captured",
  },
  pll0: {
    number: 0x08,
    layout: "31 locked (read), 30 enable, 27:16 fbdiv, 13:8 refdiv, 6:4 p1, 2:0 p2: both as they are",
    resetValue: 0xc0600161,
    provenance: "documented",
  },
  hashCountingNumber: {
    number: 0x10,
    layout: "31:0; stock S19 Pro firmware logs 12480, no driver of a single chip writes it",
    resetValue: 0,
    provenance: "documented",
  },
  ticketMask: {
    number: 0x14,
    layout: "31:0 difficulty - 1, the bits of each byte reversed",
    resetValue: 0,
    provenance: "captured",
  },
  miscControl: {
    number: 0x18,
    layout:
      "27:24 divider high, 22 core soft reset, 16 clock (1 = PLL3), 15 return error nonce, 14 RFS, 13 invert CLKO, " +
      "12:8 divider low, 7 return work errors, 6:4 TFS, 1:0 hash rate window",
    resetValue: 0x00003a01,
    provenance: "captured",
  },
  i2cControl: {
    number: 0x1c,
    layout: "31 busy, 24 start, 23:17 device, 16 write, 15:8 device register, 7:0 data",
    resetValue: 0x01000000,
    provenance: "documented",
  },
  orderedClockEnable: { number: 0x20, layout: "15:0", resetValue: 0x0000ffff, provenance: "captured" },
  fastUart: {
    number: 0x28,
    layout: "27:24 divider of PLL3 minus one, 15 force core enable, 13:0 CLKO; 0x0600000F: PLL3 / 7 feeds the UART",
    resetValue: 0x0600000f,
    provenance: "captured",
  },
  coreRegisterControl: {
    number: 0x3c,
    layout: "31 all or do, 24:16 core, 15 write, 12:8 core register, 7:0 value",
    resetValue: null,
    provenance: "captured",
  },
  errorFlags: {
    number: 0x48,
    layout: "31:24 command errors, 23:16 work errors, 7:0 core response errors",
    resetValue: 0xff000000,
    provenance: "documented",
  },
  analogMux: { number: 0x54, layout: "low bits select", resetValue: null, provenance: "documented" },
  ioDriverStrength: {
    number: 0x58,
    layout: "27:24 RF, 23:20 resistor enables, 19:16 RO, 15:12 CLKO, 11:8 NRSTO, 7:4 BO, 3:0 CO",
    resetValue: 0x02112111,
    provenance: "documented",
  },
  pll3: {
    number: 0x68,
    layout: "as pll0; 0xC0700111 makes 2.8 GHz for a UART faster than 3.125 Mbaud",
    resetValue: 0x00700111,
    provenance: "captured",
  },
  pll0UserDivider: {
    number: 0x70,
    layout: "27:24, 19:16, 11:8, 3:0 = dividers 3 to 0, each minus one; the hash clock is divided by divider 0",
    resetValue: 0x03040607,
    provenance: "captured",
  },
  clockOrder0: { number: 0x80, layout: "eight fields of 4 bits", resetValue: 0xd95c8410, provenance: "captured" },
  clockOrder1: { number: 0x84, layout: "eight fields of 4 bits", resetValue: 0xfb73ea62, provenance: "captured" },
  /** Seen in stock strings of the S19 Pro only. */
  unknown34: {
    number: 0x34,
    layout: "BM1398: stock writes 0xF0 and 0xF8",
    resetValue: null,
    provenance: "unconfirmed",
  },
  softReset: {
    number: 0xa8,
    layout: "BM1398: stock sets 0x1F0 in its core reset pass",
    resetValue: null,
    provenance: "unconfirmed",
  },
} as const satisfies Record<string, RegisterRow>;
