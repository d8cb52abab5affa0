/** Decoded frames as lines for people. */

import type { DecodedFrame, JobFrame, NonceFrame } from "./decode-frame.ts";
import { hexOf } from "./decode-frame.ts";
import type { UnknownReason } from "./frame-splitter.ts";
import type { ValueFields } from "./register-meaning.ts";
import { directionOfFrame, type WireBytes } from "./trace-decoder.ts";

/** Unknown bytes are shown in lines of so many. */
const BYTES_PER_LINE = 32;
const TIME_WIDTH = 12;
const TEXT_MAX_CHARS = 120;

export const REASON_TEXT: Readonly<Record<UnknownReason, string>> = {
  noise: "no frame",
  truncated: "torn frame",
  badCheck: "wrong check sum",
};

const HEX2 = Array.from({ length: 256 }, (_, byte) => `0x${byte.toString(16).padStart(2, "0")}`);
const hex2 = (value: number): string => HEX2[value] ?? value.toString(16);
const HEX4 = Array.from({ length: 65536 }, (_, half) => half.toString(16).padStart(4, "0"));
const hex8 = (value: number): string => `0x${HEX4[value >>> 16]}${HEX4[value & 0xffff]}`;

function timeColumn(tMs: number): string {
  return (Number.isNaN(tMs) ? "-" : tMs.toFixed(3)).padStart(TIME_WIDTH);
}

function fieldsText(fields: ValueFields): string {
  let text = "";
  for (const key in fields) {
    const value = fields[key];
    if (value === false) continue;
    text += `${text === "" ? "" : ", "}${key}${value === true ? "" : ` ${value}`}`;
  }
  return text === "" ? "" : `: ${text}`;
}

function registerText(register: number | null, name: string | null): string {
  if (register === null) return "unnamed register";
  return name === null ? `register ${hex2(register)}` : `${name} (${hex2(register)})`;
}

function jobText(job: JobFrame): string {
  const head = `job ${job.id}: nbits ${hex8(job.nBits)}, ntime ${job.nTime}`;
  if (job.form === "header") {
    return `${head}, version ${hex8(job.version ?? 0)}, prev ${job.prevHash}, merkle root ${job.merkleRoot}`;
  }
  return `${head}, merkle tail ${job.merkleTail}, ${job.midstates.length} midstates`;
}

function nonceText(nonce: NonceFrame): string {
  let text = `nonce ${hex8(nonce.nonce)}`;
  text += nonce.jobId === null ? `, id byte ${hex2(nonce.idByte)}` : `, job ${nonce.jobId}`;
  if (nonce.chipIndex !== null) text += `, chip ${nonce.chipIndex}`;
  else if (nonce.chipAddress !== null) text += `, chip address ${hex2(nonce.chipAddress)}`;
  if (nonce.core !== null) text += `, core ${nonce.core}`;
  if (nonce.engine !== null) text += `.${nonce.engine}`;
  if (nonce.midstate !== null) text += `, midstate ${nonce.midstate}`;
  if (nonce.versionBits !== null) text += `, version bits ${hex8(nonce.versionBits)}`;
  if (nonce.excessBits !== null) text += `, ${nonce.excessBits} bits above the ticket`;
  return text;
}

export function frameText(frame: DecodedFrame): string {
  const to = "to" in frame ? (frame.to === null ? "all" : hex2(frame.to)) : "";
  switch (frame.kind) {
    case "write":
      return `write ${to} ${registerText(frame.register, frame.name)} = ${hex8(frame.value)}${fieldsText(frame.fields)}`;
    case "read":
      return `read ${to} ${registerText(frame.register, frame.name)}`;
    case "setAddress":
      return `set address ${hex2(frame.address)}`;
    case "chainInactive":
      return "chain inactive";
    case "otherCommand":
      return `unknown command ${hex2(frame.header)}, payload ${frame.payload}`;
    case "job":
      return jobText(frame);
    case "register": {
      const from = frame.chipAddress === null ? "" : ` ${hex2(frame.chipAddress)}`;
      const short = frame.isShort ? " (short reply: versionRolling was not written before)" : "";
      return `reply${from} ${registerText(frame.register, frame.name)} = ${hex8(frame.value)}${fieldsText(frame.fields)}${short}`;
    }
    case "nonce":
      return nonceText(frame);
  }
}

export function frameLine(frame: DecodedFrame, chain: number, tMs: number, wire: WireBytes, hasHex: boolean): string {
  const sign = directionOfFrame(frame) === "out" ? ">" : "<";
  const bytes = hasHex ? `  [${hexOf(wire.bytes, wire.at, wire.at + wire.length)}]` : "";
  return `${timeColumn(tMs)} ${chain} ${sign} ${frameText(frame)}${bytes}\n`;
}

/** All of the bytes, in as many lines as they need. */
export function unknownLines(reason: UnknownReason, chain: number, tMs: number, wire: WireBytes): string {
  const { bytes, at, length } = wire;
  const head = `${timeColumn(tMs)} ${chain} ?`;
  const words = `${length} ${length === 1 ? "byte" : "bytes"}, ${REASON_TEXT[reason]}:`;
  let text = "";
  for (let from = 0; from < length; from += BYTES_PER_LINE) {
    const to = Math.min(length, from + BYTES_PER_LINE);
    text += `${head} ${from === 0 ? words : " ".repeat(words.length)} ${hexOf(bytes, at + from, at + to)}\n`;
  }
  return text;
}

export function poolText(pool: number, direction: "in" | "out", line: string, tMs: number): string {
  return `${timeColumn(tMs)} p${pool} ${direction === "out" ? ">" : "<"} ${line}\n`;
}

export function noteText(chain: number | null, text: string, tMs: number): string {
  return `${timeColumn(tMs)} ${chain ?? "-"} ! ${text}\n`;
}

const WHY_TEXT = { noBytes: "no bytes", halfByte: "half a byte", unreadable: "not readable" } as const;

export function textLine(lineNumber: number, text: string, why: keyof typeof WHY_TEXT): string {
  // Control characters of somebody's file must not drive a terminal.
  const printable = text.replaceAll(/[^\x20-\x7e\xa0-\uffff]/g, ".");
  const shown = printable.length > TEXT_MAX_CHARS ? `${printable.slice(0, TEXT_MAX_CHARS)}...` : printable;
  return `${" ".repeat(TIME_WIDTH)} ? line ${lineNumber}, ${WHY_TEXT[why]}: ${shown}\n`;
}
