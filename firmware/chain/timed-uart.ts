/** A serial link that remembers when its last chunk was read, so that a nonce's way to the socket can be timed. */
import type { Clock } from "#hal/clock.ts";
import type { Uart } from "#hal/uart.ts";
import type { UartRing } from "../blackbox/uart-ring.ts";

export interface ChunkTime {
  /** Monotonic time of the last read callback. */
  atMs: number;
}

/** @param ring keeps the last bytes of both directions; null = nobody does. */
export function timedUart(uart: Uart, clock: Clock, chunk: ChunkTime, ring: UartRing | null = null): Uart {
  return {
    path: uart.path,
    get baud() {
      return uart.baud;
    },
    write: (bytes) => {
      ring?.push("out", bytes, clock.nowMs());
      uart.write(bytes);
    },
    onData: (listener) => {
      uart.onData((bytes) => {
        chunk.atMs = clock.nowMs();
        ring?.push("in", bytes, chunk.atMs);
        listener(bytes);
      });
    },
    onError: (listener) => uart.onError(listener),
    drain: () => uart.drain(),
    setBaud: (baud) => uart.setBaud(baud),
    discardInput: () => uart.discardInput(),
    close: () => uart.close(),
  };
}
