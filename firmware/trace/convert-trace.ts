/**
 * `trace convert`: any input as a capture of ours with one frame a line, so that it can be compared, cut, and played back as
 * an emulated chain. Bytes that are no frame stay in as a note.
 */
import { type CaptureHeader, headerText, timeText } from "./capture-format.ts";
import { type DecodedFrame, hexOf } from "./decode-frame.ts";
import type { UnknownReason } from "./frame-splitter.ts";
import { REASON_TEXT } from "./render-text.ts";
import { directionOfFrame, type TraceSink, type WireBytes } from "./trace-decoder.ts";

export class ConvertSink implements TraceSink {
  readonly #write: (text: string) => void;
  #lastMs = 0;
  #firstMs = Number.NaN;
  #frames = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  get frames(): number {
    return this.#frames;
  }

  begin(header: CaptureHeader): void {
    this.#write(headerText(header));
  }

  onFrame(frame: DecodedFrame, chain: number, tMs: number, wire: WireBytes): void {
    this.#frames++;
    const sign = directionOfFrame(frame) === "out" ? ">" : "<";
    this.#write(`${this.#time(tMs)} ${chain} ${sign} ${hexOf(wire.bytes, wire.at, wire.at + wire.length)}\n`);
  }

  onUnknown(reason: UnknownReason, chain: number, _direction: string, tMs: number, wire: WireBytes): void {
    const hex = hexOf(wire.bytes, wire.at, wire.at + wire.length);
    this.#write(`${this.#time(tMs)} ${chain} ! ${REASON_TEXT[reason]}: ${hex}\n`);
  }

  onPool(pool: number, direction: "in" | "out", line: string, tMs: number): void {
    this.#write(`${this.#time(tMs)} p${pool} ${direction === "out" ? ">" : "<"} ${line}\n`);
  }

  onNote(chain: number | null, text: string, tMs: number): void {
    this.#write(`${this.#time(tMs)} ${chain ?? "-"} ! ${text}\n`);
  }

  onText(): void {
    // Words of somebody's log are no part of a capture.
  }

  /** Ms since the first frame. Where no time is told the one before it counts. */
  #time(tMs: number): string {
    if (!Number.isNaN(tMs)) {
      if (Number.isNaN(this.#firstMs)) this.#firstMs = tMs;
      this.#lastMs = Math.max(0, tMs - this.#firstMs);
    }
    return timeText(this.#lastMs);
  }
}
