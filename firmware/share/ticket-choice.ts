/**
 * Which nonces the chips of one chain should report: the stock ticket, lowered where the pool's target is easier than
 * the ticket's (else shares would be lost), raised where a chain would report too many.
 */
import { isEasierOrEqual, type Target, ticketTarget } from "./difficulty.ts";

export interface TicketInput {
  /** Ticket that the stock firmware uses; a power of two. */
  stockTicket: number;
  /** Target that shares must meet now, at the pool's scale; null before the first job. */
  poolTarget: Target | null;
  /** Scale of the chip side. */
  chipScale: number;
  /** What the chain hashes, in the chips' own units. */
  chainHashesPerS: number;
}

export interface TicketChoice {
  difficulty: number;
  /** True when the pool accepts shares that even this ticket hides: they are lost, and the status says so. */
  isAbovePool: boolean;
  reason: string;
}

/** Above this rate the statistics gain nothing and the line carries only load. */
const MAX_NONCES_PER_S = 100;
/** A pool that asks for very easy shares gets at most this many nonces/s a chain. */
const FLOOR_NONCES_PER_S = 1000;
/** 2^32 x this stays far above any machine's rate, and its register value is defined. */
const HIGHEST_TICKET = 2 ** 31;

export function chooseTicket(input: TicketInput): TicketChoice {
  const ratePerS = (difficulty: number): number => input.chainHashesPerS / (2 ** 32 * difficulty);
  let difficulty = input.stockTicket;
  while (ratePerS(difficulty) > MAX_NONCES_PER_S && difficulty < HIGHEST_TICKET) difficulty *= 2;
  let reason = difficulty === input.stockTicket ? "stock ticket" : "raised: the chain would report over 100 nonces/s";
  const pool = input.poolTarget;
  if (pool === null) return { difficulty, isAbovePool: false, reason };
  while (difficulty > 1 && !isEasierOrEqual(ticketTarget(difficulty, input.chipScale), pool)) {
    if (ratePerS(difficulty / 2) > FLOOR_NONCES_PER_S) break;
    difficulty /= 2;
    reason = "lowered to the pool's difficulty";
  }
  const isAbovePool = !isEasierOrEqual(ticketTarget(difficulty, input.chipScale), pool);
  if (isAbovePool) reason = "the pool's difficulty is below what the chips can report: easier shares are lost";
  return { difficulty, isAbovePool, reason };
}
