/** What the shell of a chain machine is built from. */
import type { HashChain } from "#drivers/hash-chain.ts";
import type { Clock } from "#hal/clock.ts";
import type { ChainConnector } from "#hal/control-board.ts";
import type { DecisionSink } from "../blackbox/black-box.ts";
import type { PowerRequest } from "../control/power-line.ts";
import type { IncidentSink } from "../incidents/incident-log.ts";
import type { Log } from "../log.ts";
import type { Scheduler } from "../work/scheduler.ts";
import type { ResetTiming } from "./chain-machine.ts";
import type { ChainRuntime } from "./chain-runtime.ts";
import type { ChainTuning } from "./chain-tuning.ts";
import type { ChunkTime } from "./timed-uart.ts";

/** What the chain may order of its board's controller; boards without one do nothing. */
export interface BoardPower {
  up(signal: AbortSignal): Promise<void>;
  toWork(signal: AbortSignal): Promise<void>;
  down(): Promise<void>;
}

export interface ChainSupervisorOptions {
  log: Log;
  clock: Clock;
  connector: ChainConnector;
  power: PowerRequest;
  scheduler: Scheduler;
  runtime: ChainRuntime;
  /** A fresh driver for each start; it opens the link itself. */
  createChain: () => HashChain;
  /** Written by the link that `createChain` opens; null where the link is no UART. */
  chunk: ChunkTime | null;
  expectedChips: number;
  resetTiming: ResetTiming;
  /** Power of this chain's own board, where it has a controller. */
  boardPower: BoardPower;
  /** Slowest clock that the chips can make. */
  frequencyMinMhz: number;
  /** Clocks to begin with. */
  tuning: ChainTuning;
  incidents: IncidentSink;
  /** What was decided on what, for the black box. */
  decisions: DecisionSink;
  stockTicket: number;
  chipScale: number;
}
