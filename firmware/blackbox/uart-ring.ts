/**
 * The last bytes of one chain's serial line, both directions, in one fixed buffer: the oldest fall out. Recording copies
 * bytes and nothing else, since it lies on the way of every nonce.
 *
 *   entry: time f64 | direction u8 | length u16 | bytes
 */
const HEADER_BYTES = 11;
const MAX_CHUNK_BYTES = 1_024;

export type UartDirection = "in" | "out";

export class UartRing {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** Offsets grow for ever; the place in the buffer is the offset modulo its size. */
  #head = 0;
  #tail = 0;
  readonly #scratch = new DataView(new ArrayBuffer(HEADER_BYTES));

  constructor(sizeBytes: number) {
    this.#bytes = new Uint8Array(sizeBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Longer chunks lose their end. */
  push(direction: UartDirection, bytes: Uint8Array, atMs: number): void {
    const length = Math.min(bytes.length, MAX_CHUNK_BYTES);
    const size = HEADER_BYTES + length;
    while (this.#head + size - this.#tail > this.#bytes.length) this.#tail += HEADER_BYTES + this.#lengthAt(this.#tail);
    this.#scratch.setFloat64(0, atMs);
    this.#scratch.setUint8(8, direction === "in" ? 0 : 1);
    this.#scratch.setUint16(9, length);
    for (let i = 0; i < HEADER_BYTES; i++) this.#put(this.#head + i, this.#scratch.getUint8(i));
    for (let i = 0; i < length; i++) this.#put(this.#head + HEADER_BYTES + i, bytes[i] ?? 0);
    this.#head += size;
  }

  /** Oldest first. */
  visit(take: (direction: UartDirection, hex: string, atMs: number) => void): void {
    for (let at = this.#tail; at < this.#head; at += HEADER_BYTES + this.#lengthAt(at)) {
      for (let i = 0; i < HEADER_BYTES; i++) this.#scratch.setUint8(i, this.#get(at + i));
      const atMs = this.#scratch.getFloat64(0);
      const direction = this.#scratch.getUint8(8) === 0 ? "in" : "out";
      const length = this.#lengthAt(at);
      let hex = "";
      for (let i = 0; i < length; i++)
        hex += this.#get(at + HEADER_BYTES + i)
          .toString(16)
          .padStart(2, "0");
      take(direction, hex, atMs);
    }
  }

  #lengthAt(offset: number): number {
    return (this.#get(offset + 9) << 8) | this.#get(offset + 10);
  }

  #get(offset: number): number {
    return this.#view.getUint8(offset % this.#bytes.length);
  }

  #put(offset: number, value: number): void {
    this.#view.setUint8(offset % this.#bytes.length, value);
  }
}
