/**
 * A chain behind a core of the open FPGA design for the S9. Every 5 ms the finds are fetched; every 10 ms the core says
 * which work went out last, and the queue is filled up.
 */
import type { TimerHandle } from "#hal/clock.ts";
import type { S9ioLink, S9ioWindows } from "#hal/control-board.ts";
import { KumpelError } from "#hal/errors.ts";
import type { RegisterBlock } from "#hal/registers.ts";
import { swapBytes } from "#hal/sha256.ts";
import type { BaseChainOptions } from "../bm13xx/base-chain.ts";
import { ENUMERATION_BAUD } from "../hashboards/hashboard-model.ts";
import { WorkBatch, worksAhead } from "./queue-feeder.ts";
import { POLL_MS, QueuedChain } from "./queued-chain.ts";
import { S9ioCommandLink } from "./s9io-link.ts";
import {
  S9IO,
  S9IO_COMMAND_RX_WORDS,
  S9IO_CORE_MODEL,
  S9IO_NONCES,
  S9IO_REPLIES,
  S9IO_RESET,
  S9IO_WORK_RX_WORDS,
  S9IO_WORK_WORDS,
  s9ioControl,
  s9ioWorks,
  s9ioWorkTime,
  s9ioWorkWords,
} from "./s9io-registers.ts";
import { putS9ioWork, s9ioNonceWord, s9ioSlot, s9ioWireId, s9ioWorkId } from "./s9io-words.ts";

export interface S9ioChainOptions extends BaseChainOptions {
  readonly link: S9ioLink;
}

/** Turns of the loop between two looks at the queue, and at the error counter. */
const FEED_TURNS = 2;
const ERROR_TURNS = 200;

export class S9ioChain extends QueuedChain {
  protected readonly batch: WorkBatch;
  readonly #open: S9ioLink;
  readonly #nonces = new Uint32Array(S9IO_WORK_RX_WORDS);
  readonly #replies = new Uint32Array(S9IO_COMMAND_RX_WORDS);
  readonly #onTimer = (): void => this.#turn();
  #windows: S9ioWindows | null = null;
  #s9io: S9ioCommandLink | null = null;
  #timer: TimerHandle | null = null;
  #turns = 0;
  #crcErrors = 0;
  /** Since the queue was last emptied. */
  #written = 0;
  #lastWritten = 0;
  #outstanding = 0;

  constructor(options: S9ioChainOptions) {
    super(options);
    this.#open = options.link;
    this.batch = new WorkBatch(s9ioWorkWords(this.facts.midstatesMax), (out, at, work) =>
      putS9ioWork(out, at, s9ioWorkId(work.wireId), work),
    );
  }

  async open(): Promise<void> {
    const windows = await this.#open.open();
    const { common } = windows;
    const version = await common.read(S9IO.version);
    if (((version >>> 20) & 0xff) !== S9IO_CORE_MODEL) {
      const text = `chain ${this.chainIndex}: ${common.name} is no chain core, its version reads 0x${version.toString(16)}`;
      throw new KumpelError("FPGA_UNEXPECTED", text, { details: { chain: this.chainIndex, version } });
    }
    const { hasPreamble } = this.row.commands;
    const onError = (error: unknown): void => this.failed(error);
    const link = new S9ioCommandLink({ clock: this.clock, windows, hasPreamble, onError });
    // Off empties all buffers.
    await common.write(S9IO.control, 0);
    await link.setBaud(ENUMERATION_BAUD);
    await common.write(S9IO.workTime, s9ioWorkTime(0));
    await common.write(S9IO.control, s9ioControl(1, hasPreamble));
    this.#windows = windows;
    this.#s9io = link;
    this.attach(link);
    this.#arm();
  }

  async close(): Promise<void> {
    const windows = this.#windows;
    this.#windows = null;
    this.#timer?.cancel();
    this.#timer = null;
    this.detach();
    if (windows === null) return;
    await windows.common.write(S9IO.control, 0);
    const blocks: RegisterBlock[] = [windows.common, windows.command, windows.workRx, windows.workTx];
    await Promise.all(blocks.map((block) => block.close()));
  }

  protected override lineErrors(): { resyncBytes: number; crcErrors: number } {
    return { resyncBytes: 0, crcErrors: this.#crcErrors };
  }

  protected override missingWorks(): number {
    const capacity = Math.floor(S9IO_WORK_WORDS / s9ioWorkWords(this.midstatesUnder(this.versionMask))) - 1;
    return worksAhead(this.workTimeMs(this.versionMask), capacity) - this.#outstanding;
  }

  protected override writeBatch(): void {
    const { count, length, words, lastWireId } = this.batch;
    this.#written += count;
    this.#outstanding += count;
    this.#lastWritten = lastWireId;
    this.jobsWritten += count;
    const sink = s9ioWorks(this.midstatesUnder(this.versionMask));
    this.#windows?.workTx.fill(sink, words, length).catch((error: unknown) => this.failed(error));
  }

  protected override emptyQueue(): void {
    this.#written = 0;
    this.#outstanding = 0;
    this.#windows?.workTx.write(S9IO.workTxControl, S9IO_RESET.tx).catch((error: unknown) => this.failed(error));
  }

  protected override async applyWorkForm(): Promise<void> {
    const { common } = this.#windowsOpen();
    this.#s9io?.forgetWorkForm();
    const midstates = this.midstatesUnder(this.versionMask);
    const workTime = s9ioWorkTime(this.workTimeMs(this.versionMask));
    // Both at once: works that follow must not overtake one of the two.
    await Promise.all([
      common.write(S9IO.control, s9ioControl(midstates, this.row.commands.hasPreamble)),
      common.write(S9IO.workTime, workTime),
    ]);
  }

  #windowsOpen(): S9ioWindows {
    if (this.#windows === null) throw new KumpelError("UART_IO_FAILED", `chain ${this.chainIndex} is not open`);
    return this.#windows;
  }

  #arm(): void {
    this.#timer = this.clock.setTimer(POLL_MS, this.#onTimer);
  }

  #turn(): void {
    const windows = this.#windows;
    if (windows === null) return;
    this.#serve(windows).then(
      () => {
        if (this.#windows === windows) this.#arm();
      },
      (error: unknown) => this.failed(error),
    );
  }

  async #serve(windows: S9ioWindows): Promise<void> {
    this.#turns++;
    const nonceWords = await windows.workRx.drain(S9IO_NONCES, this.#nonces);
    for (let at = 0; at < nonceWords; at += 2) this.#takeNonce(this.#nonces[at]!, this.#nonces[at + 1]!);
    if (this.pending.isCollecting) await this.#takeReplies(windows);
    if (this.#turns % FEED_TURNS === 0 && this.hasListener) {
      this.#updateOutstanding(await windows.workTx.read(S9IO.lastWorkId));
      this.requestWork();
      this.flushWork();
    }
    if (this.#turns % ERROR_TURNS === 0) this.#crcErrors = await windows.common.read(S9IO.errors);
  }

  #takeNonce(first: number, second: number): void {
    const wireId = s9ioWireId(second) % this.facts.wireIdCount;
    this.takeMidstateNonce(wireId, s9ioSlot(second), s9ioNonceWord(first));
  }

  /** BM1387 names neither chip nor register; later chips put both behind the value. */
  async #takeReplies({ command }: S9ioWindows): Promise<void> {
    const words = await command.drain(S9IO_REPLIES, this.#replies);
    const isNamed = this.row.replyBytes !== 7;
    for (let at = 0; at < words; at += 2) {
      const value = swapBytes(this.#replies[at]!) >>> 0;
      const second = this.#replies[at + 1]!;
      this.takeRegister(value, isNamed ? second & 0xff : -1, isNamed ? (second >>> 8) & 0xff : -1);
    }
  }

  /** Works between the one that went out last and the one that was written last, of those written since the queue was empty. */
  #updateOutstanding(lastId: number): void {
    const { wireIdCount } = this.facts;
    const lastSent = s9ioWireId(lastId << 8) % wireIdCount;
    const distance = (this.#lastWritten - lastSent + wireIdCount) % wireIdCount;
    this.#outstanding = Math.min(this.#written, distance);
  }
}
