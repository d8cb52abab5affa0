/**
 * A serial link that remembers when its last chunk was read, so that a nonce's way to the socket can be timed, and shows
 * what passes to the black box and to a trace.
 */
import type { Clock } from "#hal/clock.ts";
import type { Uart } from "#hal/uart.ts";
import type { UartRing } from "../blackbox/uart-ring.ts";
import type { ChainTrace } from "../trace/capture/trace-writer.ts";

export interface ChunkTime {
  /** Monotonic time of the last read callback. */
  atMs: number;
}

/** @param ring keeps the last bytes of both directions; null = nobody does. @param trace gets all of them while it is on */
export function timedUart(
  uart: Uart,
  clock: Clock,
  chunk: ChunkTime,
  ring: UartRing | null = null,
  trace: ChainTrace | null = null,
): Uart {
  trace?.baud(uart.baud);
  return {
    path: uart.path,
    get baud() {
      return uart.baud;
    },
    write: (bytes) => {
      const nowMs = clock.nowMs();
      ring?.push("out", bytes, nowMs);
      trace?.push("out", bytes, nowMs);
      uart.write(bytes);
    },
    onData: (listener) => {
      uart.onData((bytes) => {
        chunk.atMs = clock.nowMs();
        ring?.push("in", bytes, chunk.atMs);
        trace?.push("in", bytes, chunk.atMs);
        listener(bytes);
      });
    },
    onError: (listener) => uart.onError(listener),
    drain: () => uart.drain(),
    setBaud: async (baud) => {
      await uart.setBaud(baud);
      trace?.baud(baud);
    },
    discardInput: () => uart.discardInput(),
    close: () => uart.close(),
  };
}
