/** What a pool sent instead of an answer, told in half a sentence. Bounded, whatever it sends. */
import { clip, type ServerMessage } from "../stratum/messages.ts";

/** Names of calls are the pool's to invent. */
const METHODS_MAX = 8;
const METHODS_TOLD = 2;
const NAME_CHARS = 40;
const LINE_CHARS = 60;

export class WhatCame {
  readonly #calls = new Map<string, number>();
  #otherCalls = 0;
  #answers = 0;
  #invalid = 0;
  #firstInvalid = "";

  /** @param line as it came. @param isTaken it answers a call of ours. */
  note(message: ServerMessage, line: string, isTaken: boolean): void {
    if (isTaken) return;
    if (message.kind === "answer") this.#answers++;
    else if (message.kind === "call") this.#noteCall(shortened(message.method, NAME_CHARS));
    else if (this.#invalid++ === 0) this.#firstInvalid = shortened(line, LINE_CHARS);
  }

  /** Whether anything of it was Stratum. */
  get isStratum(): boolean {
    return this.#answers + this.#calls.size > 0;
  }

  /** Null: nothing came. */
  get text(): string | null {
    const calls = [...this.#calls].sort(([, a], [, b]) => b - a);
    const told = calls.slice(0, METHODS_TOLD).map(([method, count]) => `${method} ${times(count)}`);
    const rest = calls.slice(METHODS_TOLD).reduce((sum, [, count]) => sum + count, this.#otherCalls);
    if (rest > 0) told.push(`other calls ${times(rest)}`);
    if (this.#answers > 0) told.push(`an answer to nothing that was asked ${times(this.#answers)}`);
    if (this.#invalid > 0) told.push(`what is no Stratum ${times(this.#invalid)}, first "${this.#firstInvalid}"`);
    return told.length === 0 ? null : told.join(", ");
  }

  #noteCall(method: string): void {
    const count = this.#calls.get(method);
    if (count === undefined && this.#calls.size >= METHODS_MAX) this.#otherCalls++;
    else this.#calls.set(method, (count ?? 0) + 1);
  }
}

function shortened(text: string, chars: number): string {
  return clip(text.length > chars ? `${text.slice(0, chars)}...` : text);
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
