/** From an input of any form to decoded frames, in the order in which they end. Chunks in, calls out; nothing else. */
import { ChainFacts, ChipKnowledge, type GivenFacts } from "./chain-facts.ts";
import { type DecodeContext, type DecodedFrame, decodeFrame, hasPreambleAt } from "./decode-frame.ts";
import { type FrameSink, FrameSplitter, type UnknownReason } from "./frame-splitter.ts";
import type { ByteEvents, Lane } from "./input/byte-events.ts";
import { type Input, type InputForm, openInput } from "./input/open-input.ts";
import { chipNamed, type WireKind } from "./wire-format.ts";

/** Where bytes of the wire stand: valid during the call only. */
export interface WireBytes {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly length: number;
}

export interface TraceSink {
  /** @param tMs NaN where the input tells no time */
  onFrame(frame: DecodedFrame, chain: number, tMs: number, wire: WireBytes): void;
  onUnknown(reason: UnknownReason, chain: number, direction: Lane["direction"], tMs: number, wire: WireBytes): void;
  onPool(pool: number, direction: "in" | "out", line: string, tMs: number): void;
  onNote(chain: number | null, text: string, tMs: number): void;
  onText(lineNumber: number, text: string, why: "noBytes" | "halfByte" | "unreadable"): void;
}

/** A sink that needs only some of it. */
export const NO_SINK: TraceSink = {
  onFrame: () => undefined,
  onUnknown: () => undefined,
  onPool: () => undefined,
  onNote: () => undefined,
  onText: () => undefined,
};

/** The form of an input is judged by so many bytes, or by its first line. */
const LOOK_BYTES = 4096;
const NEWLINE = 10;

class Chain {
  readonly context: { -readonly [K in keyof DecodeContext]: DecodeContext[K] } = {
    chip: null,
    chipCount: 0,
    addressInterval: 0,
  };

  readonly facts: ChainFacts;

  constructor(given: GivenFacts) {
    this.facts = new ChainFacts(given);
  }
}

export class TraceDecoder implements ByteEvents {
  readonly #sink: TraceSink;
  readonly #chains: Chain[] = [];
  readonly #splitters = new Map<Lane, FrameSplitter>();
  readonly #wire: { bytes: Uint8Array; at: number; length: number } = { bytes: new Uint8Array(0), at: 0, length: 0 };
  readonly #header = new Map<string, string>();
  #knowledge: ChipKnowledge;
  #input: Input | null = null;
  #start = Buffer.alloc(0);
  #byteCount = 0;

  /** What the owner says goes before what the input says. */
  constructor(given: GivenFacts, sink: TraceSink) {
    this.#sink = sink;
    this.#knowledge = new ChipKnowledge(given);
  }

  /** Facts of a capture's header, as written. */
  get header(): ReadonlyMap<string, string> {
    return this.#header;
  }

  get knowledge(): ChipKnowledge {
    return this.#knowledge;
  }

  /** Null until the input's form is known. */
  get form(): InputForm | null {
    return this.#input?.form ?? null;
  }

  /** Bytes of the wire that were taken. */
  get byteCount(): number {
    return this.#byteCount;
  }

  factsOf(chain: number): ChainFacts {
    return this.#chain(chain).facts;
  }

  push(chunk: Uint8Array): void {
    if (this.#input !== null) {
      this.#input.push(chunk);
      return;
    }
    this.#start = Buffer.concat([this.#start, chunk]);
    if (this.#start.length >= LOOK_BYTES || this.#start.includes(NEWLINE)) this.#open();
  }

  end(): void {
    if (this.#input === null && this.#start.length > 0) this.#open();
    this.#input?.end();
    for (const splitter of this.#splitters.values()) splitter.end();
  }

  #open(): void {
    const start = this.#start;
    this.#start = Buffer.alloc(0);
    this.#input = openInput(start, this);
    this.#input.push(start);
  }

  onHeader(key: string, value: string): void {
    this.#header.set(key, value);
    const { given } = this.#knowledge;
    const chip = given.chip ?? (key === "chip" ? chipNamed(value) : null);
    const chipCount = given.chipCount ?? (key === "chips" ? countOf(value) : null);
    const addressInterval = given.addressInterval ?? (key === "address-interval" ? countOf(value) : null);
    this.#knowledge = new ChipKnowledge({ chip, chipCount, addressInterval });
  }

  onBytes(lane: Lane, bytes: Uint8Array, from: number, to: number, tMs: number): void {
    this.#byteCount += to - from;
    let splitter = this.#splitters.get(lane);
    if (splitter === undefined) {
      splitter = new FrameSplitter(this.#sinkOf(lane), lane.direction, () => this.#knowledge.format);
      this.#splitters.set(lane, splitter);
    }
    splitter.push(bytes, from, to, tMs);
  }

  onPool(pool: number, direction: "in" | "out", line: string, tMs: number): void {
    this.#sink.onPool(pool, direction, line, tMs);
  }

  onNote(chain: number | null, text: string, tMs: number): void {
    this.#sink.onNote(chain, text, tMs);
  }

  onText(lineNumber: number, text: string, why: "noBytes" | "halfByte" | "unreadable"): void {
    this.#sink.onText(lineNumber, text, why);
  }

  #sinkOf(lane: Lane): FrameSink {
    return {
      onFrame: (kind, bytes, at, length, tMs) => this.#onFrame(lane.chain, kind, bytes, at, length, tMs),
      onUnknown: (reason, bytes, at, length, tMs) =>
        this.#sink.onUnknown(reason, lane.chain, lane.direction, tMs, this.#wireOf(bytes, at, length)),
    };
  }

  #onFrame(chainIndex: number, kind: WireKind, bytes: Uint8Array, at: number, length: number, tMs: number): void {
    const chain = this.#chain(chainIndex);
    const { context, facts } = chain;
    context.chip = this.#knowledge.chip;
    context.chipCount = facts.chipCount;
    context.addressInterval = facts.addressInterval;
    const frame = decodeFrame(kind, bytes, at, length, context);
    this.#knowledge.sawFrame(frame, hasPreambleAt(bytes, at));
    facts.saw(frame);
    this.#sink.onFrame(frame, chainIndex, tMs, this.#wireOf(bytes, at, length));
  }

  #wireOf(bytes: Uint8Array, at: number, length: number): WireBytes {
    this.#wire.bytes = bytes;
    this.#wire.at = at;
    this.#wire.length = length;
    return this.#wire;
  }

  #chain(index: number): Chain {
    const known = this.#chains[index];
    if (known !== undefined) return known;
    const chain = new Chain(this.#knowledge.given);
    this.#chains[index] = chain;
    return chain;
  }
}

function countOf(text: string): number | null {
  const count = Number(text);
  return Number.isInteger(count) && count > 0 ? count : null;
}

/** Frames of a chip go to it, replies come from it. */
export function directionOfFrame({ kind }: DecodedFrame): "in" | "out" {
  return kind === "register" || kind === "nonce" ? "in" : "out";
}
