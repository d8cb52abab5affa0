/** The same as JSON, one object a line. The schema is what docs/TRACE.md promises; tests hold every line against it. */
import { z } from "zod";
import { type DecodedFrame, hexOf } from "./decode-frame.ts";
import type { UnknownReason } from "./frame-splitter.ts";
import { directionOfFrame, type WireBytes } from "./trace-decoder.ts";

const place = {
  /** Ms as the input has it; null where it tells none. */
  t_ms: z.number().nullable(),
  chain: z.number().int(),
};
const toChips = { ...place, dir: z.literal("out"), hex: z.string() };
const fromChips = { ...place, dir: z.literal("in"), hex: z.string() };
const fields = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const to = z.number().int().nullable();
const word = z.number().int().min(0).max(0xffffffff);
const byte = z.number().int().min(0).max(255);

export const traceLineSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("write"),
    ...toChips,
    to,
    register: byte,
    name: z.string().nullable(),
    value: word,
    fields,
  }),
  z.strictObject({ kind: z.literal("read"), ...toChips, to, register: byte, name: z.string().nullable() }),
  z.strictObject({ kind: z.literal("set_address"), ...toChips, address: byte }),
  z.strictObject({ kind: z.literal("chain_inactive"), ...toChips }),
  z.strictObject({ kind: z.literal("other_command"), ...toChips, header: byte, payload: z.string() }),
  z.strictObject({
    kind: z.literal("job"),
    ...toChips,
    form: z.enum(["header", "midstate"]),
    id: byte,
    id_byte: byte,
    length_byte: byte,
    start_nonce: word,
    nbits: word,
    ntime: word,
    version: word.nullable(),
    prev_hash: z.string().nullable(),
    merkle_root: z.string().nullable(),
    merkle_tail: z.string().nullable(),
    midstates: z.array(z.string().length(64)),
  }),
  z.strictObject({
    kind: z.literal("register"),
    ...fromChips,
    chip_address: byte.nullable(),
    register: byte.nullable(),
    name: z.string().nullable(),
    value: word,
    fields,
    short_reply: z.boolean(),
  }),
  z.strictObject({
    kind: z.literal("nonce"),
    ...fromChips,
    nonce: word,
    nonce_word: word,
    id_byte: byte,
    job_id: byte.nullable(),
    midstate: byte.nullable(),
    version_bits: word.nullable(),
    engine: byte.nullable(),
    core: byte.nullable(),
    chip_address: byte.nullable(),
    chip_index: z.number().int().nullable(),
    excess_bits: byte.nullable(),
    excess_byte: byte,
  }),
  z.strictObject({
    kind: z.literal("unknown"),
    ...place,
    dir: z.enum(["out", "in", "mixed"]),
    reason: z.enum(["noise", "truncated", "badCheck"]),
    bytes: z.number().int().min(1),
    hex: z.string(),
  }),
  z.strictObject({
    kind: z.literal("pool"),
    t_ms: z.number().nullable(),
    pool: z.number().int(),
    dir: z.enum(["out", "in"]),
    line: z.string(),
  }),
  z.strictObject({
    kind: z.literal("note"),
    t_ms: z.number().nullable(),
    chain: z.number().int().nullable(),
    text: z.string(),
  }),
  z.strictObject({
    kind: z.literal("text"),
    line_number: z.number().int(),
    why: z.enum(["noBytes", "halfByte", "unreadable"]),
    text: z.string(),
  }),
]);
export type TraceLine = z.infer<typeof traceLineSchema>;

const timeOf = (tMs: number): number | null => (Number.isNaN(tMs) ? null : Math.round(tMs * 1000) / 1000);

export function frameJson(frame: DecodedFrame, chain: number, tMs: number, wire: WireBytes): TraceLine {
  const hex = hexOf(wire.bytes, wire.at, wire.at + wire.length);
  const common = { t_ms: timeOf(tMs), chain, hex };
  if (directionOfFrame(frame) === "in") return replyJson(frame, { ...common, dir: "in" });
  return commandJson(frame, { ...common, dir: "out" });
}

type Common<D extends "in" | "out"> = { t_ms: number | null; chain: number; hex: string; dir: D };

function commandJson(frame: DecodedFrame, common: Common<"out">): TraceLine {
  switch (frame.kind) {
    case "setAddress":
      return { ...common, kind: "set_address", address: frame.address };
    case "chainInactive":
      return { ...common, kind: "chain_inactive" };
    case "otherCommand":
      return { ...common, kind: "other_command", header: frame.header, payload: frame.payload };
    case "job":
      return {
        ...common,
        kind: "job",
        form: frame.form,
        id: frame.id,
        id_byte: frame.idByte,
        length_byte: frame.lengthByte,
        start_nonce: frame.startNonce,
        nbits: frame.nBits,
        ntime: frame.nTime,
        version: frame.version,
        prev_hash: frame.prevHash,
        merkle_root: frame.merkleRoot,
        merkle_tail: frame.merkleTail,
        midstates: [...frame.midstates],
      };
    case "read":
      return { ...common, kind: "read", to: frame.to, register: frame.register, name: frame.name };
    case "write": {
      const { to: chip, register, name, value } = frame;
      return { ...common, kind: "write", to: chip, register, name, value, fields: { ...frame.fields } };
    }
    case "register":
    case "nonce":
      throw new Error(`${frame.kind} is no command`);
  }
}

function replyJson(frame: DecodedFrame, common: Common<"in">): TraceLine {
  if (frame.kind === "register") {
    const { chipAddress, register, name, value, isShort } = frame;
    return {
      ...common,
      kind: "register",
      chip_address: chipAddress,
      register,
      name,
      value,
      fields: { ...frame.fields },
      short_reply: isShort,
    };
  }
  if (frame.kind !== "nonce") throw new Error(`${frame.kind} is no reply`);
  return {
    ...common,
    kind: "nonce",
    nonce: frame.nonce,
    nonce_word: frame.nonceWord,
    id_byte: frame.idByte,
    job_id: frame.jobId,
    midstate: frame.midstate,
    version_bits: frame.versionBits,
    engine: frame.engine,
    core: frame.core,
    chip_address: frame.chipAddress,
    chip_index: frame.chipIndex,
    excess_bits: frame.excessBits,
    excess_byte: frame.excessByte,
  };
}

export function unknownJson(
  reason: UnknownReason,
  chain: number,
  dir: "in" | "out" | "mixed",
  tMs: number,
  { bytes, at, length }: WireBytes,
): TraceLine {
  return { kind: "unknown", t_ms: timeOf(tMs), chain, dir, reason, bytes: length, hex: hexOf(bytes, at, at + length) };
}

export function poolJson(pool: number, dir: "in" | "out", line: string, tMs: number): TraceLine {
  return { kind: "pool", t_ms: timeOf(tMs), pool, dir, line };
}

export function noteJson(chain: number | null, text: string, tMs: number): TraceLine {
  return { kind: "note", t_ms: timeOf(tMs), chain, text };
}

export function textJson(lineNumber: number, text: string, why: "noBytes" | "halfByte" | "unreadable"): TraceLine {
  return { kind: "text", line_number: lineNumber, why, text };
}
