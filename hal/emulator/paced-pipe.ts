/**
 * One direction of a serial line: bytes come out when their last bit would have arrived, 10 bits a byte. One event a
 * chunk, never one a byte; storage is a ring that is allocated once.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";

const BITS_PER_BYTE = 10;
/** A UART driver's and a chip chain's worth; what does not fit is lost and counted. */
const RING_BYTES = 1 << 16;
const RING_CHUNKS = 1 << 13;
const MAX_CHUNK_BYTES = 1024;

export interface PacedPipeOptions {
  readonly clock: Clock;
  /** Delays up to this go out at once: 0 in virtual time; real timers can't do less than about a millisecond. */
  readonly minTimerMs: number;
  /** What is pushed at one instant and takes no longer than this arrives as one chunk, as out of a FIFO; 0 = never. */
  readonly fifoMs?: number;
  /** `baud` is the rate that the bytes were sent at. The chunk is valid during the call only. */
  readonly deliver: (chunk: Uint8Array, baud: number) => void;
}

export class PacedPipe {
  lostBytes = 0;
  readonly #options: PacedPipeOptions;
  readonly #bytes = new Uint8Array(RING_BYTES);
  readonly #scratch = new Uint8Array(MAX_CHUNK_BYTES);
  readonly #lengths = new Uint16Array(RING_CHUNKS);
  readonly #bauds = new Float64Array(RING_CHUNKS);
  readonly #arrivals = new Float64Array(RING_CHUNKS);
  #readByte = 0;
  #usedBytes = 0;
  #readChunk = 0;
  #usedChunks = 0;
  #busyUntilMs = 0;
  #timer: TimerHandle | null = null;
  #isDelivering = false;
  /** When the last chunk was pushed, and when its first bit left. */
  #lastPushMs = -1;
  #lastStartMs = 0;

  constructor(options: PacedPipeOptions) {
    this.#options = options;
  }

  /** Milliseconds until everything that was pushed has arrived. */
  get backlogMs(): number {
    return Math.max(0, this.#busyUntilMs - this.#options.clock.nowMs());
  }

  push(bytes: Uint8Array, length: number, baud: number): void {
    for (let from = 0; from < length; from += MAX_CHUNK_BYTES) {
      this.#pushChunk(bytes, from, Math.min(length - from, MAX_CHUNK_BYTES), baud);
    }
    this.#flush();
  }

  /** Throws away what is under way. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#readByte = 0;
    this.#usedBytes = 0;
    this.#usedChunks = 0;
    this.#busyUntilMs = 0;
  }

  #pushChunk(bytes: Uint8Array, from: number, length: number, baud: number): void {
    if (this.#usedBytes + length > RING_BYTES || this.#usedChunks === RING_CHUNKS) {
      this.lostBytes += length;
      return;
    }
    let write = (this.#readByte + this.#usedBytes) % RING_BYTES;
    for (let i = 0; i < length; i++) {
      this.#bytes[write] = bytes[from + i]!;
      write = write + 1 === RING_BYTES ? 0 : write + 1;
    }
    this.#usedBytes += length;
    const nowMs = this.#options.clock.nowMs();
    const start = Math.max(this.#busyUntilMs, nowMs);
    this.#busyUntilMs = start + (length * BITS_PER_BYTE * 1000) / baud;
    if (this.#joinsLast(nowMs, length, baud)) return;
    this.#lastPushMs = nowMs;
    this.#lastStartMs = start;
    const slot = (this.#readChunk + this.#usedChunks) % RING_CHUNKS;
    this.#lengths[slot] = length;
    this.#bauds[slot] = baud;
    this.#arrivals[slot] = this.#busyUntilMs;
    this.#usedChunks++;
  }

  /** True when the bytes became part of the chunk before them. */
  #joinsLast(nowMs: number, length: number, baud: number): boolean {
    const { fifoMs = 0 } = this.#options;
    if (this.#usedChunks === 0 || this.#lastPushMs !== nowMs || this.#isDelivering) return false;
    const slot = (this.#readChunk + this.#usedChunks - 1) % RING_CHUNKS;
    const joined = this.#lengths[slot]! + length;
    if (this.#busyUntilMs - this.#lastStartMs > fifoMs || joined > MAX_CHUNK_BYTES || this.#bauds[slot] !== baud)
      return false;
    this.#lengths[slot] = joined;
    this.#arrivals[slot] = this.#busyUntilMs;
    return true;
  }

  /** Delivers what has arrived and sets the timer for the rest. */
  #flush(): void {
    // A listener may push an answer from inside its call; the loop below finds it.
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    try {
      while (this.#usedChunks > 0) {
        const waitMs = this.#arrivals[this.#readChunk]! - this.#options.clock.nowMs();
        if (waitMs > this.#options.minTimerMs) break;
        this.#deliverNext();
      }
    } finally {
      this.#isDelivering = false;
    }
    if (this.#usedChunks === 0 || this.#timer !== null) return;
    const waitMs = this.#arrivals[this.#readChunk]! - this.#options.clock.nowMs();
    this.#timer = this.#options.clock.setTimer(waitMs, () => {
      this.#timer = null;
      this.#flush();
    });
  }

  #deliverNext(): void {
    const length = this.#lengths[this.#readChunk]!;
    const baud = this.#bauds[this.#readChunk]!;
    for (let i = 0; i < length; i++) {
      this.#scratch[i] = this.#bytes[this.#readByte]!;
      this.#readByte = this.#readByte + 1 === RING_BYTES ? 0 : this.#readByte + 1;
    }
    this.#usedBytes -= length;
    this.#readChunk = (this.#readChunk + 1) % RING_CHUNKS;
    this.#usedChunks--;
    this.#options.deliver(this.#scratch.subarray(0, length), baud);
  }
}
