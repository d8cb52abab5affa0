/** Live traffic as lines for people: the decoder of recordings, fed entry by entry. Pure, apart from what it has learned. */

import { ENTRY } from "../capture/trace-ring.ts";
import type { CaptureHeader } from "../capture-format.ts";
import { hexOf } from "../decode-frame.ts";
import { Lanes } from "../input/byte-events.ts";
import { frameText, REASON_TEXT } from "../render-text.ts";
import { directionOfFrame, NO_SINK, TraceDecoder, type WireBytes } from "../trace-decoder.ts";
import type { TrafficEntry } from "./traffic-tap.ts";

export interface TrafficLine {
  readonly atMs: number;
  readonly place: "chain" | "pool";
  readonly index: number;
  /** out: from the board. */
  readonly direction: "in" | "out";
  /** Kind of a frame, method of a pool's line, or `unknown`. */
  readonly kind: string;
  readonly text: string;
  /** Bytes of a frame; null for lines of a pool. */
  readonly hex: string | null;
}

const HEX_MAX_BYTES = 96;
const TEXT_MAX_CHARS = 400;
const METHOD = /"method"\s*:\s*"([\w.]{1,40})"/;

export class LiveDecoder {
  readonly #lanes = new Lanes();
  readonly #decoder: TraceDecoder;
  #lines: TrafficLine[] = [];

  constructor(header: CaptureHeader) {
    this.#decoder = new TraceDecoder(
      { chip: null, chipCount: null, addressInterval: null },
      {
        ...NO_SINK,
        onFrame: (frame, index, atMs, wire) => {
          const direction = directionOfFrame(frame);
          this.#add({
            atMs,
            place: "chain",
            index,
            direction,
            kind: frame.kind,
            text: frameText(frame),
            hex: hexText(wire),
          });
        },
        onUnknown: (reason, index, lane, atMs, wire) => {
          const text = `${wire.length} byte(s): ${REASON_TEXT[reason]}`;
          const direction = lane === "out" ? "out" : "in";
          this.#add({ atMs, place: "chain", index, direction, kind: "unknown", text, hex: hexText(wire) });
        },
      },
    );
    for (const [key, value] of Object.entries(header)) this.#decoder.onHeader(key, String(value));
  }

  /** Lines that these entries complete, in their order. */
  decode(entries: readonly TrafficEntry[]): TrafficLine[] {
    this.#lines = [];
    for (const { kind, place, atMs, bytes } of entries) {
      if (kind === ENTRY.uartIn || kind === ENTRY.uartOut) {
        const lane = this.#lanes.get(place, kind === ENTRY.uartIn ? "in" : "out");
        this.#decoder.onBytes(lane, bytes, 0, bytes.length, atMs);
      } else if (kind === ENTRY.poolIn || kind === ENTRY.poolOut) this.#pool(kind, place, atMs, bytes);
    }
    return this.#lines;
  }

  #pool(kind: number, index: number, atMs: number, bytes: Uint8Array): void {
    const line = Buffer.from(bytes).toString();
    const text = line.length > TEXT_MAX_CHARS ? `${line.slice(0, TEXT_MAX_CHARS)} ...` : line;
    const direction = kind === ENTRY.poolIn ? "in" : "out";
    this.#add({ atMs, place: "pool", index, direction, kind: METHOD.exec(line)?.[1] ?? "answer", text, hex: null });
  }

  #add(line: TrafficLine): void {
    this.#lines.push(line);
  }
}

/** The bytes are valid during the call only. */
function hexText({ bytes, at, length }: WireBytes): string {
  return hexOf(bytes, at, at + Math.min(length, HEX_MAX_BYTES)) + (length > HEX_MAX_BYTES ? " ..." : "");
}
