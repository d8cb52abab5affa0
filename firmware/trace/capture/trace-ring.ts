/**
 * What happened since the last flush, copied into one fixed buffer. Taking something up allocates nothing, since it lies on
 * the way of every nonce; what finds no room is counted and missing.
 *
 *   entry: time f64 | kind u8 | place u8 | length u32 | bytes
 */
const HEADER_BYTES = 14;

export const ENTRY = { uartIn: 0, uartOut: 1, poolIn: 2, poolOut: 3, note: 4 } as const;
export type EntryKind = (typeof ENTRY)[keyof typeof ENTRY];

/** `bytes` is valid during the call only. */
export type EntryVisitor = (kind: EntryKind, place: number, bytes: Uint8Array, atMs: number) => void;

export class TraceRing {
  readonly #bytes: Uint8Array;
  readonly #scratch = new DataView(new ArrayBuffer(HEADER_BYTES));
  readonly #copy: Uint8Array;
  /** Offsets grow for ever; the place in the buffer is the offset modulo its size. */
  #head = 0;
  #tail = 0;
  #lostEntries = 0;
  #lostBytes = 0;

  /** @param entryMaxBytes a longer entry is cut */
  constructor(sizeBytes: number, entryMaxBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#copy = new Uint8Array(entryMaxBytes);
  }

  get usedBytes(): number {
    return this.#head - this.#tail;
  }

  push(kind: EntryKind, place: number, bytes: Uint8Array, atMs: number): void {
    const length = Math.min(bytes.length, this.#copy.length);
    if (this.usedBytes + HEADER_BYTES + length > this.#bytes.length) {
      this.#lostEntries++;
      this.#lostBytes += bytes.length;
      return;
    }
    this.#lostBytes += bytes.length - length;
    this.#scratch.setFloat64(0, atMs);
    this.#scratch.setUint8(8, kind);
    this.#scratch.setUint8(9, place);
    this.#scratch.setUint32(10, length);
    const size = this.#bytes.length;
    for (let i = 0; i < HEADER_BYTES; i++) this.#bytes[(this.#head + i) % size] = this.#scratch.getUint8(i);
    const from = this.#head + HEADER_BYTES;
    for (let i = 0; i < length; i++) this.#bytes[(from + i) % size] = bytes[i]!;
    this.#head = from + length;
  }

  /** Hands out everything, oldest first, and forgets it. */
  drain(visit: EntryVisitor): void {
    const size = this.#bytes.length;
    while (this.#tail < this.#head) {
      for (let i = 0; i < HEADER_BYTES; i++) this.#scratch.setUint8(i, this.#bytes[(this.#tail + i) % size]!);
      const length = this.#scratch.getUint32(10);
      const from = this.#tail + HEADER_BYTES;
      for (let i = 0; i < length; i++) this.#copy[i] = this.#bytes[(from + i) % size]!;
      this.#tail = from + length;
      const kind = this.#scratch.getUint8(8) as EntryKind;
      visit(kind, this.#scratch.getUint8(9), this.#copy.subarray(0, length), this.#scratch.getFloat64(0));
    }
  }

  /** What found no room since the last question. */
  takeLost(): { readonly entries: number; readonly bytes: number } {
    const lost = { entries: this.#lostEntries, bytes: this.#lostBytes };
    this.#lostEntries = 0;
    this.#lostBytes = 0;
    return lost;
  }

  clear(): void {
    this.#tail = this.#head;
  }
}
