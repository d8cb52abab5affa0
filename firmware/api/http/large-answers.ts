/**
 * Answers of megabytes stay in memory until their askers have taken them, and who asks need not take anything. So few are
 * under way at once; the next ones wait, before anything is made for them, and are told to come back after a while.
 */
import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type Clock, within } from "#hal/clock.ts";

/** What is longer counts, whoever makes it. */
export const LARGE_SIGNS = 256 * 1024;
export const UNSENT_MAX = 4;
/** A page asks for some at once: the next one goes when the first has arrived. */
export const TURN_LIMIT_MS = 5_000;
/** Who takes nothing for so long twice loses the connection, and others get the place. */
export const UNTAKEN_LIMIT_MS = 30_000;

type Unsent = Pick<ServerResponse, "once" | "destroy" | "destroyed" | "socket">;

export class LargeAnswers {
  readonly #clock: Clock;
  readonly #unsent = new Set<Unsent>();
  #freed: Promise<void>;
  #tellFreed: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#freed = this.#next();
  }

  /** Counts until the answer is sent or nobody is there for it. False: all places stayed taken. */
  async hold(response: Unsent, waitMs = TURN_LIMIT_MS): Promise<boolean> {
    const endMs = this.#clock.nowMs() + waitMs;
    while (!this.#holdNow(response)) {
      const leftMs = endMs - this.#clock.nowMs();
      if (response.destroyed || leftMs <= 0) return false;
      await within(this.#clock, leftMs, this.#freed);
    }
    return true;
  }

  /**
   * The server's own limit begins anew where something was taken meanwhile, at the first look too; whoever is silent for
   * another reason has other limits.
   */
  watch(server: Server): void {
    server.timeout = UNTAKEN_LIMIT_MS;
    server.on("timeout", (socket: Socket) => {
      for (const response of this.#unsent) if (response.socket === socket) response.destroy();
    });
  }

  #holdNow(response: Unsent): boolean {
    if (this.#unsent.has(response)) return true;
    if (response.destroyed || this.#unsent.size >= UNSENT_MAX) return false;
    this.#unsent.add(response);
    const free = (): void => {
      if (!this.#unsent.delete(response)) return;
      this.#tellFreed();
      this.#freed = this.#next();
    };
    response.once("finish", free);
    response.once("close", free);
    return true;
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#tellFreed = resolve;
    });
  }
}
