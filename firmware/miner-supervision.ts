/** Builds the supervision of one machine from the arguments of its miner. */
import type { MinerOptions } from "./miner-parts.ts";
import { Supervision } from "./supervision.ts";

export function createSupervision({ log, clock, store, board, agent, hashboard }: MinerOptions): Supervision {
  const { watchdog, chains } = board;
  return new Supervision({
    log,
    clock,
    store,
    watchdog,
    program: agent,
    machine: hashboard.model,
    chains: chains.length,
  });
}
