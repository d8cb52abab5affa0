/** The last lines of the log, for who cannot see the console. */
const LINES_MAX = 500;
const LINE_MAX_SIGNS = 2_000;
/** A flood is cut, so that telling the worker costs little. */
const FRESH_MAX = 200;

export class LogRing {
  #lines: string[] = [];
  #fresh: string[] = [];

  add(line: string): void {
    const text = line.trimEnd().slice(0, LINE_MAX_SIGNS);
    this.#lines.push(text);
    if (this.#lines.length > LINES_MAX * 2) this.#lines = this.#lines.slice(-LINES_MAX);
    if (this.#fresh.length < FRESH_MAX) this.#fresh.push(text);
  }

  get lines(): string[] {
    return this.#lines.slice(-LINES_MAX);
  }

  /** What came since the last call. */
  takeFresh(): string[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}
