/**
 * What passes over chains and pool links, for who looks at it live: copied into a bounded buffer while somebody asks, and
 * nothing at all while nobody does. Taken away whole and decoded elsewhere, off the mining plane.
 */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import { ENTRY, type EntryKind, TraceRing } from "../capture/trace-ring.ts";

/** Whoever looks asks each second; so long without a question nobody looks. */
export const LOOK_MS = 5_000;
const RING_BYTES = 256 * 1024;
const ENTRY_MAX_BYTES = 8 * 1024;

export interface TrafficEntry {
  readonly kind: EntryKind;
  /** Chain, or pool. */
  readonly place: number;
  readonly atMs: number;
  readonly bytes: Uint8Array;
}

export interface Traffic {
  readonly entries: readonly TrafficEntry[];
  /** Found no room: they came faster than they were taken. */
  readonly lostEvents: number;
}

export class TrafficTap {
  readonly #clock: Clock;
  #ring: TraceRing | null = null;
  #timer: TimerHandle | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#ring !== null;
  }

  /** On the way of every nonce: one look at a field while nobody asks. */
  chain(chainIndex: number, direction: "in" | "out", bytes: Uint8Array, atMs: number): void {
    this.#ring?.push(direction === "in" ? ENTRY.uartIn : ENTRY.uartOut, chainIndex, bytes, atMs);
  }

  /** @param line without secrets */
  pool(pool: number, direction: "in" | "out", line: string): void {
    if (this.#ring === null) return;
    const kind = direction === "in" ? ENTRY.poolIn : ENTRY.poolOut;
    this.#ring.push(kind, pool, Buffer.from(line), this.#clock.nowMs());
  }

  /** Everything since the last question; the first one switches it on and gets nothing. */
  take(): Traffic {
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(LOOK_MS, () => {
      this.#ring = null;
    });
    if (this.#ring === null) {
      this.#ring = new TraceRing(RING_BYTES, ENTRY_MAX_BYTES);
      return { entries: [], lostEvents: 0 };
    }
    const entries: TrafficEntry[] = [];
    this.#ring.drain((kind, place, bytes, atMs) => entries.push({ kind, place, atMs, bytes: bytes.slice() }));
    return { entries, lostEvents: this.#ring.takeLost().entries };
  }
}
