/**
 * Commands from host to chip as a table and writers into the caller's buffer. Layout (documented, and every captured
 * command was rebuilt byte by byte):
 *
 *   55 AA | header | length | payload | CRC5        header = type 2 at bits 6:5, all at bit 4, command at bits 3:0
 *
 * `length` counts header to CRC, without the preamble, which BM1387 does not have.
 */
import { crc5 } from "./crc.ts";

/** What differs between chips in a command frame. */
export interface CommandFormat {
  /** 55 AA in front. */
  readonly hasPreamble: boolean;
  /** Bits 3:0 of the header byte. */
  readonly codes: Readonly<Record<CommandName, number>>;
}

export type CommandName = "setAddress" | "writeRegister" | "readRegister" | "chainInactive";

/** Header to CRC, without the preamble; the same on every chip. */
export const COMMAND_LENGTHS: Readonly<Record<CommandName, number>> = {
  setAddress: 5,
  writeRegister: 9,
  readRegister: 5,
  chainInactive: 5,
};

export const COMMAND_FORMATS = {
  /** Read from the test bench of the open S9 FPGA core. */
  bm1387: { hasPreamble: false, codes: { setAddress: 1, writeRegister: 8, readRegister: 4, chainInactive: 5 } },
  /** BM1397 and everything later. */
  bm1397: { hasPreamble: true, codes: { setAddress: 0, writeRegister: 1, readRegister: 2, chainInactive: 3 } },
} as const satisfies Record<string, CommandFormat>;

const LATER: CommandFormat = COMMAND_FORMATS.bm1397;

export const PREAMBLE_HOST_0 = 0x55;
export const PREAMBLE_HOST_1 = 0xaa;
/** Given in place of a chip address, so that every chip of the chain takes the command. */
export const ALL_CHIPS = -1;
/** Preamble and a register write, the longest command. */
export const COMMAND_MAX_BYTES = 11;

const TYPE_COMMAND = 2 << 5;
const ALL_BIT = 1 << 4;

/** Returns the place of the header byte. */
function begin(out: Uint8Array, at: number, chipAddress: number, command: CommandName, format: CommandFormat): number {
  let header = at;
  if (format.hasPreamble) {
    out[at] = PREAMBLE_HOST_0;
    out[at + 1] = PREAMBLE_HOST_1;
    header = at + 2;
  }
  out[header] = TYPE_COMMAND | (chipAddress === ALL_CHIPS ? ALL_BIT : 0) | format.codes[command];
  out[header + 1] = COMMAND_LENGTHS[command];
  out[header + 2] = chipAddress === ALL_CHIPS ? 0 : chipAddress;
  return header;
}

function end(out: Uint8Array, header: number): number {
  const crcAt = header + out[header + 1]! - 1;
  out[crcAt] = crc5(out, header, crcAt);
  return crcAt + 1;
}

/** Writes the frame at `at` and returns the place behind it; so do all writers here. */
export function putWriteRegister(
  out: Uint8Array,
  at: number,
  chipAddress: number,
  registerNumber: number,
  value: number,
  format: CommandFormat = LATER,
): number {
  const header = begin(out, at, chipAddress, "writeRegister", format);
  out[header + 3] = registerNumber;
  out[header + 4] = value >>> 24;
  out[header + 5] = value >>> 16;
  out[header + 6] = value >>> 8;
  out[header + 7] = value;
  return end(out, header);
}

export function putReadRegister(
  out: Uint8Array,
  at: number,
  chipAddress: number,
  registerNumber: number,
  format: CommandFormat = LATER,
): number {
  const header = begin(out, at, chipAddress, "readRegister", format);
  out[header + 3] = registerNumber;
  return end(out, header);
}

/** Makes every chip wait for an address. */
export function putChainInactive(out: Uint8Array, at: number, format: CommandFormat = LATER): number {
  const header = begin(out, at, ALL_CHIPS, "chainInactive", format);
  out[header + 3] = 0;
  return end(out, header);
}

/** Swallowed by the first chip that waits for an address; that chip passes later ones on. No reply. */
export function putSetAddress(out: Uint8Array, at: number, chipAddress: number, format: CommandFormat = LATER): number {
  const header = begin(out, at, chipAddress, "setAddress", format);
  out[header + 3] = 0;
  return end(out, header);
}
