/**
 * Frames of the dsPIC33EP16GS202 (and the PIC16F1704 that speaks the same): `55 AA LEN CMD payload CHKhi CHKlo`. LEN
 * counts itself, command, payload and checksum; the checksum is the 16-bit sum of LEN, command and payload, high byte
 * first. Facts from public S19 Pro notes and vendor binaries.
 */
import type { Provenance } from "../bm13xx/registers.ts";

export interface DspicCommand {
  readonly code: number;
  /** Time from the last byte written to the first one read. */
  readonly waitMs: number;
  /**
   * `short`: command and 01. `version`: length, command, number, checksum. `data`: length, command, 01, `dataBytes` bytes,
   * checksum.
   */
  readonly reply: "short" | "version" | "data";
  /** Bytes between the status 01 and the checksum; for the sensor read the count that was asked for. */
  readonly dataBytes: number;
  readonly provenance: Provenance;
}

export const DSPIC_COMMANDS = {
  jumpToApplication: { code: 0x06, waitMs: 300, reply: "short", dataBytes: 0, provenance: "documented" },
  reset: { code: 0x07, waitMs: 300, reply: "short", dataBytes: 0, provenance: "documented" },
  setOutput: { code: 0x15, waitMs: 300, reply: "short", dataBytes: 0, provenance: "documented" },
  heartbeat: { code: 0x16, waitMs: 10, reply: "data", dataBytes: 1, provenance: "documented" },
  version: { code: 0x17, waitMs: 300, reply: "version", dataBytes: 0, provenance: "documented" },
  // Nine bytes are documented, their order is not: the first word is taken for the raw value.
  inputVoltage: { code: 0x29, waitMs: 10, reply: "data", dataBytes: 4, provenance: "unconfirmed" },
  threeAdcValues: { code: 0x37, waitMs: 10, reply: "data", dataBytes: 6, provenance: "documented" },
  oneAdcValue: { code: 0x3a, waitMs: 10, reply: "data", dataBytes: 2, provenance: "documented" },
  writeSensor: { code: 0x3b, waitMs: 10, reply: "short", dataBytes: 0, provenance: "documented" },
  readSensor: { code: 0x3c, waitMs: 10, reply: "data", dataBytes: 0, provenance: "documented" },
} as const satisfies Record<string, DspicCommand>;

const LENGTH_BASE = 4;
const STATUS_OK = 1;

/** Frame of a command. */
export function dspicFrame(command: DspicCommand, payload: readonly number[] = []): Uint8Array {
  return Uint8Array.of(0x55, 0xaa, ...withChecksum([LENGTH_BASE + payload.length, command.code, ...payload]));
}

/** How many bytes the reply to `command` has. */
export function dspicReplyLength(command: DspicCommand, dataBytes = command.dataBytes): number {
  if (command.reply === "short") return 2;
  return command.reply === "version" ? 5 : dataBytes + 5;
}

export type DspicReply =
  | { readonly kind: "ok"; readonly data: Uint8Array }
  | { readonly kind: "wrong"; readonly reason: string };

/** Checks a reply and takes out its data; for a version the one byte with the number. */
export function parseDspicReply(command: DspicCommand, bytes: Uint8Array): DspicReply {
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(" ");
  const wrong = (what: string): DspicReply => ({ kind: "wrong", reason: `${what} in the reply ${hex}` });
  // What an FPGA's I2C reads of an absent part: it knows no NACK.
  if (bytes.every((byte) => byte === 0xff)) return wrong("all ones, as of a part that is not there,");
  if (command.reply === "short") {
    if (bytes[0] !== command.code) return wrong("another command's number");
    return bytes[1] === STATUS_OK ? { kind: "ok", data: new Uint8Array(0) } : wrong("a refusal");
  }
  if (bytes[0] !== bytes.length) return wrong("a wrong length");
  if (bytes[1] !== command.code) return wrong("another command's number");
  const body = [...bytes.subarray(0, -2)];
  if (withChecksum(body).some((byte, i) => byte !== bytes[i])) return wrong("a wrong checksum");
  if (command.reply === "version") return { kind: "ok", data: bytes.slice(2, 3) };
  return bytes[2] === STATUS_OK ? { kind: "ok", data: bytes.slice(3, -2) } : wrong("a refusal");
}

function withChecksum(body: readonly number[]): number[] {
  const sum = body.reduce((total, byte) => total + byte, 0);
  return [...body, (sum >> 8) & 0xff, sum & 0xff];
}
