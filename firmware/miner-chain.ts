/** Builds what belongs to one chain of a miner: driver, runtime, and the supervisor that brings it up and keeps it going. */
import { CHIPS } from "#drivers/bm13xx/chips.ts";
import { STOCK_TICKET_DIFFICULTY } from "#drivers/bm13xx/init-sequence.ts";
import { chainFacts, createHashChain } from "#drivers/create-chain.ts";
import type { VendorBlocks } from "#drivers/fpga/vendor-block.ts";
import type { HashChain } from "#drivers/hash-chain.ts";
import type { PowerTrain } from "#drivers/power/power-train.ts";
import type { ChainConnector } from "#hal/control-board.ts";
import { createChainRuntime } from "./chain/chain-runtime.ts";
import { ChainSupervisor } from "./chain/chain-supervisor.ts";
import { uniformTuning } from "./chain/chain-tuning.ts";
import { type ChunkTime, timedUart } from "./chain/timed-uart.ts";
import type { PowerRequest } from "./control/power-line.ts";
import type { Share } from "./job/job.ts";
import type { MinerOptions, MinerParts } from "./miner-parts.ts";
import type { Supervision } from "./supervision.ts";
import { MerkleRootBuilder } from "./work/merkle.ts";
import type { Scheduler } from "./work/scheduler.ts";

export interface MinerChainParts {
  readonly options: MinerOptions;
  readonly scheduler: Scheduler;
  readonly vendorBlocks: VendorBlocks;
  readonly power: PowerRequest;
  readonly train: PowerTrain;
  readonly supervision: Supervision;
  readonly onShare: (share: Share) => void;
  /** Hashes that a valid nonce stands for, and the pool whose work it was. */
  readonly onVerified: (pool: number, hashes: number) => void;
}

export function createMinerChain(connector: ChainConnector, parts: MinerChainParts): MinerParts["chains"][number] {
  const { options, scheduler, vendorBlocks, power, train, supervision, onShare, onVerified } = parts;
  const { clock, log, board, hashboard, support, chipScale, poolScale, isExperimentalAccepted } = options;
  const chunk: ChunkTime | null = connector.link.kind === "uart" ? { atMs: 0 } : null;
  const createChain = (): HashChain =>
    createHashChain({
      clock,
      connector,
      board: hashboard,
      experimentalAccepted: isExperimentalAccepted,
      vendorBlocks,
      wrapUart: (uart) =>
        chunk === null
          ? uart
          : timedUart(
              uart,
              clock,
              chunk,
              supervision.blackBox.uart(connector.index),
              supervision.chainTrace(connector.index),
            ),
    });
  const facts = chainFacts(hashboard, connector.link);
  const runtime = createChainRuntime({
    clock,
    chainIndex: connector.index,
    chains: board.chains.length,
    expectedChips: hashboard.chips,
    facts,
    poolScale,
    merkle: new MerkleRootBuilder(),
    onShare,
    onVerified,
  });
  const supervisor = new ChainSupervisor({
    clock,
    connector,
    scheduler,
    runtime,
    createChain,
    chunk,
    stockTicket: options.stockTicket ?? hashboard.stockTicketDifficulty ?? STOCK_TICKET_DIFFICULTY,
    chipScale,
    log: log.child({ part: "chain", chain: connector.index }),
    power,
    expectedChips: hashboard.chips,
    resetTiming: support,
    boardPower: {
      up: (signal) => train.chainUp(connector.index, signal),
      toWork: (signal) => train.chainWork(connector.index, signal),
      down: () => train.chainDown(connector.index),
    },
    tuning: options.tuning?.chains[connector.index] ?? uniformTuning(options.operatingPoint.frequencyMhz),
    frequencyMinMhz: CHIPS[hashboard.chip].pll.frequencyMinMhz,
    incidents: supervision.incidents,
    decisions: supervision.blackBox,
  });
  return { connector, facts, runtime, supervisor };
}
