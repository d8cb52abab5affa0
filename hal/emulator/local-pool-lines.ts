/** Cuts a client's byte stream into lines, with a limit. */

const LINE_MAX_BYTES = 16_384;

export class LineCutter {
  readonly #decoder = new TextDecoder();
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: () => void;
  #rest = "";
  #isSkipping = false;

  constructor(onLine: (line: string) => void, onTooLong: () => void) {
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  push(chunk: Uint8Array): void {
    this.#rest += this.#decoder.decode(chunk, { stream: true });
    for (let end = this.#rest.indexOf("\n"); end >= 0; end = this.#rest.indexOf("\n")) {
      const line = this.#rest.slice(0, end).trim();
      this.#rest = this.#rest.slice(end + 1);
      if (this.#isSkipping) this.#isSkipping = false;
      else if (line.length > LINE_MAX_BYTES) this.#onTooLong();
      else if (line !== "") this.#onLine(line);
    }
    if (this.#rest.length <= LINE_MAX_BYTES) return;
    this.#rest = "";
    if (!this.#isSkipping) this.#onTooLong();
    this.#isSkipping = true;
  }
}
