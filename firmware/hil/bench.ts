/**
 * One machine under test: its board, the drivers around it, one chain driver for each hashboard. It switches nothing on by
 * itself, and knows one way to the safe state that every end of a run takes.
 */
import { createHashChain } from "#drivers/create-chain.ts";
import { VendorBlocks } from "#drivers/fpga/vendor-block.ts";
import type { HashChain } from "#drivers/hash-chain.ts";
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import type { HashboardModel } from "#drivers/hashboards/models.ts";
import type { OperatingPoint } from "#drivers/hashboards/operating-point.ts";
import { sleep } from "#hal/clock.ts";
import type { ChainConnector } from "#hal/control-board.ts";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import type { BoardIdentity } from "../hardware/board-identities.ts";
import { ChipPorts } from "../hardware/chip-ports.ts";
import { createHashboardDevices, type HashboardDevices } from "../hardware/hashboard-devices.ts";
import type { Log } from "../log.ts";
import type { Platform, Scales } from "../platform/platform.ts";
import type { LineNoise } from "./judge-chain.ts";

/** What the target is and what it may be asked to do. */
export interface HilTarget {
  /** As it was named. */
  readonly name: string;
  readonly platform: Platform;
  readonly hashboard: HashboardModel;
  readonly support: BoardSupport;
  readonly scales: Scales;
  readonly isExperimentalAccepted: boolean;
  /** False: no step may give power to the hashboards. */
  readonly mayEnergise: boolean;
  /** Connectors that must hold a hashboard, by index; null = those that do. */
  readonly expectedChains: readonly number[] | null;
  readonly expectedFans: number | null;
  /** Beginning of the name in the boards' EEPROMs; null = that they agree is enough. */
  readonly boardName: string | null;
  readonly hardwareErrorPct: number;
  readonly miningS: number;
  /** For what the miner keeps while it runs. */
  readonly store: FileStore;
}

export interface BenchParts {
  readonly target: HilTarget;
  readonly log: Log;
  readonly identities: readonly BoardIdentity[];
  readonly operatingPoint: OperatingPoint;
}

export class HilBench {
  readonly target: HilTarget;
  readonly log: Log;
  readonly identities: readonly BoardIdentity[];
  readonly operatingPoint: OperatingPoint;
  readonly devices: HashboardDevices;
  /** Connectors with a hashboard, set by the step that looks. */
  plugged: readonly number[] = [];
  /** Chips have addresses and their working rate: what hangs on them can be read without disturbing their start. */
  areChipsConfigured = false;
  /** Power may be on. */
  isEnergised = false;
  /** The board is gone as a whole. */
  lost: KumpelError | null = null;
  /** Told of what breaks beside the step that runs: a controller that went silent, a link, heat. */
  onBroken: (error: KumpelError) => void = () => undefined;
  readonly #chains: (HashChain | null)[];
  readonly #chipPorts = new ChipPorts();
  readonly #vendorBlocks: VendorBlocks;

  constructor({ target, log, identities, operatingPoint }: BenchParts) {
    this.target = target;
    this.log = log;
    this.identities = identities;
    this.operatingPoint = operatingPoint;
    const { clock, board } = target.platform;
    this.#chains = board.chains.map(() => null);
    this.#vendorBlocks = new VendorBlocks(clock);
    this.devices = createHashboardDevices({
      clock,
      board,
      support: target.support,
      workMv: operatingPoint.workMv,
      bridge: (chainIndex, chipIndex) => this.#chipPort(chainIndex, chipIndex),
      onHeartbeatLost: (chainIndex, error) => {
        const text = `chain ${chainIndex}: its voltage controller stopped answering (${errorText(error)})`;
        this.onBroken(new KumpelError("VOLTAGE_CONTROLLER_FAILED", text, { cause: error }));
      },
    });
  }

  connector(chainIndex: number): ChainConnector {
    const connector = this.target.platform.board.chains[chainIndex];
    if (connector === undefined) throw new RangeError(`the board has no connector ${chainIndex}`);
    return connector;
  }

  /** The chain's driver with its link open; the same one until the board is made safe. */
  async openChain(chainIndex: number): Promise<HashChain> {
    const open = this.#chains[chainIndex];
    if (open != null) return open;
    const { platform, hashboard, isExperimentalAccepted } = this.target;
    const chain = createHashChain({
      clock: platform.clock,
      connector: this.connector(chainIndex),
      board: hashboard,
      experimentalAccepted: isExperimentalAccepted,
      vendorBlocks: this.#vendorBlocks,
    });
    this.#chains[chainIndex] = chain;
    chain.onError((error) => {
      const text = `chain ${chainIndex}: its link broke (${errorText(error)})`;
      this.onBroken(new KumpelError("UART_IO_FAILED", text, { cause: error }));
    });
    await chain.open();
    return chain;
  }

  /** A reset as the machine's own start makes it. */
  async resetChain(chainIndex: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.target.platform;
    const connector = this.connector(chainIndex);
    await connector.setReset(true);
    await sleep(clock, this.target.support.resetLowMs, signal);
    await connector.setReset(false);
    await sleep(clock, this.target.support.resetSettleMs, signal);
  }

  /** What its line has shown since it was opened. */
  noise(chainIndex: number): LineNoise {
    const counters = this.#chains[chainIndex]?.counters;
    return { crcErrors: counters?.crcErrors ?? 0, resyncBytes: counters?.resyncBytes ?? 0 };
  }

  /**
   * Chips in reset, links closed, everything off.
   * @throws KumpelError or AggregateError when a switch did not confirm that it is off.
   */
  async makeSafe(): Promise<void> {
    this.areChipsConfigured = false;
    const down = await Promise.allSettled([this.devices.train.machineDown(), ...this.#chains.map((c) => c?.close())]);
    this.#chains.fill(null);
    const [power] = down;
    if (power.status === "rejected") throw power.reason;
    this.isEnergised = false;
  }

  #chipPort(chainIndex: number, chipIndex: number) {
    const chain = this.#chains[chainIndex];
    return chain == null || !this.areChipsConfigured ? null : this.#chipPorts.port(chain, chipIndex);
  }
}

/** What changed between two looks at a line. */
export function noiseSince(before: LineNoise, after: LineNoise): LineNoise {
  return {
    crcErrors: after.crcErrors - before.crcErrors,
    resyncBytes: after.resyncBytes - before.resyncBytes,
  };
}

/** One sentence of what was thrown; several failures of a power-down become one. */
export function reasonOf(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(errorText).join("; ") : errorText(error);
}
