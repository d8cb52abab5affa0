/** A FIFO of words with a fixed depth. What does not fit is lost, and counted. */
export class WordRing {
  lostWords = 0;
  readonly #words: Uint32Array;
  #read = 0;
  #count = 0;

  constructor(depth: number) {
    this.#words = new Uint32Array(depth);
  }

  get count(): number {
    return this.#count;
  }

  get free(): number {
    return this.#words.length - this.#count;
  }

  push(word: number): void {
    if (this.#count === this.#words.length) {
      this.lostWords++;
      return;
    }
    this.#words[(this.#read + this.#count) % this.#words.length] = word;
    this.#count++;
  }

  /** Word `index` from the front; 0 where there is none. */
  peek(index: number): number {
    return index < this.#count ? this.#words[(this.#read + index) % this.#words.length]! : 0;
  }

  /** Takes the front word; 0 from an empty FIFO. */
  shift(): number {
    const word = this.peek(0);
    this.drop(1);
    return word;
  }

  drop(count: number): void {
    const dropped = Math.min(count, this.#count);
    this.#read = (this.#read + dropped) % this.#words.length;
    this.#count -= dropped;
  }

  clear(): void {
    this.drop(this.#count);
  }
}
