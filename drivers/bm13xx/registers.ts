/**
 * Registers of BM1362, BM1366, BM1368 and BM1370 that the sequences and the miner use. Values are 32-bit, most
 * significant byte first on the wire. `captured`: written or read in a public log of stock firmware; `documented`: stated
 * by public driver code or notes; `inferred`: our conclusion. More in REFERENCE.md.
 */

export type Provenance = "captured" | "documented" | "inferred" | "unconfirmed";

export interface RegisterRow {
  readonly number: number;
  /** Fields, highest bit first. */
  readonly layout: string;
  /** Value after reset where known and equal for the four chips, else null. */
  readonly resetValue: number | null;
  readonly provenance: Provenance;
}

export const REGISTERS = {
  chipId: {
    number: 0x00,
    layout: "31:16 chip id, 15:8 no usable core count on these chips, 7:0 chip address",
    resetValue: null,
    provenance: "captured",
  },
  pll0: {
    number: 0x08,
    layout: "31 locked (read), 30 enable, 28 VCO >= 2400 MHz, 27:16 fbdiv, 13:8 refdiv, 6:4 p1-1, 2:0 p2-1",
    resetValue: 0xc0540165,
    provenance: "captured",
  },
  nonceOffset: {
    number: 0x0c,
    layout: "31 valid, 15:0 start of the sweep, bits 24:9 of the nonce",
    resetValue: null,
    provenance: "captured",
  },
  hashCountingNumber: {
    number: 0x10,
    layout: "31:0 length of one sweep in ticks of 12.5 MHz, without the overrun",
    resetValue: 0,
    provenance: "captured",
  },
  ticketMask: {
    number: 0x14,
    layout: "31:0 difficulty - 1, the bits of each byte reversed",
    resetValue: 0,
    provenance: "captured",
  },
  miscControl: {
    number: 0x18,
    layout: "31:28 nonce report enable per quarter of the cores, 27:24 and 19:16 reset related, 15:0 0xC100",
    resetValue: 0x0000c100,
    provenance: "captured",
  },
  fastUart: {
    number: 0x28,
    layout: "28 unknown, 26 clock select (1 = PLL1), 23:20 PLL1_DIV4, 15:8 divider: 25 MHz / (8 x (divider + 1))",
    resetValue: 0x01301a00,
    provenance: "captured",
  },
  uartRelay: {
    number: 0x2c,
    layout: "31:16 gap count, 1 relay replies, 0 relay commands",
    resetValue: 0x000f0000,
    provenance: "captured",
  },
  coreRegisterControl: {
    number: 0x3c,
    layout: "31 all or do, 24:16 core, 15 write, 12:8 core register, 7:0 value",
    resetValue: null,
    provenance: "captured",
  },
  analogMux: {
    number: 0x54,
    layout: "3:0 select (3 = default, 2 = temperature diode to its pin on BM1370)",
    resetValue: null,
    provenance: "captured",
  },
  ioDriverStrength: {
    number: 0x58,
    layout: "27:24 RF, 23:20 resistor enables, 19:16 RO, 15:12 CLKO, 11:8 NRSTO, 7:4 BO, 3:0 CO",
    resetValue: 0x00012111,
    provenance: "captured",
  },
  ringOscillatorPad: {
    number: 0x68,
    layout: "constant 0x5AA55AA5 on BM1368 and BM1370 chains",
    resetValue: null,
    provenance: "captured",
  },
  versionRolling: {
    number: 0xa4,
    layout: "31 and 28 enable, 15:0 mask over header version bits 28:13",
    resetValue: 0x0000ffff,
    provenance: "captured",
  },
  softReset: {
    number: 0xa8,
    layout: "18:16 = 7 from reset, 8:4 set at bring-up, 3:0 core reset (BM1362: 4 chip, 3 top, 2 tver, 1 and 0 core)",
    resetValue: null,
    provenance: "captured",
  },
  temperatureControl: { number: 0xb0, layout: "BM1368 only", resetValue: null, provenance: "captured" },
  temperatureResult: {
    number: 0xb4,
    layout: "BM1368: 31 valid, 15:0 code; BM1370 answers 0",
    resetValue: null,
    provenance: "captured",
  },
  pll1: { number: 0x60, layout: "as pll0", resetValue: 0x20500174, provenance: "captured" },
  domainCounter0: {
    number: 0x88,
    layout: "nonces or hashes counted in core domain 0; write 0 to clear",
    resetValue: null,
    provenance: "captured",
  },
  domainCounter1: { number: 0x89, layout: "the same of domain 1", resetValue: null, provenance: "captured" },
  domainCounter2: { number: 0x8a, layout: "the same of domain 2", resetValue: null, provenance: "captured" },
  domainCounter3: { number: 0x8b, layout: "the same of domain 3", resetValue: null, provenance: "captured" },
  ticketNonceCounter: {
    number: 0x90,
    layout: "stock S21 firmware reads and clears it; the name is documented, the meaning unproved",
    resetValue: null,
    provenance: "captured",
  },
  adcSelect: { number: 0xb8, layout: "on-die voltage converter", resetValue: null, provenance: "captured" },
  adcControl: { number: 0xb9, layout: "the same; fields unknown", resetValue: null, provenance: "captured" },
  adcMode: { number: 0xba, layout: "the same; fields unknown", resetValue: null, provenance: "captured" },
  adcResult: { number: 0xbd, layout: "31 valid, 14:0 code", resetValue: null, provenance: "captured" },
} as const satisfies Record<string, RegisterRow>;

/** Core registers, reached through `coreRegisterControl`. */
export const CORE_REGISTERS = {
  clockDelay: 0,
  coreEnable: 2,
  hashClockControl: 5,
  clockSelect: 0x0b,
  nonceOverflow: 0x0d,
};

/** Word for `coreRegisterControl` that writes `value` into one register of all cores. */
export function coreWriteWord(coreRegister: number, value: number): number {
  return (0x80008000 | (coreRegister << 8) | value) >>> 0;
}

/** Word for `versionRolling`: chips roll the header version bits of `versionMask` (bits 28:13) and no others. */
export function versionRollingWord(versionMask: number): number {
  return (0x90000000 | ((versionMask >>> 13) & 0xffff)) >>> 0;
}

/** Rate that the chip makes of a `fastUart` divider on its 25 MHz clock. */
export function chipBaud(divider: number): number {
  return 25_000_000 / (8 * (divider + 1));
}
