/** Commands through a chain core of the open FPGA design: the core adds preamble and CRC, checks replies and sets the rate. */
import { type Clock, sleep } from "#hal/clock.ts";
import type { S9ioWindows } from "#hal/control-board.ts";
import type { CommandLink } from "../bm13xx/command-link.ts";
import type { ChainWork } from "../hash-chain.ts";
import {
  S9IO,
  S9IO_COMMANDS,
  S9IO_RESET,
  S9IO_STATUS,
  s9ioBaudRegister,
  s9ioControl,
  s9ioWorks,
} from "./s9io-registers.ts";
import { putS9ioCommands, putS9ioWork } from "./s9io-words.ts";

const DRAIN_POLL_MS = 1;
/** The longest frame, ten bits a byte: "empty" is said when the last one has only left the FIFO. */
const LAST_FRAME_BYTES = 11;
const BATCH_WORDS = 512;

export interface S9ioLinkOptions {
  readonly clock: Clock;
  readonly windows: S9ioWindows;
  readonly hasPreamble: boolean;
  readonly onError: (error: unknown) => void;
}

export class S9ioCommandLink implements CommandLink {
  baud = 0;
  readonly #options: S9ioLinkOptions;
  readonly #words = new Uint32Array(BATCH_WORDS);
  readonly #work = new Uint32Array(16);
  /** Register accesses that were begun; their order is that of the calls. */
  #last: Promise<unknown> = Promise.resolve();
  #hasSingleMidstates = false;

  constructor(options: S9ioLinkOptions) {
    this.#options = options;
  }

  send(frames: Uint8Array): void {
    const { windows, hasPreamble } = this.#options;
    const count = putS9ioCommands(this.#words, frames, hasPreamble ? 2 : 0);
    this.#begin(this.#fillCommands(windows, this.#words.slice(0, count)));
  }

  sendOpenCoreWork(work: ChainWork): void {
    const { windows, hasPreamble } = this.#options;
    if (!this.#hasSingleMidstates) {
      this.#hasSingleMidstates = true;
      this.#begin(windows.common.write(S9IO.control, s9ioControl(1, hasPreamble)));
    }
    const count = putS9ioWork(this.#work, 0, work.wireId, work);
    this.#begin(windows.workTx.fill(s9ioWorks(1), this.#work, count));
  }

  async drain(): Promise<void> {
    const { clock, windows } = this.#options;
    await this.#last;
    const { command, workTx } = windows;
    while (((await command.read(S9IO.commandStatus)) & S9IO_STATUS.txEmpty) === 0) await sleep(clock, DRAIN_POLL_MS);
    // While the chain hashes the work FIFO is never empty, and commands go out between two works.
    while (this.#hasSingleMidstates && ((await workTx.read(S9IO.workTxStatus)) & S9IO_STATUS.txEmpty) === 0) {
      await sleep(clock, DRAIN_POLL_MS);
    }
    await sleep(clock, (10_000 * LAST_FRAME_BYTES) / this.baud);
  }

  async setBaud(baud: number): Promise<void> {
    if (this.baud !== 0) await this.drain();
    this.baud = baud;
    await this.#options.windows.common.write(S9IO.baud, s9ioBaudRegister(baud));
  }

  async discardInput(): Promise<void> {
    const { command, workRx } = this.#options.windows;
    await command.write(S9IO.commandControl, S9IO_RESET.rx);
    await workRx.write(S9IO.workRxControl, S9IO_RESET.rx);
  }

  /** Works are written in another form again: the core has to be told before the next one. */
  forgetWorkForm(): void {
    this.#hasSingleMidstates = false;
  }

  /** A command FIFO of 1,024 words holds more than any sequence has between two waits; what did not fit is sent later. */
  async #fillCommands({ command }: S9ioWindows, words: Uint32Array): Promise<void> {
    let rest = words;
    for (;;) {
      const written = await command.fill(S9IO_COMMANDS, rest, rest.length);
      rest = rest.subarray(written);
      if (rest.length === 0) return;
      await sleep(this.#options.clock, DRAIN_POLL_MS);
    }
  }

  #begin(access: Promise<unknown>): void {
    this.#last = Promise.all([this.#last, access]).catch(this.#options.onError);
  }
}
