/** One good frame as an object with names: what `trace decode` prints and what diff and verify work on. */
import type { ChipRow } from "#drivers/bm13xx/chips.ts";
import { COMMAND_FORMATS, type CommandName } from "#drivers/bm13xx/commands.ts";
import { IDS_PER_WORK } from "#drivers/bm13xx/midstate-frame.ts";
import {
  addressOfMidstateChip,
  chipAddressOf,
  chipIndexOf,
  coreOf,
  coreOfMidstateChip,
  engineOf,
  excessBitsOf,
  headerNonce,
  midstateChipIndexOf,
  versionBitsOf,
  wireIdOf,
} from "#drivers/bm13xx/nonce-fields.ts";
import { WORK_FRAME_BYTES } from "#drivers/bm13xx/work-frame.ts";
import { registerName, type ValueFields, valueFields } from "./register-meaning.ts";
import type { WireKind } from "./wire-format.ts";

export interface WriteFrame {
  readonly kind: "write";
  /** Chip address; null = all chips. */
  readonly to: number | null;
  readonly register: number;
  readonly name: string | null;
  readonly value: number;
  readonly fields: ValueFields;
}

export interface JobFrame {
  readonly kind: "job";
  readonly form: "header" | "midstate";
  /** Byte of the frame that carries the id. */
  readonly idByte: number;
  /** Id as the chip takes it: bits above 2 of that byte on whole-header chips, the byte itself on the others. */
  readonly id: number;
  readonly lengthByte: number;
  readonly startNonce: number;
  readonly nBits: number;
  readonly nTime: number;
  /** Whole-header chips; hashes in header order. */
  readonly version: number | null;
  readonly prevHash: string | null;
  readonly merkleRoot: string | null;
  /** Midstate chips: header bytes 64 to 67, and each state as it stands on the wire. */
  readonly merkleTail: string | null;
  readonly midstates: readonly string[];
}

export interface NonceFrame {
  readonly kind: "nonce";
  /** Value for the block header. */
  readonly nonce: number;
  /** The same four bytes as they came, read big-endian. */
  readonly nonceWord: number;
  readonly idByte: number;
  /** Job id as far as it comes back; null while the chip is not known. */
  readonly jobId: number | null;
  /** Slot of a midstate chip. */
  readonly midstate: number | null;
  readonly versionBits: number | null;
  readonly engine: number | null;
  readonly core: number | null;
  /** Address field of the nonce; null where the chip's kind keeps none there. */
  readonly chipAddress: number | null;
  /** 0-based place on the chain; null where it cannot be told. */
  readonly chipIndex: number | null;
  /** Whole bits above the ticket, as the chip says. */
  readonly excessBits: number | null;
  /** Byte 6 of a report (byte 5 without preamble) as it came. */
  readonly excessByte: number;
}

export type DecodedFrame =
  | WriteFrame
  | { readonly kind: "read"; readonly to: number | null; readonly register: number; readonly name: string | null }
  | { readonly kind: "setAddress"; readonly address: number }
  | { readonly kind: "chainInactive" }
  | { readonly kind: "otherCommand"; readonly header: number; readonly payload: string }
  | JobFrame
  | {
      readonly kind: "register";
      /** Null where the reply does not say it (BM1387). */
      readonly chipAddress: number | null;
      readonly register: number | null;
      readonly name: string | null;
      readonly value: number;
      readonly fields: ValueFields;
      /** A chip that answers in 11 bytes sent 9: its register 0xA4 was not written yet. */
      readonly isShort: boolean;
    }
  | NonceFrame;

/** What decoding may know of the chain. */
export interface DecodeContext {
  readonly chip: ChipRow | null;
  /** 0 = not known. */
  readonly chipCount: number;
  readonly addressInterval: number;
}

const LATER_NAMES = namesByCode(COMMAND_FORMATS.bm1397.codes);
const OLD_NAMES = namesByCode(COMMAND_FORMATS.bm1387.codes);
const ALL_BIT = 0x10;

function namesByCode(codes: Readonly<Record<CommandName, number>>): readonly (CommandName | undefined)[] {
  const names: (CommandName | undefined)[] = [];
  for (const [name, code] of Object.entries(codes)) names[code] = name as CommandName;
  return names;
}

export function wordAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function littleEndianAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function hexOf(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let i = from; i < to; i++) text += HEX_OF_BYTE[bytes[i]!];
  return text;
}

/** True when the frame begins with 55 AA or AA 55. */
export function hasPreambleAt(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at];
  return (first === 0x55 && bytes[at + 1] === 0xaa) || (first === 0xaa && bytes[at + 1] === 0x55);
}

/** A frame that the splitter found good. */
export function decodeFrame(
  kind: WireKind,
  bytes: Uint8Array,
  at: number,
  length: number,
  context: DecodeContext,
): DecodedFrame {
  switch (kind) {
    case "command":
      return decodeCommand(bytes, at, context.chip);
    case "job":
      return decodeJob(bytes, at, length, context.chip);
    case "register":
      return decodeRegister(bytes, at, length, context.chip);
    case "nonce":
      return decodeNonce(bytes, at, length, context);
  }
}

function decodeCommand(bytes: Uint8Array, at: number, chip: ChipRow | null): DecodedFrame {
  const hasPreamble = hasPreambleAt(bytes, at);
  const start = hasPreamble ? at + 2 : at;
  const header = bytes[start]!;
  const length = bytes[start + 1]!;
  const name = (hasPreamble ? LATER_NAMES : OLD_NAMES)[header & 0x0f];
  const to = (header & ALL_BIT) !== 0 ? null : bytes[start + 2]!;
  if (name === "writeRegister" && length === 9) {
    const register = bytes[start + 3]!;
    const value = wordAt(bytes, start + 4);
    const known = registerName(chip, register);
    return { kind: "write", to, register, name: known, value, fields: valueFields(chip, known, value) };
  }
  if (name === "readRegister" && length === 5) {
    const register = bytes[start + 3]!;
    return { kind: "read", to, register, name: registerName(chip, register) };
  }
  if (name === "setAddress" && length === 5 && to !== null) return { kind: "setAddress", address: to };
  if (name === "chainInactive" && length === 5) return { kind: "chainInactive" };
  return { kind: "otherCommand", header, payload: hexOf(bytes, start + 2, start + length - 1) };
}

/** Eight words in reverse order, the bytes of each kept. */
function wordsReversed(bytes: Uint8Array, at: number): string {
  let text = "";
  for (let word = 7; word >= 0; word--) text += hexOf(bytes, at + 4 * word, at + 4 * word + 4);
  return text;
}

function decodeJob(bytes: Uint8Array, at: number, length: number, chip: ChipRow | null): JobFrame {
  const hasPreamble = hasPreambleAt(bytes, at);
  const start = hasPreamble ? at + 2 : at;
  const common = {
    kind: "job",
    lengthByte: bytes[start + 1]!,
    idByte: bytes[start + 2]!,
    startNonce: littleEndianAt(bytes, start + 4),
    nBits: littleEndianAt(bytes, start + 8),
    nTime: littleEndianAt(bytes, start + 12),
  } as const;
  const midstateCount = (length - (start - at) - 22) / 32;
  // 88 bytes are two midstates or a whole header; the count says which, where the chip does not.
  const isWhole =
    chip === null ? hasPreamble && length === WORK_FRAME_BYTES && bytes[start + 3] !== 2 : chip.midstatesMax === 0;
  if (isWhole) {
    return {
      ...common,
      form: "header",
      id: common.idByte >> 3,
      version: littleEndianAt(bytes, start + 80),
      merkleRoot: wordsReversed(bytes, start + 16),
      prevHash: wordsReversed(bytes, start + 48),
      merkleTail: null,
      midstates: [],
    };
  }
  const midstates: string[] = [];
  for (let slot = 0; slot < midstateCount; slot++) {
    midstates.push(hexOf(bytes, start + 20 + 32 * slot, start + 52 + 32 * slot));
  }
  const merkleTail = hexOf(bytes, start + 16, start + 20);
  return {
    ...common,
    form: "midstate",
    id: common.idByte & 0x7f,
    version: null,
    merkleRoot: null,
    prevHash: null,
    merkleTail,
    midstates,
  };
}

function decodeRegister(bytes: Uint8Array, at: number, length: number, chip: ChipRow | null): DecodedFrame {
  const isBare = length === 7;
  const value = wordAt(bytes, isBare ? at : at + 2);
  // A BM1387 does not say which register it was; its chip id speaks for itself.
  const register = isBare ? (value >>> 16 === 0x1387 ? 0 : null) : bytes[at + 7]!;
  const name = register === null ? null : registerName(chip, register);
  return {
    kind: "register",
    chipAddress: isBare ? null : bytes[at + 6]!,
    register,
    name,
    value,
    fields: valueFields(chip, name, value),
    isShort: length === 9 && chip?.replyBytes === 11,
  };
}

/** Written field by field: this runs for every nonce, and copying half an object costs ten times as much. */
function decodeNonce(bytes: Uint8Array, at: number, length: number, context: DecodeContext): NonceFrame {
  const start = length === 7 ? at : at + 2;
  const word = wordAt(bytes, start) | 0;
  const idByte = bytes[start + 5]!;
  const excessByte = bytes[start + 4]!;
  const { chip } = context;
  const isMidstate = chip !== null && chip.midstatesMax > 0;
  const isWhole = chip !== null && !isMidstate;
  const id7 = idByte & 0x7f;
  return {
    kind: "nonce",
    nonce: headerNonce(word),
    nonceWord: word >>> 0,
    idByte,
    jobId: isMidstate ? id7 - (id7 % IDS_PER_WORK) : isWhole ? wireIdOf(chip, idByte) : null,
    midstate: isMidstate ? idByte & chip.engineMask : null,
    versionBits: length === 11 ? versionBitsOf((bytes[at + 8]! << 8) | bytes[at + 9]!) : null,
    engine: isWhole ? engineOf(chip, idByte) : null,
    core: isMidstate ? coreOfMidstateChip(chip, word) : isWhole ? coreOf(word) : null,
    chipAddress: chip === null ? null : addressIn(chip, word),
    chipIndex: chip === null ? null : placeIn(chip, word, context),
    excessBits: isWhole ? excessBitsOf(chip, excessByte) : null,
    excessByte,
  };
}

/** Address field of a nonce; null where the chip's kind keeps none there. */
function addressIn(chip: ChipRow, word: number): number | null {
  if (chip.midstatesMax > 0) return addressOfMidstateChip(chip, word);
  return chip.nonceSplit === "address" ? chipAddressOf(word) : null;
}

/** Place on the chain; null where the chain is not known well enough. */
function placeIn(chip: ChipRow, word: number, { chipCount, addressInterval }: DecodeContext): number | null {
  if (chipCount === 0 || (addressInterval === 0 && chip.nonceSplit !== "offset")) return null;
  const indexOf = chip.midstatesMax > 0 ? midstateChipIndexOf : chipIndexOf;
  const index = indexOf(chip, word, chipCount, addressInterval);
  return index < 0 ? null : index;
}
