/**
 * What the emulator knows of chips that are fed with midstates: BM1387, BM1397 and BM1398. Read from the documents a second
 * time, on purpose without a look at the driver's table.
 */
export interface CommandCodes {
  readonly setAddress: number;
  readonly writeRegister: number;
  readonly readRegister: number;
  readonly chainInactive: number;
}

/** Bits 3:0 of a command's header byte on BM1397 and later. */
export const LATER_CODES: CommandCodes = { setAddress: 0, writeRegister: 1, readRegister: 2, chainInactive: 3 };

export interface MidstateFacts {
  /** 55 AA before commands and jobs, AA 55 before replies. */
  readonly hasPreamble: boolean;
  /** Length of everything that the chip sends: 7 = neither preamble nor chip address nor register number. */
  readonly replyBytes: 7 | 9;
  readonly codes: CommandCodes;
  readonly registers: {
    readonly pll: number;
    readonly ticketMask: number;
    readonly miscControl: number;
    readonly i2c: number;
    /** Second divider of the hash clock, or null. */
    readonly userDivider: number | null;
    /** PLL and divider of the fast UART clock, or null. */
    readonly pll3: number | null;
    readonly fastUart: number | null;
  };
  /** Dividers in the PLL word: as they are without an enable bit, as they are, or minus one. */
  readonly clockWord: "bare" | "plain" | "minusOne";
  /** Core numbers that the nonce can hold; the chain's share of the nonce space is split into so many parts. */
  readonly coreSlots: 128 | 256;
  /** Midstates that a core hashes at the same time; more follow one another. */
  readonly parallel: 1 | 4;
  /** Where chip and core stand in the nonce bytes. */
  readonly nonceForm: "addressFirst" | "addressMiddle";
  /** Cores are gated until works with midstate 0 and a tail of 0xFF open them, one core each. */
  readonly isOpenedByWork: boolean;
}

export const BM1387_WIRE: MidstateFacts = {
  hasPreamble: false,
  replyBytes: 7,
  codes: { setAddress: 1, writeRegister: 8, readRegister: 4, chainInactive: 5 },
  registers: {
    pll: 0x0c,
    ticketMask: 0x18,
    miscControl: 0x1c,
    i2c: 0x20,
    userDivider: null,
    pll3: null,
    fastUart: null,
  },
  clockWord: "bare",
  coreSlots: 128,
  // Four midstates take 4 x 2^19 / f on a chain of 64 slots.
  parallel: 1,
  nonceForm: "addressFirst",
  isOpenedByWork: true,
};

export const BM1397_WIRE: MidstateFacts = {
  hasPreamble: true,
  replyBytes: 9,
  codes: LATER_CODES,
  registers: {
    pll: 0x08,
    ticketMask: 0x14,
    miscControl: 0x18,
    i2c: 0x1c,
    userDivider: 0x70,
    pll3: 0x68,
    fastUart: 0x28,
  },
  clockWord: "plain",
  coreSlots: 256,
  // Four engines a core, one for each midstate (documented); that one without a midstate rests is our reading.
  parallel: 4,
  nonceForm: "addressMiddle",
  isOpenedByWork: false,
};

/** Nothing behind its enumeration was ever seen to work: everything but the clock word is taken over from BM1397. */
export const BM1398_WIRE: MidstateFacts = { ...BM1397_WIRE, clockWord: "minusOne" };
