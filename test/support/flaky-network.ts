/** A network in memory in which single ports go dead without a word: nothing arrives, nothing closes, connects time out. */
import { type Clock, sleep } from "#hal/clock.ts";
import { KumpelError } from "#hal/errors.ts";
import type { Connection, ConnectOptions, Listener, Network } from "#hal/network.ts";

export class FlakyNetwork implements Network {
  /** Ports whose packets are dropped both ways. */
  readonly mute = new Set<number>();
  readonly #inner: Network;
  readonly #clock: Clock;

  constructor(inner: Network, clock: Clock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  listen(...args: Parameters<Network["listen"]>): Promise<Listener> {
    return this.#inner.listen(...args);
  }

  async connect(options: ConnectOptions): Promise<Connection> {
    const { host, port, timeoutMs, signal } = options;
    if (this.mute.has(port)) {
      await sleep(this.#clock, timeoutMs, signal);
      throw new KumpelError("CONNECT_TIMEOUT", `${host} port ${port} did not answer within ${timeoutMs} ms`);
    }
    const link = await this.#inner.connect(options);
    // A link that was cut off once stays dead: its packets are lost, and nobody sends them again.
    let isDead = false;
    const passes = (): boolean => {
      isDead ||= this.mute.has(port);
      return !isDead;
    };
    return {
      remote: link.remote,
      family: link.family,
      write: (data) => {
        if (passes()) link.write(data);
      },
      onData: (listener) => link.onData((chunk) => passes() && listener(chunk)),
      onClose: (listener) => link.onClose((error) => passes() && listener(error)),
      close: () => link.close(),
    };
  }
}
