/** Bytes of a socket to lines: any split, joined lines, CR LF, empty lines; a line beyond the limit is an error. */

/** A 70 kB coinbase makes a line of 140 kB; a whole MiB without a line end is no pool. */
export const MAX_LINE_BYTES = 1 << 20;

const LINE_FEED = 0x0a;

export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(maxBytes: number = MAX_LINE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Takes a chunk and calls `onLine` for each line it completes (without line end, never empty).
   * Returns false when the unfinished line passed the limit; the link is to be closed then.
   */
  push(chunk: Uint8Array, onLine: (line: string) => void): boolean {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const piece = Buffer.from(chunk.buffer, chunk.byteOffset + start, end - start);
      if (this.#length + piece.length > this.#maxBytes) return false;
      const line = this.#take(piece);
      if (line !== "") onLine(line);
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#parts.push(Buffer.from(chunk.subarray(start)));
      this.#length += chunk.length - start;
    }
    return this.#length <= this.#maxBytes;
  }

  #take(last: Buffer): string {
    // Decoded only when the whole line is there: a letter of several bytes may be cut between two chunks.
    const line =
      this.#parts.length === 0 ? last.toString("utf8") : Buffer.concat([...this.#parts, last]).toString("utf8");
    this.#parts = [];
    this.#length = 0;
    return line.trim();
  }
}
