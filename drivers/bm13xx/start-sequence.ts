/** The start sequence of a board's chips, phase by phase: one interface over the two families of chips. */
import type { HashboardModel } from "../hashboards/hashboard-model.ts";
import { CHIPS } from "./chips.ts";
import * as header from "./init-sequence.ts";
import type { InitStep } from "./init-step.ts";
import * as midstate from "./midstate-sequence.ts";

export interface StartSequence {
  enumerate(): InitStep[];
  address(): InitStep[];
  configure(chipCount: number): InitStep[];
  ramp(targetMhz: number): InitStep[];
  startMining(options: header.StartMiningOptions): InitStep[];
  setFrequency(chipCount: number, fromMhz: number, targetMhz: number): InitStep[];
}

export function startSequence(board: HashboardModel): StartSequence {
  if (CHIPS[board.chip].midstate !== null) {
    return {
      enumerate: () => midstate.enumerateSteps(),
      address: () => midstate.addressSteps(board),
      configure: () => midstate.configureSteps(board),
      ramp: (targetMhz) => midstate.rampSteps(board, targetMhz),
      startMining: ({ ticketDifficulty }) => midstate.startMiningSteps(board, ticketDifficulty),
      setFrequency: (_chipCount, _fromMhz, targetMhz) => midstate.setFrequencySteps(board, targetMhz),
    };
  }
  return {
    enumerate: () => header.enumerateSteps(board),
    address: () => header.addressSteps(board),
    configure: (chipCount) => header.configureSteps(board, chipCount),
    ramp: (targetMhz) => header.rampSteps(board, targetMhz),
    startMining: (options) => header.startMiningSteps(board, options),
    setFrequency: (chipCount, fromMhz, targetMhz) => header.setFrequencySteps(board, chipCount, fromMhz, targetMhz),
  };
}
