/** The in-memory serial link: `Uart` on top of a `SerialLine`, in virtual or real time alike. */
import { type Clock, sleep } from "#hal/clock.ts";
import type { Uart } from "#hal/uart.ts";
import type { SerialLine } from "./serial-line.ts";

/** What a tty keeps for a reader that is not there yet. */
const MAX_UNREAD_BYTES = 4096;

export class VirtualUart implements Uart {
  readonly path: string;
  readonly #clock: Clock;
  readonly #line: SerialLine;
  #baud: number;
  #isOpen = true;
  #listener: ((chunk: Uint8Array) => void) | null = null;
  #errorListener: ((error: Error) => void) | null = null;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;

  constructor(options: { path: string; baud: number; clock: Clock; line: SerialLine }) {
    this.path = options.path;
    this.#clock = options.clock;
    this.#line = options.line;
    this.#baud = options.baud;
    this.#line.attach({ baud: () => this.#baud, receive: (chunk) => this.#receive(chunk) });
  }

  get baud(): number {
    return this.#baud;
  }

  write(bytes: Uint8Array): void {
    if (this.#isOpen) this.#line.sendFromHost(bytes, this.#baud);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
    const unread = this.#unread;
    this.#forgetUnread();
    for (const chunk of unread) listener(chunk);
  }

  onError(listener: (error: Error) => void): void {
    this.#errorListener = listener;
  }

  async drain(): Promise<void> {
    for (let waitMs = this.#line.hostBacklogMs; waitMs > 0; waitMs = this.#line.hostBacklogMs) {
      await sleep(this.#clock, waitMs);
    }
  }

  async setBaud(baud: number): Promise<void> {
    await this.drain();
    this.#baud = baud;
  }

  discardInput(): Promise<void> {
    this.#forgetUnread();
    return Promise.resolve();
  }

  close(): Promise<void> {
    if (this.#isOpen) this.#line.attach(null);
    this.#isOpen = false;
    this.#listener = null;
    return Promise.resolve();
  }

  /** Breaks the link as a pulled cable or a dying driver would. */
  fail(error: Error): void {
    const listener = this.#errorListener;
    this.#errorListener = null;
    listener?.(error);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#listener !== null) {
      this.#listener(chunk);
      return;
    }
    if (this.#unreadBytes + chunk.length > MAX_UNREAD_BYTES) return;
    this.#unread.push(chunk.slice());
    this.#unreadBytes += chunk.length;
  }

  #forgetUnread(): void {
    this.#unread = [];
    this.#unreadBytes = 0;
  }
}
