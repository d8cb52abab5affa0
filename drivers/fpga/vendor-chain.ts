/**
 * A chain behind the vendor's FPGA. Finds of all chains come through one FIFO, so the block's loop hands them out; and
 * in each of its turns the work FIFO is filled up. What the FPGA does not take stays here until it does.
 */
import type { VendorFpgaLink } from "#hal/control-board.ts";
import { KumpelError } from "#hal/errors.ts";
import type { BaseChainOptions } from "../bm13xx/base-chain.ts";
import type { CommandLink } from "../bm13xx/command-link.ts";
import { ENUMERATION_BAUD } from "../hashboards/hashboard-model.ts";
import { WorkBatch, worksAhead } from "./queue-feeder.ts";
import { POLL_MS, QueuedChain } from "./queued-chain.ts";
import type { VendorBlock, VendorBlocks, VendorListener } from "./vendor-block.ts";
import { VENDOR, VENDOR_VERSIONS, VENDOR_WORK_WORDS, vendorHashControl, vendorWorks } from "./vendor-registers.ts";
import { putVendorWork } from "./vendor-words.ts";
import { WorksOutstanding } from "./works-outstanding.ts";

export interface VendorChainOptions extends BaseChainOptions {
  readonly link: VendorFpgaLink;
  readonly blocks: VendorBlocks;
}

/** Works that the queue may hold at most: far fewer than the ring of ids, however deep the FIFO is. */
const CAPACITY_WORKS = 192;
/** A find is up to a turn old when it is read, and its work was sent before that. */
const FIND_AGE_MS = 2 * POLL_MS;

export class VendorChain extends QueuedChain {
  protected readonly batch: WorkBatch;
  readonly #link: VendorFpgaLink;
  readonly #blocks: VendorBlocks;
  readonly #outstanding = new WorksOutstanding();
  readonly #listener: VendorListener;
  #shared: VendorBlock | null = null;
  #lastWritten = 0;
  /** Works that the FPGA did not take yet. */
  #leftOver: Uint32Array | null = null;
  #isWriting = false;
  /** Counts how often the queue was emptied. */
  #emptied = 0;

  constructor(options: VendorChainOptions) {
    super(options);
    this.#link = options.link;
    this.#blocks = options.blocks;
    const { chainNumber } = options.link;
    this.batch = new WorkBatch(VENDOR_WORK_WORDS, (out, at, work) => putVendorWork(out, at, chainNumber, work));
    this.#listener = {
      chainNumber,
      onNonce: (wireId, slot, nonceWord) => this.#onNonce(wireId % this.facts.wireIdCount, slot, nonceWord),
      onReply: (value, chipAddress, register) => this.takeRegister(value, chipAddress, register),
      onTurn: () => this.#turn(),
      onEmptied: () => this.#onEmptied(),
      onError: (error) => this.failed(error),
    };
  }

  async open(): Promise<void> {
    const block = await this.#link.open();
    const version = await block.read(VENDOR.version.offset);
    if (!VENDOR_VERSIONS.includes(version & 0xffff)) {
      const text = `chain ${this.chainIndex}: ${block.name} has an unknown FPGA version 0x${(version & 0xffff).toString(16)}`;
      throw new KumpelError("FPGA_UNEXPECTED", text, { details: { chain: this.chainIndex, version } });
    }
    const shared = this.#blocks.of(block);
    this.#shared = shared;
    const link = new VendorLink(shared, this.#link.chainNumber, this.row.commands.hasPreamble ? 2 : 0, (error) =>
      this.failed(error),
    );
    await link.setBaud(ENUMERATION_BAUD);
    this.attach(link);
    shared.attach(this.#listener);
  }

  close(): Promise<void> {
    this.#shared?.detach(this.#listener);
    this.#shared = null;
    this.#leftOver = null;
    this.detach();
    // The block is the board's, which closes it.
    return Promise.resolve();
  }

  override workTimeMs(versionMask: number): number {
    // As the register has it, in whole microseconds.
    return Math.max(0.001, Math.floor(super.workTimeMs(versionMask) * 1000) / 1000);
  }

  protected override lineErrors(): { resyncBytes: number; crcErrors: number } {
    return { resyncBytes: 0, crcErrors: this.#shared?.crcErrors ?? 0 };
  }

  protected override missingWorks(): number {
    if (this.#leftOver !== null || this.#isWriting) return 0;
    const workTimeMs = this.workTimeMs(this.versionMask);
    const ahead = worksAhead(workTimeMs, CAPACITY_WORKS);
    return Math.ceil(ahead - this.#outstanding.count(this.clock.nowMs(), workTimeMs));
  }

  protected override writeBatch(): void {
    const { count, length, words, lastWireId } = this.batch;
    this.#lastWritten = lastWireId;
    this.jobsWritten += count;
    this.#write(words, length, false);
  }

  /** One switch for all chains: it is left alone where a single one stops, whose works end by themselves. */
  protected override emptyQueue(): void {
    if (!this.hasListener) return;
    const word = vendorHashControl(this.midstatesUnder(this.versionMask));
    this.#shared?.emptyQueues(word).catch((error: unknown) => this.failed(error));
  }

  protected override async applyWorkForm(): Promise<void> {
    const shared = this.#shared;
    if (shared === null) return;
    const control = vendorHashControl(this.midstatesUnder(this.versionMask));
    await Promise.all([
      shared.block.write(VENDOR.hashControl.offset, control),
      shared.setWorkTime(this.#link.chainNumber, this.workTimeMs(this.versionMask)),
    ]);
  }

  /** Every turn, since a FIFO may hold no more than 14 ms of the shortest works. */
  #turn(): void {
    if (this.#isWriting || !this.hasListener) return;
    const rest = this.#leftOver;
    if (rest === null) {
      this.requestWork();
      this.flushWork();
      return;
    }
    this.#leftOver = null;
    this.#write(rest, rest.length, true);
  }

  /** Nothing is put into the batch while a part of it waits, so its words stay what they are. */
  #write(words: Uint32Array, length: number, isRest: boolean): void {
    const shared = this.#shared;
    if (shared === null) return;
    const workTimeMs = this.workTimeMs(this.versionMask);
    const emptiedBefore = this.#emptied;
    this.#isWriting = true;
    shared.block.fill(vendorWorks(this.#link.chainNumber), words, length).then(
      (written) => {
        // What was written before the queue was emptied is gone.
        if (emptiedBefore !== this.#emptied) return;
        this.#isWriting = false;
        this.#outstanding.add(written / VENDOR_WORK_WORDS, this.clock.nowMs(), workTimeMs);
        if (written < length) this.#leftOver = words.subarray(written, length);
        // It took all that was left over: there may be room for more.
        else if (isRest) this.#turn();
      },
      (error: unknown) => this.failed(error),
    );
  }

  #onEmptied(): void {
    this.#leftOver = null;
    this.#isWriting = false;
    this.#emptied++;
    this.#outstanding.clear(this.clock.nowMs());
  }

  #onNonce(wireId: number, slot: number, nonceWord: number): void {
    const workTimeMs = this.workTimeMs(this.versionMask);
    const behind = (this.#lastWritten - wireId + this.facts.wireIdCount) % this.facts.wireIdCount;
    this.#outstanding.raise(behind - FIND_AGE_MS / workTimeMs - 1, this.clock.nowMs(), workTimeMs);
    this.takeMidstateNonce(wireId, slot, nonceWord);
  }
}

/** Commands of one chain through the shared block. */
class VendorLink implements CommandLink {
  baud = 0;
  readonly #shared: VendorBlock;
  readonly #chainNumber: number;
  readonly #preambleBytes: number;
  readonly #onError: (error: unknown) => void;

  constructor(shared: VendorBlock, chainNumber: number, preambleBytes: number, onError: (error: unknown) => void) {
    this.#shared = shared;
    this.#chainNumber = chainNumber;
    this.#preambleBytes = preambleBytes;
    this.#onError = onError;
  }

  send(frames: Uint8Array): void {
    for (let at = 0; at < frames.length; ) {
      const start = at + this.#preambleBytes;
      const end = start + frames[start + 1]!;
      this.#shared.sendCommand(this.#chainNumber, frames.slice(start, end)).catch(this.#onError);
      at = end;
    }
  }

  sendOpenCoreWork(): void {
    throw new RangeError("no chip behind this FPGA opens its cores with works");
  }

  drain(): Promise<void> {
    return this.#shared.whenIdle();
  }

  async setBaud(baud: number): Promise<void> {
    await this.drain();
    this.baud = baud;
    await this.#shared.setBaud(this.#chainNumber, baud);
  }

  discardInput(): Promise<void> {
    return this.#shared.discardReplies(this.#chainNumber);
  }
}
