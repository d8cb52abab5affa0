/** Cuts chunks of a file into lines. Lines longer than the limit come in pieces, cut where no byte of hex is torn. */

const NEWLINE = 10;
const RETURN = 13;
/** No dump has longer lines; a file of one line of hex is read in such pieces. */
const LINE_MAX_BYTES = 256 * 1024;

export class LineCutter {
  readonly #take: (bytes: Uint8Array, from: number, to: number, lineNumber: number) => void;
  readonly #rest = new Uint8Array(LINE_MAX_BYTES);
  #restBytes = 0;
  #lineNumber = 0;

  constructor(take: (bytes: Uint8Array, from: number, to: number, lineNumber: number) => void) {
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from);
      const end = newline < 0 ? chunk.length : newline;
      if (newline >= 0 && this.#restBytes === 0 && end - from <= LINE_MAX_BYTES) this.#hand(chunk, from, end);
      else this.#keep(chunk, from, end, newline >= 0);
      from = end + 1;
    }
  }

  /** The last line may lack its end. */
  end(): void {
    if (this.#restBytes > 0) this.#keep(this.#rest, 0, 0, true);
  }

  #keep(chunk: Uint8Array, from: number, end: number, isWhole: boolean): void {
    let at = from;
    while (at < end) {
      const count = Math.min(end - at, LINE_MAX_BYTES - this.#restBytes);
      this.#rest.set(chunk.subarray(at, at + count), this.#restBytes);
      this.#restBytes += count;
      at += count;
      if (this.#restBytes === LINE_MAX_BYTES) this.#handPiece();
    }
    if (!isWhole) return;
    const length = this.#restBytes;
    this.#restBytes = 0;
    this.#hand(this.#rest, 0, length);
  }

  /** The line goes on: what cannot be cut here stays for the next piece. */
  #handPiece(): void {
    let tokenFrom = LINE_MAX_BYTES;
    while (tokenFrom > 0 && isWordCharacter(this.#rest[tokenFrom - 1]!)) tokenFrom--;
    const isOneToken = tokenFrom === 0 || LINE_MAX_BYTES - tokenFrom > LINE_MAX_BYTES / 2;
    const cut = isOneToken ? tokenFrom + ((LINE_MAX_BYTES - tokenFrom) & ~1) : tokenFrom;
    this.#take(this.#rest, 0, cut, this.#lineNumber + 1);
    this.#rest.copyWithin(0, cut, LINE_MAX_BYTES);
    this.#restBytes = LINE_MAX_BYTES - cut;
  }

  #hand(bytes: Uint8Array, from: number, to: number): void {
    this.#lineNumber++;
    const end = to > from && bytes[to - 1] === RETURN ? to - 1 : to;
    this.#take(bytes, from, end, this.#lineNumber);
  }
}

function isWordCharacter(byte: number): boolean {
  return (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}
