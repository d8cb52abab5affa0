/** Chooses the reader by the first bytes of an input and hands the input to it, chunk by chunk. */
import { CAPTURE_MAGIC } from "../capture-format.ts";
import { AnalyserLines, analyserColumns } from "./analyser-lines.ts";
import { BlackBoxLines } from "./black-box-lines.ts";
import { type ByteEvents, Lanes, type LineReader, latin1 } from "./byte-events.ts";
import { CaptureLines } from "./capture-lines.ts";
import { HexLines } from "./hex-lines.ts";
import { LineCutter } from "./line-cutter.ts";

export type InputForm = "capture" | "blackBox" | "analyser" | "dump" | "binary";

const LOOK_BYTES = 4096;
/** More of such bytes than this share: no text. */
const BINARY_SHARE = 0.1;

/** @param start the first bytes of an input */
export function formOf(start: Uint8Array): InputForm {
  const text = latin1(start, 0, Math.min(start.length, LOOK_BYTES));
  if (text.startsWith(CAPTURE_MAGIC)) return "capture";
  if (text.startsWith('{"k":"kumpel black box"')) return "blackBox";
  let strange = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0) return "binary";
    if (code < 9 || (code > 13 && code < 32 && code !== 27) || (code > 126 && code < 160)) strange++;
  }
  if (strange > text.length * BINARY_SHARE) return "binary";
  const firstLine = text.split("\n").find((line) => line.trim() !== "") ?? "";
  return analyserColumns(firstLine) === null ? "dump" : "analyser";
}

export interface Input {
  readonly form: InputForm;
  push(chunk: Uint8Array): void;
  end(): void;
}

/** @param start the first bytes; they are not taken, push them, too. */
export function openInput(start: Uint8Array, events: ByteEvents): Input {
  const form = formOf(start);
  if (form === "binary") return binaryInput(events);
  const reader = readerOf(form, events);
  const cutter = new LineCutter((bytes, from, to, lineNumber) => reader.line(bytes, from, to, lineNumber));
  return { form, push: (chunk) => cutter.push(chunk), end: () => cutter.end() };
}

function readerOf(form: Exclude<InputForm, "binary">, events: ByteEvents): LineReader {
  switch (form) {
    case "capture":
      return new CaptureLines(events);
    case "blackBox":
      return new BlackBoxLines(events);
    case "analyser":
      return new AnalyserLines(events);
    case "dump":
      return new HexLines(events);
  }
}

/** The bytes of a line as they are, such as a terminal program writes them. */
function binaryInput(events: ByteEvents): Input {
  const lane = new Lanes().get(0, "mixed");
  return {
    form: "binary",
    push: (chunk) => events.onBytes(lane, chunk, 0, chunk.length, Number.NaN),
    end: () => undefined,
  };
}
