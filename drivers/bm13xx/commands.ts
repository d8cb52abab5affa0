/**
 * Commands from host to chip as a table and writers into the caller's buffer. Layout (documented, and every captured
 * command was rebuilt byte by byte):
 *
 *   55 AA | header | length | payload | CRC5        header = type 2 at bits 6:5, all at bit 4, command at bits 3:0
 *
 * `length` counts header to CRC, without the preamble.
 */
import { crc5 } from "./crc.ts";

/** Command numbers of BM1397 and later. BM1387 has others. */
export const COMMANDS = {
  setAddress: { code: 0, length: 5 },
  writeRegister: { code: 1, length: 9 },
  readRegister: { code: 2, length: 5 },
  chainInactive: { code: 3, length: 5 },
} as const;

export const PREAMBLE_HOST_0 = 0x55;
export const PREAMBLE_HOST_1 = 0xaa;
/** Given in place of a chip address, so that every chip of the chain takes the command. */
export const ALL_CHIPS = -1;
/** Preamble and a register write, the longest command. */
export const COMMAND_MAX_BYTES = 11;

const TYPE_COMMAND = 2 << 5;
const ALL_BIT = 1 << 4;

function begin(out: Uint8Array, at: number, chipAddress: number, command: { code: number; length: number }): void {
  out[at] = PREAMBLE_HOST_0;
  out[at + 1] = PREAMBLE_HOST_1;
  out[at + 2] = TYPE_COMMAND | (chipAddress === ALL_CHIPS ? ALL_BIT : 0) | command.code;
  out[at + 3] = command.length;
}

function end(out: Uint8Array, at: number, length: number): number {
  const crcAt = at + 2 + length - 1;
  out[crcAt] = crc5(out, at + 2, crcAt);
  return crcAt + 1;
}

/** Writes the frame at `at` and returns the place behind it; so do all writers here. */
export function putWriteRegister(
  out: Uint8Array,
  at: number,
  chipAddress: number,
  registerNumber: number,
  value: number,
): number {
  begin(out, at, chipAddress, COMMANDS.writeRegister);
  out[at + 4] = chipAddress === ALL_CHIPS ? 0 : chipAddress;
  out[at + 5] = registerNumber;
  out[at + 6] = value >>> 24;
  out[at + 7] = value >>> 16;
  out[at + 8] = value >>> 8;
  out[at + 9] = value;
  return end(out, at, COMMANDS.writeRegister.length);
}

export function putReadRegister(out: Uint8Array, at: number, chipAddress: number, registerNumber: number): number {
  begin(out, at, chipAddress, COMMANDS.readRegister);
  out[at + 4] = chipAddress === ALL_CHIPS ? 0 : chipAddress;
  out[at + 5] = registerNumber;
  return end(out, at, COMMANDS.readRegister.length);
}

/** Makes every chip wait for an address. */
export function putChainInactive(out: Uint8Array, at: number): number {
  begin(out, at, ALL_CHIPS, COMMANDS.chainInactive);
  out[at + 4] = 0;
  out[at + 5] = 0;
  return end(out, at, COMMANDS.chainInactive.length);
}

/** Swallowed by the first chip that waits for an address; that chip passes later ones on. No reply. */
export function putSetAddress(out: Uint8Array, at: number, chipAddress: number): number {
  begin(out, at, chipAddress, COMMANDS.setAddress);
  out[at + 4] = chipAddress;
  out[at + 5] = 0;
  return end(out, at, COMMANDS.setAddress.length);
}
