/** A UART whose other end is a script: it hears every frame and may answer at once. */
import type { Clock, TimerHandle } from "#hal/clock.ts";
import type { Uart } from "#hal/uart.ts";
import { registerReply } from "./reply-frames.ts";
import { toHex } from "./vector-file.ts";

export class FakeUart implements Uart {
  readonly path = "fake";
  baud: number;
  /** Every frame written, as hex. */
  readonly frames: string[] = [];
  readonly bauds: number[] = [];
  isClosed = false;
  /** Called for each frame; what it returns arrives at once. */
  answer: (frame: Uint8Array) => Uint8Array | null = () => null;
  #dataListener: (chunk: Uint8Array) => void = () => {};
  #errorListener: (error: Error) => void = () => {};

  constructor(baud: number) {
    this.baud = baud;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const length = bytes[at + 2] === 0x21 ? 88 : 2 + bytes[at + 3]!;
      const frame = Uint8Array.from(bytes.subarray(at, at + length));
      this.frames.push(toHex(frame));
      const reply = this.answer(frame);
      // Not from within write(): a chip never answers before the frame has left.
      if (reply !== null) queueMicrotask(() => this.feed(reply));
      at += length;
    }
  }

  /** Bytes from the chips. */
  feed(bytes: Uint8Array): void {
    this.#dataListener(bytes);
  }

  fail(error: Error): void {
    this.#errorListener(error);
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#dataListener = listener;
  }

  onError(listener: (error: Error) => void): void {
    this.#errorListener = listener;
  }

  drain(): Promise<void> {
    return Promise.resolve();
  }

  setBaud(baud: number): Promise<void> {
    this.baud = baud;
    this.bauds.push(baud);
    return Promise.resolve();
  }

  discardInput(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** Answers broadcast reads of a chain: register 0x00 by its id, others by what was last written to all. */
export function scriptedChain(options: { chipId: number; chips: number; interval: number }) {
  const values = new Map<number, number>();
  const state = { chips: options.chips, isAddressed: false, values };
  const answer = (frame: Uint8Array): Uint8Array | null => {
    const [command, register] = [frame[2], frame[5]!];
    if (command === 0x40) state.isAddressed = true;
    if (command === 0x51) values.set(register, new DataView(frame.buffer).getUint32(6));
    if (command !== 0x52) return null;
    const replies = Array.from({ length: state.chips }, (_, k) => {
      const address = state.isAddressed ? k * options.interval : 0;
      const value = register === 0 ? ((options.chipId << 16) | address) >>> 0 : (values.get(register) ?? 0);
      return registerReply(value, address, register);
    });
    return Uint8Array.from(replies.flatMap((reply) => [...reply]));
  };
  return { state, answer };
}

/** Time moved by hand; fires what is due and lets promises run in between. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { dueMs: number; callback: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallTimeMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, callback: () => void): TimerHandle {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      },
    };
  }

  /** Moves from timer to timer until `work` is settled; returns its outcome. */
  async finish<Result>(work: Promise<Result>): Promise<Result> {
    const progress = { isSettled: false };
    const settle = (): void => {
      progress.isSettled = true;
    };
    work.then(settle, settle);
    for (let turn = 0; turn < 10_000; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (progress.isSettled) return work;
      const next = this.#timers.reduce<{ dueMs: number; callback: () => void } | null>(
        (first, timer) => (first === null || timer.dueMs < first.dueMs ? timer : first),
        null,
      );
      if (next === null) throw new Error("nothing is due and the work is not done");
      this.#nowMs = next.dueMs;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      next.callback();
    }
    throw new Error("the work does not end");
  }
}
