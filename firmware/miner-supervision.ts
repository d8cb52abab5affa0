/** Builds the supervision of one machine from the arguments of its miner. */
import type { MinerOptions } from "./miner-parts.ts";
import { Supervision } from "./supervision.ts";

export function createSupervision(options: MinerOptions): Supervision {
  const { log, clock, store, board, agent, hashboard, chipScale } = options;
  const { watchdog, chains } = board;
  const capture = {
    program: agent,
    machine: hashboard.model,
    chip: hashboard.chip,
    chips: hashboard.chips,
    "address-interval": hashboard.addressInterval,
    "chip-scale": chipScale,
  };
  return new Supervision({
    log,
    clock,
    store,
    watchdog,
    program: agent,
    machine: hashboard.model,
    chains: chains.length,
    capture,
  });
}
