/**
 * A fingerprint of a run: the time of every event, and once a second what could be seen. Two runs of one seed have the same;
 * where they differ something reads the real clock, real randomness, or the order of a set that has none.
 */
import type { View } from "./view.ts";

const PRIME_A = 0x01000193;
const PRIME_B = 0x85ebca6b;

export class Trace {
  #a = 0x811c9dc5;
  #b = 0x1b873593;
  readonly #number = new Float64Array(1);
  readonly #words = new Int32Array(this.#number.buffer);

  addTime(ms: number): void {
    this.#number[0] = ms;
    this.#add(this.#words[0]!);
    this.#add(this.#words[1]!);
  }

  addState(view: View): void {
    this.addTime(view.accepted);
    this.#add(view.isOn ? 1 : 0);
    for (const { voltageV, overBoardLimitMs } of view.chains) {
      this.addTime(voltageV);
      this.#add(overBoardLimitMs);
    }
    this.addTime(view.openShares);
    this.addTime(view.unexplainedErrors);
  }

  addText(text: string): void {
    for (let i = 0; i < text.length; i++) this.#add(text.charCodeAt(i));
  }

  get hex(): string {
    return [this.#a, this.#b].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #add(word: number): void {
    this.#a = Math.imul(this.#a ^ word, PRIME_A);
    this.#b = Math.imul(this.#b ^ (word >>> 15) ^ (word << 17), PRIME_B) ^ (this.#b >>> 13);
  }
}
