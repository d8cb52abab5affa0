/** Tells a chain that has gone silent: no nonce for far longer than chance explains. */
import { hashesPerTicket } from "../share/difficulty.ts";

/** In so many expected gaps a live chain stays silent once in e^20 times; the floor keeps short pauses harmless. */
const SILENT_GAPS = 20;
const SILENCE_FLOOR_MS = 10_000;

export class SilenceWatch {
  #lastNonceAtMs = 0;

  /** A nonce came, or nothing is due yet. */
  heard(atMs: number): void {
    this.#lastNonceAtMs = atMs;
  }

  /** What is wrong, once; null while nonces come as they should. */
  check(expectedHashesPerS: number, ticketDifficulty: number, nowMs: number): string | null {
    const gapMs = (1000 * hashesPerTicket(ticketDifficulty)) / expectedHashesPerS;
    const limitMs = Math.max(SILENCE_FLOOR_MS, SILENT_GAPS * gapMs);
    if (nowMs - this.#lastNonceAtMs <= limitMs) return null;
    this.#lastNonceAtMs = nowMs;
    return `no nonce for ${(limitMs / 1000).toFixed(0)} s, one was due every ${(gapMs / 1000).toFixed(2)} s`;
  }
}
