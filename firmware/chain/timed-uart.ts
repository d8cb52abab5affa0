/** A serial link that remembers when its last chunk was read, so that a nonce's way to the socket can be timed. */
import type { Clock } from "#hal/clock.ts";
import type { Uart } from "#hal/uart.ts";

export interface ChunkTime {
  /** Monotonic time of the last read callback. */
  atMs: number;
}

export function timedUart(uart: Uart, clock: Clock, chunk: ChunkTime): Uart {
  return {
    path: uart.path,
    get baud() {
      return uart.baud;
    },
    write: (bytes) => uart.write(bytes),
    onData: (listener) => {
      uart.onData((bytes) => {
        chunk.atMs = clock.nowMs();
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
