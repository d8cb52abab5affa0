/** Decodes whole texts in tests, and keeps what came out. */
import type { DecodedFrame } from "#firmware/trace/decode-frame.ts";
import { hexOf } from "#firmware/trace/decode-frame.ts";
import { TraceDecoder, type TraceSink, type WireBytes } from "#firmware/trace/trace-decoder.ts";
import { chipNamed } from "#firmware/trace/wire-format.ts";

export interface Found {
  readonly frames: { frame: DecodedFrame; hex: string; tMs: number; chain: number }[];
  readonly unknown: { reason: string; hex: string; tMs: number }[];
  readonly texts: { line: number; text: string; why: string }[];
  readonly pool: string[];
  readonly notes: string[];
  readonly chip: string | null;
  readonly byteCount: number;
  /** Bytes of frames and of unknown pieces together. */
  readonly toldBytes: number;
}

export interface DecodeOptions {
  readonly chip?: string;
  readonly chipCount?: number;
  readonly addressInterval?: number;
  /** Bytes a chunk; default: all at once. */
  readonly chunkBytes?: number;
}

export function decode(input: string | Uint8Array, options: DecodeOptions = {}): Found {
  const bytes = typeof input === "string" ? Buffer.from(input, "latin1") : input;
  const frames: Found["frames"] = [];
  const unknown: Found["unknown"] = [];
  const texts: Found["texts"] = [];
  const pool: string[] = [];
  const notes: string[] = [];
  let toldBytes = 0;
  const hex = (wire: WireBytes): string => {
    toldBytes += wire.length;
    return hexOf(wire.bytes, wire.at, wire.at + wire.length);
  };
  const sink: TraceSink = {
    onFrame: (frame, chain, tMs, wire) => frames.push({ frame, hex: hex(wire), tMs, chain }),
    onUnknown: (reason, _chain, _direction, tMs, wire) => unknown.push({ reason, hex: hex(wire), tMs }),
    onPool: (_pool, _direction, line) => pool.push(line),
    onNote: (_chain, text) => notes.push(text),
    onText: (line, text, why) => texts.push({ line, text, why }),
  };
  const { chip, chipCount = null, addressInterval = null, chunkBytes = bytes.length || 1 } = options;
  const decoder = new TraceDecoder(
    { chip: chip === undefined ? null : chipNamed(chip), chipCount, addressInterval },
    sink,
  );
  for (let at = 0; at < bytes.length; at += chunkBytes) decoder.push(bytes.subarray(at, at + chunkBytes));
  decoder.end();
  const { knowledge, byteCount } = decoder;
  return { frames, unknown, texts, pool, notes, chip: knowledge.chip?.chip ?? null, byteCount, toldBytes };
}
