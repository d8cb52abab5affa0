/** Commands over a plain UART: frames go out as they are, what comes back is parsed. */
import type { Uart } from "#hal/uart.ts";
import type { ChainWork } from "../hash-chain.ts";
import type { CommandLink } from "./command-link.ts";
import { MIDSTATE_FRAME_BYTES_MAX, putMidstateFrame } from "./midstate-frame.ts";
import type { ResponseParser } from "./response-parser.ts";

export class UartLink implements CommandLink {
  readonly uart: Uart;
  readonly #parser: ResponseParser;
  readonly #hasPreamble: boolean;

  constructor(uart: Uart, parser: ResponseParser, hasPreamble: boolean) {
    this.uart = uart;
    this.#parser = parser;
    this.#hasPreamble = hasPreamble;
  }

  get baud(): number {
    return this.uart.baud;
  }

  send(frames: Uint8Array): void {
    this.uart.write(frames);
  }

  sendOpenCoreWork(work: ChainWork): void {
    const frame = new Uint8Array(MIDSTATE_FRAME_BYTES_MAX);
    // One id each, as the known jobs of this kind have.
    const length = putMidstateFrame(frame, 0, this.#hasPreamble, work.wireId & 0x7f, work);
    this.uart.write(frame.subarray(0, length));
  }

  drain(): Promise<void> {
    return this.uart.drain();
  }

  setBaud(baud: number): Promise<void> {
    return this.uart.setBaud(baud);
  }

  async discardInput(): Promise<void> {
    await this.uart.discardInput();
    this.#parser.reset();
  }
}
