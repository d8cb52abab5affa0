/**
 * A chain behind an FPGA that keeps a queue of works and paces them: what the designs have in common. Works are gathered
 * and go out in one batch; a turn of the chain's loop asks for what is missing.
 */
import { BaseChain, type BaseChainOptions } from "../bm13xx/base-chain.ts";
import { CHIPS, type ChipName } from "../bm13xx/chips.ts";
import { midstateFrameLength } from "../bm13xx/midstate-frame.ts";
import type { ChainChipFacts, ChainWork } from "../hash-chain.ts";
import type { WorkBatch } from "./queue-feeder.ts";

/** Ring of works whose ids fit the FPGAs' fields; half of it stays retired. */
const WIRE_IDS = 512;
/** Both FPGAs are polled for nonces this often. */
export const POLL_MS = 5;

/** Facts of a chip behind an FPGA: its ids are the FPGA's. */
export function queuedChainFacts(name: ChipName): ChainChipFacts {
  const { chip, engines, versionMask, midstatesMax, noncesPerWork } = CHIPS[name];
  return {
    chip,
    engines,
    wireIdCount: WIRE_IDS,
    retiredIdCount: WIRE_IDS / 2,
    versionMask,
    midstatesMax,
    noncesPerWork,
  };
}

export abstract class QueuedChain extends BaseChain {
  readonly feedMode = "queued";
  protected abstract readonly batch: WorkBatch;
  /** Bits of the version mask that works are made under now. */
  protected versionMask: number;
  #listener: ((count: number) => void) | null = null;

  constructor(options: BaseChainOptions) {
    super(options, queuedChainFacts(options.board.chip));
    this.versionMask = this.facts.versionMask;
  }

  /** Works to put so that enough lie ahead. */
  protected abstract missingWorks(): number;
  protected abstract writeBatch(): void;
  protected abstract emptyQueue(): void;
  /** The number of midstates or the time of a work changed. */
  protected abstract applyWorkForm(): Promise<void>;

  putWork(work: ChainWork): void {
    this.noteVersions(work);
    this.batch.add(work);
  }

  flushWork(): void {
    if (this.batch.count === 0) return;
    if (this.link !== null) this.writeBatch();
    this.batch.clear();
  }

  dropQueuedWork(): void {
    this.batch.clear();
    if (this.link !== null) this.emptyQueue();
  }

  onWorkWanted(listener: ((count: number) => void) | null): void {
    this.#listener = listener;
  }

  requestWork(): void {
    if (this.link === null || this.#listener === null) return;
    const count = this.missingWorks();
    if (count > 0) this.#listener(count);
  }

  /** The sweep's share that the chip's facts give, but no less than a work takes on the line. */
  workTimeMs(versionMask: number): number {
    const { midstate, commands } = this.row;
    const lastsMs = this.epochMs(versionMask) * (midstate?.workTimeShare ?? 1);
    const bytes = midstateFrameLength(this.midstatesUnder(versionMask)) + (commands.hasPreamble ? 2 : 0);
    return Math.max(lastsMs, (10_000 * bytes) / this.board.workBaud);
  }

  override setVersionMask(mask: number): void {
    const isOther = this.midstatesUnder(mask) !== this.midstatesUnder(this.versionMask);
    this.versionMask = mask;
    if (isOther && this.link !== null) this.applyWorkForm().catch((error: unknown) => this.failed(error));
  }

  override async startMining(
    options: { versionMask: number; ticketDifficulty: number },
    signal: AbortSignal,
  ): Promise<void> {
    await super.startMining(options, signal);
    this.versionMask = options.versionMask;
    await this.applyWorkForm();
  }

  override async retune(wantedMhz: (chipIndex: number) => number, signal: AbortSignal): Promise<number> {
    const reached = await super.retune(wantedMhz, signal);
    await this.applyWorkForm();
    return reached;
  }

  protected get hasListener(): boolean {
    return this.#listener !== null;
  }

  protected failed(error: unknown): void {
    if (this.link !== null) this.fail(error instanceof Error ? error : new Error(String(error)));
  }
}
