/**
 * Finds of the current job, kept because each comes again whenever the chip tries its header again. In the 16-bit roll
 * counter some bits may not reach the header; "free" ones are those above the engines' bits, which only time changes:
 *
 *     roll = sweeps x engines + engine     15 .. 4 or 3: sweeps     3 or 2 .. 0: engine
 */
import type { ChipModel } from "./chip-model.ts";
import { EventHeap, type HeapEvent } from "./event-heap.ts";

export const ROLL_COUNT = 65_536;
/** More than a stock ticket makes in an epoch, and a bound for a ticket of 1. */
const MAX_FINDS = 4096;

export interface Find extends HeapEvent {
  /** When it came, or comes next. */
  timeMs: number;
  readonly sequence: number;
  readonly chip: ChipModel;
  readonly nonceBits: number;
  readonly excessBits: number;
  /** Roll at which it was found: no bit set that does not reach the header. */
  readonly roll: number;
  /** The free roll bits at its latest appearance. */
  freeHigh: number;
}

/** Next larger number made of the bits of `mask` only; 0 behind the largest. */
export function nextUnderMask(bits: number, mask: number): number {
  return ((bits | ~mask) + 1) & mask;
}

export class FindMemory {
  readonly #finds = new EventHeap<Find>();

  /** When the next repetition is due. */
  get nextMs(): number {
    return this.#finds.peek()?.timeMs ?? Number.POSITIVE_INFINITY;
  }

  clear(): void {
    this.#finds.clear();
  }

  /**
   * Moves `find` to the next time at which its header comes up.
   * @param distinctMask roll bits that reach the header.
   */
  schedule(find: Find, distinctMask: number): void {
    if (this.#finds.size >= MAX_FINDS) return;
    const engines = find.chip.facts.enginesPerCore;
    const free = 0xffff & ~(engines - 1) & ~distinctMask;
    const next = nextUnderMask(find.freeHigh, free);
    const rolls = next > find.freeHigh ? next - find.freeHigh : ROLL_COUNT - find.freeHigh;
    find.freeHigh = next;
    find.timeMs += (rolls / engines) * find.chip.sweepMs();
    this.#finds.push(find);
  }

  /** Takes out a find that is due by `nowMs`. */
  takeDue(nowMs: number): Find | undefined {
    return this.nextMs <= nowMs ? this.#finds.pop() : undefined;
  }
}
