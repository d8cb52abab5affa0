/** Sinks that turn everything into text, or into lines of JSON. */
import type { DecodedFrame } from "./decode-frame.ts";
import type { UnknownReason } from "./frame-splitter.ts";
import { frameLine, noteText, poolText, textLine, unknownLines } from "./render-text.ts";
import type { TraceSink, WireBytes } from "./trace-decoder.ts";
import { frameJson, noteJson, poolJson, type TraceLine, textJson, unknownJson } from "./trace-json.ts";

export class TextPrinter implements TraceSink {
  readonly #add: (text: string) => void;
  readonly #hasHex: boolean;

  constructor(add: (text: string) => void, hasHex: boolean) {
    this.#add = add;
    this.#hasHex = hasHex;
  }

  onFrame(frame: DecodedFrame, chain: number, tMs: number, wire: WireBytes): void {
    this.#add(frameLine(frame, chain, tMs, wire, this.#hasHex));
  }

  onUnknown(reason: UnknownReason, chain: number, _direction: string, tMs: number, wire: WireBytes): void {
    this.#add(unknownLines(reason, chain, tMs, wire));
  }

  onPool(pool: number, direction: "in" | "out", line: string, tMs: number): void {
    this.#add(poolText(pool, direction, line, tMs));
  }

  onNote(chain: number | null, text: string, tMs: number): void {
    this.#add(noteText(chain, text, tMs));
  }

  onText(lineNumber: number, text: string, why: "noBytes" | "halfByte" | "unreadable"): void {
    this.#add(textLine(lineNumber, text, why));
  }
}

export class JsonPrinter implements TraceSink {
  readonly #add: (text: string) => void;

  constructor(add: (text: string) => void) {
    this.#add = add;
  }

  onFrame(frame: DecodedFrame, chain: number, tMs: number, wire: WireBytes): void {
    this.#line(frameJson(frame, chain, tMs, wire));
  }

  onUnknown(reason: UnknownReason, chain: number, dir: "in" | "out" | "mixed", tMs: number, wire: WireBytes): void {
    this.#line(unknownJson(reason, chain, dir, tMs, wire));
  }

  onPool(pool: number, direction: "in" | "out", line: string, tMs: number): void {
    this.#line(poolJson(pool, direction, line, tMs));
  }

  onNote(chain: number | null, text: string, tMs: number): void {
    this.#line(noteJson(chain, text, tMs));
  }

  onText(lineNumber: number, text: string, why: "noBytes" | "halfByte" | "unreadable"): void {
    this.#line(textJson(lineNumber, text, why));
  }

  #line(line: TraceLine): void {
    this.#add(`${JSON.stringify(line)}\n`);
  }
}
