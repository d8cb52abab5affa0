/**
 * Bytes of one serial line in, frames out: a step over chunks without input or output of its own. Both directions may be
 * mixed in one line. Every byte comes out exactly once, in a frame or as unknown; after garbage it goes on at the next
 * place that can be a frame.
 *
 * A chunk is a line of a dump, or what one read gave. A frame may lie over several chunks, but a good frame at the
 * beginning of a chunk cuts off a torn one before it: five bits of check alone would let one torn frame in 32 swallow it.
 */
import { KumpelError } from "#hal/errors.ts";
import {
  type Candidate,
  isBareChipId,
  isPreamble,
  lookAtBareHost,
  lookAtBareReply,
  lookAtHostFrame,
  lookAtReply,
  newCandidate,
  type WireFormat,
  type WireKind,
} from "./wire-format.ts";

/** Why bytes are no frame. */
export type UnknownReason = "noise" | "truncated" | "badCheck";

export interface FrameSink {
  /** `bytes[at..at + length)` is valid during the call only. @param tMs time of the chunk that it began in */
  onFrame(kind: WireKind, bytes: Uint8Array, at: number, length: number, tMs: number): void;
  onUnknown(reason: UnknownReason, bytes: Uint8Array, at: number, length: number, tMs: number): void;
}

/** What the input says of the line; a preamble says it better. */
export type LineDirection = "out" | "in" | "mixed";

const BUFFER_BYTES = 64 * 1024;
/** A run of unknown bytes is handed on at this length. */
const RUN_MAX_BYTES = 4096;
/** Longer chunks are taken in pieces. */
const PIECE_BYTES = 16 * 1024;

export class FrameSplitter {
  readonly #sink: FrameSink;
  readonly #direction: LineDirection;
  readonly #format: () => WireFormat;
  readonly #bytes = new Uint8Array(BUFFER_BYTES);
  readonly #candidate = newCandidate();
  readonly #inner = newCandidate();
  readonly #isBoundaryHere = (place: number): boolean => this.#isBoundary(place);
  #head = 0;
  #tail = 0;
  /** Places where chunks begin, ascending, each with its time. */
  #marks: number[] = [];
  #times: number[] = [];
  /** Start of the unknown bytes before `#head`, or -1. */
  #runFrom = -1;
  #runReason: UnknownReason = "noise";
  #hasLongReplies = false;
  #isEnding = false;
  /** Where the last good frame ended: replies without a preamble are believed there. */
  #alignedAt = 0;

  /** @param format asked again for each chunk: what is known of the chips may grow. */
  constructor(sink: FrameSink, direction: LineDirection, format: () => WireFormat) {
    this.#sink = sink;
    this.#direction = direction;
    this.#format = format;
  }

  /** `chunk[from..to)` is copied. */
  push(chunk: Uint8Array, from: number, to: number, tMs: number): void {
    if (to <= from) return;
    for (let at = from; at < to; at += PIECE_BYTES) {
      const end = Math.min(to, at + PIECE_BYTES);
      this.#makeRoom(end - at);
      if (at === from) {
        this.#marks.push(this.#tail);
        this.#times.push(tMs);
      }
      for (let i = at; i < end; i++) this.#bytes[this.#tail++] = chunk[i]!;
      this.#scan(false);
    }
  }

  /** Nothing more comes: what waits for its end is torn. */
  end(): void {
    this.#isEnding = true;
    this.#scan(true);
    this.#closeRun(this.#head);
  }

  #makeRoom(count: number): void {
    if (this.#head === this.#tail && this.#runFrom < 0) {
      this.#head = 0;
      this.#tail = 0;
      this.#alignedAt = 0;
      this.#marks.length = 0;
      this.#times.length = 0;
      return;
    }
    if (this.#tail + count <= BUFFER_BYTES) return;
    this.#closeRun(this.#head);
    const shift = this.#head;
    this.#bytes.copyWithin(0, shift, this.#tail);
    this.#head = 0;
    this.#tail -= shift;
    this.#alignedAt -= shift;
    const keep = this.#marks.filter((place, i) => place >= shift || (this.#marks[i + 1] ?? Infinity) > shift).length;
    this.#marks = this.#marks.slice(-keep).map((place) => Math.max(0, place - shift));
    this.#times = this.#times.slice(-keep);
    if (this.#tail + count > BUFFER_BYTES) throw new KumpelError("LOOP_STUCK", "a frame is longer than any can be");
  }

  #scan(isEnd: boolean): void {
    const format = this.#format();
    while (this.#head < this.#tail) {
      const before = this.#head;
      if (format.hasPreamble) this.#lookFramed(format, isEnd);
      else this.#lookBare(format, isEnd);
      if (this.#head === before) return;
      // A sink may have learned what the chips are.
      if (format !== this.#format()) {
        this.#scan(isEnd);
        return;
      }
    }
  }

  #lookFramed(format: WireFormat, isEnd: boolean): void {
    const at = this.#head;
    const first = this.#bytes[at];
    const candidate = this.#candidate;
    if (first !== 0x55 && first !== 0xaa) {
      if (format.isOpen) this.#lookOpen(format, isEnd);
      else this.#skip(1, null);
      return;
    }
    if (at + 1 >= this.#tail) {
      if (isEnd) this.#skip(1, "truncated");
      return;
    }
    if (!isPreamble(this.#bytes, at, this.#tail)) {
      if (format.isOpen) this.#lookOpen(format, isEnd);
      else this.#skip(1, null);
      return;
    }
    this.#lookAt(candidate, at, format);
    this.#judge(candidate, at, format, isEnd);
  }

  /** A frame with its preamble at `at`. */
  #lookAt(out: Candidate, at: number, format: WireFormat): void {
    if (this.#bytes[at] === 0x55) lookAtHostFrame(out, this.#bytes, at + 2, this.#tail, 2, format);
    else {
      const isLine = this.#isMark(at) && (this.#isMark(at + 9) || (this.#isEnding && at + 9 === this.#tail));
      const isLongOnly = this.#hasLongReplies && !isLine;
      lookAtReply(out, this.#bytes, at, this.#tail, format, isLongOnly, this.#isBoundaryHere);
    }
  }

  #judge(candidate: Candidate, at: number, format: WireFormat, isEnd: boolean): void {
    const { verdict, length } = candidate;
    if (verdict === "none") {
      this.#skip(2, "badCheck");
      return;
    }
    const end = Math.min(at + length, this.#tail);
    const cut = this.#cutBy(at, end, format);
    if (cut >= 0) {
      this.#skip(cut - at, "truncated");
      return;
    }
    if (verdict === "good") {
      this.#take(candidate.kind, at, length);
      return;
    }
    if (verdict === "short") {
      if (isEnd) this.#skip(2, "truncated");
      return;
    }
    this.#skip(2, this.#hasPreambleWithin(at + 2, end) ? "truncated" : "badCheck");
  }

  /** Place of a good frame inside of a candidate that lies over several chunks, or -1. */
  #cutBy(from: number, end: number, format: WireFormat): number {
    if (!this.#hasMarkWithin(from + 1, end)) return -1;
    for (let place = from + 2; place < end; place++) {
      if (!isPreamble(this.#bytes, place, this.#tail)) continue;
      this.#lookAt(this.#inner, place, format);
      if (this.#inner.verdict === "good" && place + this.#inner.length > end - 2) return place;
      if (this.#inner.verdict === "good" && this.#isMark(place)) return place;
    }
    return -1;
  }

  /** No chip is named yet, and there is no preamble here: perhaps a BM1387. Replies are believed once it is named. */
  #lookOpen(format: WireFormat, isEnd: boolean): void {
    const at = this.#head;
    const isAligned = this.#isAligned(at);
    if (isAligned && isBareChipId(this.#bytes, at, this.#tail)) {
      this.#take("register", at, 7);
      return;
    }
    lookAtBareHost(this.#candidate, this.#bytes, at, this.#tail, format);
    const { verdict, kind, length } = this.#candidate;
    // In the middle of garbage the check of a job counts, that of a command has too few bits.
    if (verdict === "good" && (isAligned || kind === "job")) {
      this.#take(kind, at, length);
      return;
    }
    if (verdict === "short" && isAligned && !isEnd && !this.#hasMarkWithin(at + 1, this.#tail)) return;
    this.#skip(1, null);
  }

  #lookBare(format: WireFormat, isEnd: boolean): void {
    const at = this.#head;
    const candidate = this.#candidate;
    let isWaiting = false;
    if (this.#direction !== "in") {
      lookAtBareHost(candidate, this.#bytes, at, this.#tail, format);
      const cut = candidate.length > 0 ? this.#cutByBare(at, Math.min(at + candidate.length, this.#tail), format) : -1;
      if (cut >= 0) {
        this.#skip(cut - at, "truncated");
        return;
      }
      if (candidate.verdict === "good") {
        this.#take(candidate.kind, at, candidate.length);
        return;
      }
      if (candidate.verdict === "bad") {
        this.#skip(1, "badCheck");
        return;
      }
      isWaiting = candidate.verdict === "short" && (candidate.length > 2 || this.#direction === "out");
    }
    if (this.#direction !== "out" && !isWaiting) {
      lookAtBareReply(candidate, this.#bytes, at, this.#tail);
      const cut = this.#cutByBare(at, Math.min(at + candidate.length, this.#tail), format);
      if (cut >= 0) {
        this.#skip(cut - at, "truncated");
        return;
      }
      const isBelieved = this.#direction === "in" || this.#isAligned(at);
      if (candidate.verdict === "good" && isBelieved) {
        this.#take(candidate.kind, at, candidate.length);
        return;
      }
      isWaiting = candidate.verdict === "short";
    }
    if (isWaiting && !isEnd) return;
    this.#skip(1, isWaiting && this.#isAligned(at) ? "truncated" : null);
  }

  /** A chunk inside of a candidate that is a frame from its first byte to its last. */
  #cutByBare(from: number, end: number, format: WireFormat): number {
    for (let i = this.#marks.length - 1; i >= 0; i--) {
      const place = this.#marks[i]!;
      if (place >= end) continue;
      if (place <= from) return -1;
      const chunkEnd = this.#marks[i + 1] ?? this.#tail;
      lookAtBareHost(this.#inner, this.#bytes, place, this.#tail, format);
      if (this.#inner.verdict === "good" && place + this.#inner.length === chunkEnd) return place;
      lookAtBareReply(this.#inner, this.#bytes, place, this.#tail);
      if (this.#inner.verdict === "good" && place + this.#inner.length === chunkEnd) return place;
    }
    return -1;
  }

  #take(kind: WireKind, at: number, length: number): void {
    this.#closeRun(at);
    if (length === 11 && kind !== "command") this.#hasLongReplies = true;
    this.#head = at + length;
    this.#alignedAt = this.#head;
    this.#sink.onFrame(kind, this.#bytes, at, length, this.#timeAt(at));
    this.#dropMarks();
  }

  /** @param reason of bytes that look like a frame, null for others: they go on with the run before them. */
  #skip(count: number, reason: UnknownReason | null): void {
    const at = this.#head;
    const isTorn = this.#runFrom >= 0 && this.#runReason !== "noise" && this.#isMark(at);
    const isFull = this.#runFrom >= 0 && at - this.#runFrom >= RUN_MAX_BYTES;
    if (reason !== null || isTorn || isFull) this.#closeRun(at);
    if (this.#runFrom < 0) {
      this.#runFrom = at;
      this.#runReason = reason ?? "noise";
    }
    this.#head = Math.min(this.#tail, at + count);
  }

  #closeRun(end: number): void {
    const from = this.#runFrom;
    if (from < 0) return;
    this.#runFrom = -1;
    this.#sink.onUnknown(this.#runReason, this.#bytes, from, end - from, this.#timeAt(from));
    this.#dropMarks();
  }

  /** Marks that lie behind everything that waits. */
  #dropMarks(): void {
    const place = this.#runFrom < 0 ? this.#head : this.#runFrom;
    let drop = 0;
    while (drop + 1 < this.#marks.length && this.#marks[drop + 1]! <= place) drop++;
    if (drop === 0) return;
    this.#marks.splice(0, drop);
    this.#times.splice(0, drop);
  }

  #timeAt(place: number): number {
    let i = 0;
    while (i + 1 < this.#marks.length && this.#marks[i + 1]! <= place) i++;
    return this.#times[i] ?? 0;
  }

  #isMark(place: number): boolean {
    return this.#marks.includes(place);
  }

  #isAligned(place: number): boolean {
    return place === this.#alignedAt || this.#isMark(place);
  }

  #isBoundary(place: number): boolean {
    if (place === this.#tail) return this.#isEnding;
    return this.#isMark(place) || isPreamble(this.#bytes, place, this.#tail);
  }

  #hasMarkWithin(from: number, end: number): boolean {
    const marks = this.#marks;
    for (let i = marks.length - 1; i >= 0 && marks[i]! >= from; i--) if (marks[i]! < end) return true;
    return false;
  }

  #hasPreambleWithin(from: number, end: number): boolean {
    for (let place = from; place < end; place++) if (isPreamble(this.#bytes, place, this.#tail)) return true;
    return false;
  }
}
