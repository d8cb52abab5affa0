/**
 * How the frames of a chip family are told from the bytes of its serial line, and the checks of one candidate. Layouts are
 * those of `drivers/bm13xx`; here both directions are read, from a place in the middle if need be, without a chain that
 * says what it expects.
 */
import { CHIPS, type ChipName, type ChipRow } from "#drivers/bm13xx/chips.ts";
import { PREAMBLE_HOST_0, PREAMBLE_HOST_1 } from "#drivers/bm13xx/commands.ts";
import { crc5, crc16, isGoodBody7, isGoodBody9 } from "#drivers/bm13xx/crc.ts";
import { midstateFrameLength } from "#drivers/bm13xx/midstate-frame.ts";
import { WORK_FRAME_BYTES } from "#drivers/bm13xx/work-frame.ts";

export type WireKind = "command" | "job" | "register" | "nonce";

/** What is known about the chips of a line; null = nothing yet. */
export interface WireFormat {
  /** 55 AA and AA 55 in front; false on BM1387. */
  readonly hasPreamble: boolean;
  /** Null: found out by the check sum. */
  readonly jobs: "header" | "midstate" | null;
  /** Bytes of a reply; null: found out by the check sum. */
  readonly replyBytes: 7 | 9 | 11 | null;
  /** Commands without a preamble are looked for as well: a chip is not named yet. */
  readonly isOpen: boolean;
}

/** Nobody said which chip it is. */
export const OPEN_FORMAT: WireFormat = { hasPreamble: true, jobs: null, replyBytes: null, isOpen: true };

export function formatOfChip(row: ChipRow): WireFormat {
  const hasPreamble = row.commands.hasPreamble;
  return { hasPreamble, jobs: row.midstatesMax > 0 ? "midstate" : "header", replyBytes: row.replyBytes, isOpen: false };
}

/** The row of a name as people write it, or null. */
export function chipNamed(name: string): ChipRow | null {
  const found = Object.keys(CHIPS).find((key) => key.toLowerCase() === name.toLowerCase());
  return found === undefined ? null : CHIPS[found as ChipName];
}

const TYPE_REGISTER = 0;
const TYPE_NONCE = 4;
const JOB_HEADER = 0x21;
const COMMAND_LENGTHS: readonly number[] = [5, 9];
const MIDSTATE_LENGTHS: readonly number[] = [1, 2, 4].map(midstateFrameLength);
/** Header bytes of BM1387, each with its length; three bytes in a row and a check tell a command without a preamble. */
const BARE_COMMANDS: ReadonlyMap<number, number> = new Map([
  [0x41, 5],
  [0x44, 5],
  [0x54, 5],
  [0x55, 5],
  [0x48, 9],
  [0x58, 9],
]);

/** What one look at a place gave. */
export interface Candidate {
  kind: WireKind;
  /** Bytes of the frame; 0 = there is none at this place; the shape fits, but a check does not: the length it would have. */
  length: number;
  verdict: "good" | "bad" | "short" | "none";
}

/** Reused, so that a look allocates nothing. */
export function newCandidate(): Candidate {
  return { kind: "command", length: 0, verdict: "none" };
}

function settle(out: Candidate, kind: WireKind, length: number, verdict: Candidate["verdict"]): void {
  out.kind = kind;
  out.length = length;
  out.verdict = verdict;
}

export function isPreamble(bytes: Uint8Array, at: number, tail: number): boolean {
  if (at + 2 > tail) return false;
  const first = bytes[at];
  return first === PREAMBLE_HOST_0
    ? bytes[at + 1] === PREAMBLE_HOST_1
    : first === PREAMBLE_HOST_1 && bytes[at + 1] === PREAMBLE_HOST_0;
}

/** Host to chip, header byte at `at`, preamble of `start` bytes before it. `short`: the bytes end before the frame does. */
export function lookAtHostFrame(
  out: Candidate,
  bytes: Uint8Array,
  at: number,
  tail: number,
  start: number,
  format: WireFormat,
): void {
  if (at + 2 > tail) {
    settle(out, "command", start + 2, "short");
    return;
  }
  const header = bytes[at]!;
  const length = bytes[at + 1]!;
  if (header === JOB_HEADER) {
    lookAtJob(out, bytes, at, tail, start, format);
    return;
  }
  if ((header & 0xe0) !== 0x40 || !COMMAND_LENGTHS.includes(length)) {
    settle(out, "command", 0, "none");
    return;
  }
  const total = start + length;
  if (at + length > tail) {
    settle(out, "command", total, "short");
    return;
  }
  const isGood = crc5(bytes, at, at + length - 1) === bytes[at + length - 1];
  settle(out, "command", total, isGood ? "good" : "bad");
}

function isGoodJob(bytes: Uint8Array, at: number, length: number): boolean {
  return crc16(bytes, at, at + length - 2) === ((bytes[at + length - 2]! << 8) | bytes[at + length - 1]!);
}

/** Whole-header chips take 88 bytes whatever the length byte says; where works hold midstates it is true. */
function lookAtJob(
  out: Candidate,
  bytes: Uint8Array,
  at: number,
  tail: number,
  start: number,
  format: WireFormat,
): void {
  const said = bytes[at + 1]!;
  const mayBeMidstates = format.jobs !== "header" && MIDSTATE_LENGTHS.includes(said);
  const headerLength = WORK_FRAME_BYTES - 2;
  let needed = 0;
  if (mayBeMidstates) {
    if (at + said <= tail && isGoodJob(bytes, at, said)) {
      settle(out, "job", start + said, "good");
      return;
    }
    needed = said;
  }
  if (format.jobs !== "midstate" && start > 0) {
    if (at + headerLength <= tail && isGoodJob(bytes, at, headerLength)) {
      settle(out, "job", start + headerLength, "good");
      return;
    }
    needed = Math.max(needed, headerLength);
  }
  if (needed === 0) {
    settle(out, "job", 0, "none");
    return;
  }
  settle(out, "job", start + needed, at + needed > tail ? "short" : "bad");
}

function kindOfReply(last: number): WireKind | null {
  const type = last >> 5;
  return type === TYPE_NONCE ? "nonce" : type === TYPE_REGISTER ? "register" : null;
}

/**
 * Chip to host with AA 55 at `at`. @param isBoundary tells whether a frame may end at a place: a chunk ends or a preamble
 * begins there. @param isLongOnly frames of 11 bytes were seen on this line, so a shorter one is a torn one, unless it is a
 * line of its own.
 */
export function lookAtReply(
  out: Candidate,
  bytes: Uint8Array,
  at: number,
  tail: number,
  format: WireFormat,
  isLongOnly: boolean,
  isBoundary: (place: number) => boolean,
): void {
  const canBeShort = format.replyBytes === 9 || !isLongOnly;
  const canBeLong = format.replyBytes !== 9;
  const shortKind = canBeShort && at + 9 <= tail && isGoodBody7(bytes, at + 2) ? kindOfReply(bytes[at + 8]!) : null;
  if (shortKind !== null && (!canBeLong || isPreamble(bytes, at + 9, tail))) {
    settle(out, shortKind, 9, "good");
    return;
  }
  if (!canBeLong) {
    settle(out, "register", 9, at + 9 > tail ? "short" : "bad");
    return;
  }
  const longKind = at + 11 <= tail && isGoodBody9(bytes, at + 2) ? kindOfReply(bytes[at + 10]!) : null;
  if (longKind !== null) {
    settle(out, longKind, 11, "good");
    return;
  }
  if (shortKind !== null && isBoundary(at + 9)) {
    settle(out, shortKind, 9, "good");
    return;
  }
  settle(out, "register", 11, at + 11 > tail ? "short" : "bad");
}

/** BM1387, nothing in front: a command or job of the host. */
export function lookAtBareHost(out: Candidate, bytes: Uint8Array, at: number, tail: number, format: WireFormat): void {
  const header = bytes[at]!;
  const length = BARE_COMMANDS.get(header) ?? (header === JOB_HEADER ? 0 : -1);
  if (length < 0) {
    settle(out, "command", 0, "none");
    return;
  }
  if (at + 2 > tail) {
    settle(out, "command", 2, "short");
    return;
  }
  const said = bytes[at + 1]!;
  if (length > 0 && said !== length) {
    settle(out, "command", 0, "none");
    return;
  }
  if (length === 0 && !MIDSTATE_LENGTHS.includes(said)) {
    settle(out, "job", 0, "none");
    return;
  }
  lookAtHostFrame(out, bytes, at, tail, 0, format);
}

/** BM1387, a reply: only its check tells it, and one place in 128 has that by chance. */
export function lookAtBareReply(out: Candidate, bytes: Uint8Array, at: number, tail: number): void {
  if (at + 7 > tail) {
    settle(out, "register", 7, "short");
    return;
  }
  const kind = isGoodBody7(bytes, at) ? kindOfReply(bytes[at + 6]!) : null;
  if (kind === null) {
    settle(out, "register", 7, "bad");
    return;
  }
  settle(out, kind, 7, "good");
}

/** The one reply without a preamble that names itself: chip id of a BM1387. */
export function isBareChipId(bytes: Uint8Array, at: number, tail: number): boolean {
  return (
    at + 7 <= tail &&
    bytes[at] === 0x13 &&
    bytes[at + 1] === 0x87 &&
    bytes[at + 2] === 0x90 &&
    isGoodBody7(bytes, at) &&
    bytes[at + 6]! >> 5 === TYPE_REGISTER
  );
}
