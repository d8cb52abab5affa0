/**
 * Registers of the vendor's FPGA that the chains use; plug, reset, fans and I2C are the control board's. Offsets as on S19
 * and S21 builds. `documented`: public drivers and dumps agree; `inferred`: our reading where they are silent;
 * `unconfirmed`: sources disagree. No public driver has ever received a nonce through this block, so everything about
 * works and nonces has to be compared with a vendor-booted unit before it is believed.
 */
import type { FifoSink, FifoSource } from "#hal/registers.ts";
import type { Provenance } from "../bm13xx/registers.ts";

export interface VendorRegister {
  readonly offset: number;
  readonly layout: string;
  readonly provenance: Provenance;
}

export const VENDOR = {
  version: { offset: 0x00, layout: "15:0 version, 30 set by firmware", provenance: "documented" },
  bufferSpace: { offset: 0x0c, layout: "bit n: the work FIFO of chain n takes a work", provenance: "documented" },
  /** The flags are named by an older public driver; that they come first, and where the id lies, is inferred. */
  nonce: {
    offset: 0x10,
    layout:
      "two reads an entry. First: 31 carries a work id, 30:16 work id x 8 + midstate, 7 nonce, 3:0 chain; where 7 is 0 " +
      "it is a register reply with 23:16 register, 15:8 chip. Second: nonce bytes or value, first byte on top",
    provenance: "inferred",
  },
  nonceCount: { offset: 0x18, layout: "14:0 words or entries that wait; 0 = none", provenance: "documented" },
  nonceFlush: { offset: 0x1c, layout: "16 empties the nonce FIFO", provenance: "documented" },
  baud: {
    offset: 0x3c,
    layout: "six bits a chain at 8 x chain: 4:0 divider of 25 MHz / 8, 26 = 115,740; 5 fast clock (inferred)",
    provenance: "documented",
  },
  workFifo: { offset: 0x40, layout: "37 words a work, see vendor-words.ts", provenance: "documented" },
  /** A dump of an S19 Pro has 0x800000F9 in 0x8C and 0x9C40 here: read both back before trusting this table. */
  workTimeout: {
    offset: 0x88,
    layout: "31 valid, 16:0 microseconds (inferred) between works",
    provenance: "unconfirmed",
  },
  ticketMask: { offset: 0x8c, layout: "filter of the FPGA itself; left alone", provenance: "unconfirmed" },
  commandGo: { offset: 0xc0, layout: "31 go and busy, 23 one chain only, 19:16 chain", provenance: "documented" },
  /** A dump of a vendor-booted unit shows 52 05 00 00 0A: no preamble, with CRC. */
  command: { offset: 0xc4, layout: "three words, first byte on top", provenance: "captured" },
  crcErrors: { offset: 0xf8, layout: "frames that failed their check", provenance: "documented" },
  hashControl: {
    offset: 0x100,
    layout: "15 version rolling, 11:8 midstates, 7 new block: empties the work FIFOs (inferred), 6 run",
    provenance: "documented",
  },
} as const satisfies Record<string, VendorRegister>;

export const VENDOR_COMMAND = { go: 0x80000000, oneChain: 1 << 23 } as const;
export const VENDOR_HASH = { newBlock: 1 << 7, run: 1 << 6 } as const;
export const VENDOR_TIMEOUT_VALID = 0x80000000;
export const VENDOR_FLUSH_NONCES = 1 << 16;
export const VENDOR_WORK_WORDS = 37;
/** Versions that public notes name. */
export const VENDOR_VERSIONS: readonly number[] = [0xc501, 0xb025, 0xb031, 0xb047];

const CLOCK_HZ = 25_000_000;
const FAST_CLOCK_HZ = 400_000_000;
const FAST_CLOCK = 1 << 5;
const DIVIDER_MASK = 0x1f;
const TIMEOUT_MAX = 0x1ffff;
const BITS_PER_CHAIN = 8;
const FIELD_MASK = 0x3f;

/** The fastest rate that any source settles: divider 0. */
export const VENDOR_SETTLED_BAUD_MAX = CLOCK_HZ / 8;

export const VENDOR_NONCES: FifoSource = {
  statusOffset: VENDOR.nonceCount.offset,
  mask: 0x7fff,
  readyWhen: "set",
  offset: VENDOR.nonce.offset,
  recordWords: 2,
};

export function vendorWorks(chainNumber: number): FifoSink {
  return {
    statusOffset: VENDOR.bufferSpace.offset,
    mask: 1 << chainNumber,
    readyWhen: "set",
    offset: VENDOR.workFifo.offset,
    recordWords: VENDOR_WORK_WORDS,
  };
}

/** Six bits for one chain. Rates above 3.125 M take the same divider as the chips' own fast clock: nothing says so. */
export function vendorBaudField(baud: number): number {
  const isFast = baud > VENDOR_SETTLED_BAUD_MAX;
  const divider = Math.round((isFast ? FAST_CLOCK_HZ : CLOCK_HZ) / (8 * baud)) - 1;
  return (isFast ? FAST_CLOCK : 0) | Math.max(0, Math.min(DIVIDER_MASK, divider));
}

/** The register with one chain's field changed. */
export function vendorBaudRegister(before: number, chainNumber: number, field: number): number {
  const shift = BITS_PER_CHAIN * chainNumber;
  return ((before & ~(FIELD_MASK << shift)) | (field << shift)) >>> 0;
}

export function vendorWorkTimeout(workTimeMs: number): number {
  return (VENDOR_TIMEOUT_VALID | Math.max(1, Math.min(TIMEOUT_MAX, Math.floor(workTimeMs * 1000)))) >>> 0;
}

export function vendorHashControl(midstates: number): number {
  return (midstates << 8) | VENDOR_HASH.run;
}
