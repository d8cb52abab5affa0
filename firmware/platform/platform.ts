/** What `main.ts` chooses: a board with the clock, randomness and network that belong to it. */
import { STOCK_TICKET_DIFFICULTY } from "#drivers/bm13xx/init-sequence.ts";
import type { Clock } from "#hal/clock.ts";
import type { ControlBoard } from "#hal/control-board.ts";
import type { Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";

export interface Platform {
  readonly board: ControlBoard;
  /** True where nothing can burn: numbers that no source confirms are good enough there. */
  readonly acceptsUnconfirmed: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  /** Port of the built-in pool on loopback, or null where none was asked for. */
  readonly localPoolPort: number | null;
  /** Lets go of everything; ends the emulator's process. */
  stop(): Promise<void>;
}

/** Difficulty scales and tickets (`docs/ARCHITECTURE.md`, two difficulty scales); 1 on both sides of a real machine. */
export interface Scales {
  readonly chipScale: number;
  readonly poolScale: number;
  /** Null: the one that the hashboard's maker sets. */
  readonly stockTicket: number | null;
  /** Goes out as mining.suggest_difficulty; null = the pool decides. */
  readonly suggestDifficulty: number | null;
  /** What is not real in this run; null where everything is. */
  readonly label: string | null;
}

/** Demo, own API and built-in pool are reachable from this machine only. */
export const LOOPBACK = "127.0.0.1";
/** Hashes that a nonce at the stock ticket costs the emulator: 175 nonces/s take about 5 % of a core. */
const HASHES_PER_NONCE = 1024;
const CHIP_TICKET_NONCES_PER_S = 10;

/**
 * @param hashesPerS what the machine promises, in its own units.
 * @param chipTicket real difficulty of the nonces that chips report, or null for the demo's scale.
 * @param hasLocalPool true when the built-in pool takes the shares: then both sides have the same scale.
 */
export function emulationScales(hashesPerS: number, chipTicket: number | null, hasLocalPool: boolean): Scales {
  if (chipTicket !== null) {
    const ticket = Math.max(1, 2 ** Math.round(Math.log2(hashesPerS / (2 ** 32 * CHIP_TICKET_NONCES_PER_S))));
    const chipScale = ticket / chipTicket;
    const label = `emulated chips: nonces of real difficulty ${chipTicket}, hashrate in the chips' scale`;
    return { chipScale, poolScale: 1, stockTicket: ticket, suggestDifficulty: chipTicket, label };
  }
  const chipScale = (2 ** 32 * STOCK_TICKET_DIFFICULTY) / HASHES_PER_NONCE;
  if (!hasLocalPool) {
    const label = "emulated chips: an outside pool gets no shares without --chip-ticket";
    return { chipScale, poolScale: 1, stockTicket: null, suggestDifficulty: null, label };
  }
  const suggestDifficulty = Math.max(1, Math.round(hashesPerS / 2 ** 32));
  const label = "emulated chips and built-in pool: difficulty scaled, nothing is earned";
  return { chipScale, poolScale: chipScale, stockTicket: null, suggestDifficulty, label };
}
