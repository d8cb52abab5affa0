/**
 * A hash chain on a plain UART. Its chips hold one work, so every new one is written by itself and at once: one frame
 * buffer, one call, nothing allocated.
 */
import type { Uart } from "#hal/uart.ts";
import type { ChainChipFacts, ChainWork } from "../hash-chain.ts";
import { ENUMERATION_BAUD } from "../hashboards/hashboard-model.ts";
import { BaseChain, type BaseChainOptions } from "./base-chain.ts";
import { CHIPS, type ChipName } from "./chips.ts";
import { idByteOfWireId, MIDSTATE_FRAME_BYTES_MAX, putMidstateFrame } from "./midstate-frame.ts";
import { ResponseParser } from "./response-parser.ts";
import { UartLink } from "./uart-link.ts";
import { jobByteOfWireId, putWorkFrame, WORK_FRAME_BYTES } from "./work-frame.ts";

export interface Bm13xxChainOptions extends BaseChainOptions {
  readonly openUart: (baud: number) => Promise<Uart>;
}

/** A second count only where the chips answered in their short form. */
const ENUMERATION_TRIES_MAX = 2;

/** Facts of a chip on a plain UART: the ids are the chip's own. */
export function uartChainFacts(name: ChipName): ChainChipFacts {
  const { chip, engines, wireIdCount, retiredIdCount, versionMask, midstatesMax, noncesPerWork } = CHIPS[name];
  return { chip, engines, wireIdCount, retiredIdCount, versionMask, midstatesMax, noncesPerWork };
}

export class Bm13xxChain extends BaseChain {
  readonly feedMode = "timed";
  readonly #openUart: (baud: number) => Promise<Uart>;
  readonly #parser: ResponseParser;
  readonly #headerFrame = new Uint8Array(WORK_FRAME_BYTES);
  readonly #midstateFrame = new Uint8Array(MIDSTATE_FRAME_BYTES_MAX);
  readonly #frames: readonly Uint8Array[];
  #uart: Uart | null = null;
  /** What the next flush writes. */
  #frame: Uint8Array | null = null;

  constructor(options: Bm13xxChainOptions) {
    super(options, uartChainFacts(options.board.chip));
    this.#openUart = options.openUart;
    this.#parser = new ResponseParser(this.makeSink());
    this.#parser.frameLength = this.row.replyBytes;
    // Views by the number of midstates, so that a write needs no new one.
    const preamble = this.row.commands.hasPreamble ? 2 : 0;
    this.#frames = [0, 1, 2, 3, 4].map((n) => this.#midstateFrame.subarray(0, preamble + 22 + 32 * n));
  }

  async open(): Promise<void> {
    const uart = await this.#openUart(ENUMERATION_BAUD);
    this.#uart = uart;
    this.#parser.reset();
    this.attach(new UartLink(uart, this.#parser, this.row.commands.hasPreamble));
    uart.onData((chunk) => this.#parser.push(chunk));
    uart.onError((error) => this.fail(error));
  }

  async close(): Promise<void> {
    const uart = this.#uart;
    this.#uart = null;
    this.detach();
    await uart?.close();
  }

  putWork(work: ChainWork): void {
    if (work.midstateCount === 0) {
      putWorkFrame(this.#headerFrame, 0, jobByteOfWireId(work.wireId), work.header);
      this.#frame = this.#headerFrame;
      return;
    }
    this.noteVersions(work);
    const { hasPreamble } = this.row.commands;
    putMidstateFrame(this.#midstateFrame, 0, hasPreamble, idByteOfWireId(work.wireId), work);
    this.#frame = this.#frames[work.midstateCount]!;
  }

  flushWork(): void {
    const frame = this.#frame;
    if (this.#uart === null || frame === null) return;
    this.#frame = null;
    this.#uart.write(frame);
    this.jobsWritten++;
  }

  dropQueuedWork(): void {
    this.#frame = null;
  }

  /** The chips hold one work: the caller keeps the time. */
  onWorkWanted(): void {}

  requestWork(): void {}

  workTimeMs(): number {
    return 0;
  }

  protected override async countChips(count: () => Promise<void>): Promise<void> {
    for (let attempt = 0; attempt < ENUMERATION_TRIES_MAX; attempt++) {
      const shortBefore = this.#parser.shortFrames;
      await count();
      this.#parser.reset();
      // Replies in the short form: the chips are there, but did not hear the write that makes replies 11 bytes long.
      if (this.chipCount > 0 || this.#parser.shortFrames === shortBefore) return;
    }
  }

  protected override lineErrors(): { resyncBytes: number; crcErrors: number } {
    return this.#parser;
  }
}
