/** What a miner is made of: its arguments, and the running parts that snapshots are taken from. */

import type { ChainChipFacts } from "#drivers/hash-chain.ts";
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import type { HashboardModel } from "#drivers/hashboards/models.ts";
import type { OperatingPoint } from "#drivers/hashboards/operating-point.ts";
import type { PowerTrain } from "#drivers/power/power-train.ts";
import type { Clock } from "#hal/clock.ts";
import type { ChainConnector, ControlBoard } from "#hal/control-board.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { Network } from "#hal/network.ts";
import type { Random } from "#hal/random.ts";
import type { ChainRuntime } from "./chain/chain-runtime.ts";
import type { ChainSupervisor } from "./chain/chain-supervisor.ts";
import type { PauseControl } from "./control/pause-control.ts";
import type { PowerLine } from "./control/power-line.ts";
import type { ThermalLoop } from "./control/thermal-loop.ts";
import type { CoolingPolicy, TemperatureWish } from "./control/thermal-types.ts";
import type { WorkVoltage } from "./control/work-voltage.ts";
import type { BoardIdentity } from "./hardware/board-identities.ts";
import type { Log } from "./log.ts";
import type { LedgerKeeper } from "./pool/ledger-keeper.ts";
import type { PoolGroup, PoolGroups } from "./pool/pool-groups.ts";
import type { LatencyHistogram } from "./stats/latency-histogram.ts";
import type { ShareTruth } from "./stats/share-truth.ts";
import type { Supervision } from "./supervision.ts";
import type { Tuning } from "./tuning/tuning.ts";
import type { Scheduler } from "./work/scheduler.ts";

export interface MinerOptions {
  log: Log;
  clock: Clock;
  random: Random;
  network: Network;
  board: ControlBoard;
  hashboard: HashboardModel;
  support: BoardSupport;
  operatingPoint: OperatingPoint;
  /** The owner agreed to chips and boards that no source confirms; nothing can burn in the emulator, so there it counts. */
  isExperimentalAccepted: boolean;
  /** Clocks and voltages that the owner kept; absent: the working point for all. */
  tuning?: Tuning;
  /** Who the boards say they are; empty where they cannot say it. */
  identities: readonly BoardIdentity[];
  /** At least one group with at least one pool. */
  poolGroups: readonly PoolGroup[];
  /** Ticket to begin with, a power of two; null: the one that the hashboard's maker sets. */
  stockTicket: number | null;
  chipScale: number;
  poolScale: number;
  /** `name/version` as told to the pool. */
  agent: string;
  emulationLabel: string | null;
  /** Where receipts, incidents and a latched shutdown are kept. */
  store: FileStore;
  /** How the fans may run; absent: they follow the temperature between 30 and 100 %. */
  cooling?: CoolingPolicy;
  /** Temperatures that the fans aim for; absent: our own. */
  temperatures?: TemperatureWish;
}

export interface MinerParts {
  readonly options: MinerOptions;
  readonly startedAtMs: number;
  readonly chains: readonly {
    readonly connector: ChainConnector;
    readonly facts: ChainChipFacts;
    readonly runtime: ChainRuntime;
    readonly supervisor: ChainSupervisor;
  }[];
  readonly scheduler: Scheduler;
  readonly pools: PoolGroups;
  readonly latency: {
    readonly notifyToFirstWork: LatencyHistogram;
    readonly notifyToLastChain: LatencyHistogram;
    readonly nonceToSubmit: LatencyHistogram;
  };
  readonly thermal: ThermalLoop;
  readonly power: PowerLine;
  readonly train: PowerTrain;
  readonly pauses: PauseControl;
  readonly workVoltage: WorkVoltage;
  readonly truth: ShareTruth;
  readonly ledger: LedgerKeeper;
  readonly supervision: Supervision;
}
