/**
 * Remembers over restarts that the machine was shut down and why: a board that got too hot is not powered again because
 * a program or a mains plug was cycled. The first cause stays until the owner has acknowledged it.
 */
import { z } from "zod";
import type { Clock } from "#hal/clock.ts";
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import { Mutex } from "#hal/mutex.ts";
import type { Log } from "../log.ts";

export const LATCH_FILE = "shutdown.json";

const latch = z.object({ reason: z.string(), atWallMs: z.number() });

export interface ShutdownLatchOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly store: FileStore;
}

export class ShutdownLatch {
  readonly #options: ShutdownLatchOptions;
  #reason: string | null = null;
  /** One after the other: a record that is removed must not come back. */
  readonly #turns = new Mutex();

  constructor(options: ShutdownLatchOptions) {
    this.#options = options;
  }

  /** Why the machine is shut down, or null. */
  get reason(): string | null {
    return this.#reason;
  }

  /** What an earlier run left. A file that nobody can read speaks for a shutdown, a disk that does not answer does not. */
  async load(): Promise<string | null> {
    const { store, log } = this.#options;
    try {
      const text = await store.read(LATCH_FILE);
      if (text !== null) this.#reason = reasonOf(text);
    } catch (error) {
      if (!isKumpelError(error, "STORE_FAILED")) throw error;
      log.error(`whether the machine was shut down before is not known: ${errorText(error)}`);
    }
    return this.#reason;
  }

  /** Resolves when what was begun is written. */
  settled(): Promise<void> {
    return this.#turns.run(() => Promise.resolve());
  }

  /** The first cause counts. */
  async set(reason: string): Promise<void> {
    if (this.#reason !== null) return;
    this.#reason = reason;
    const { store, clock, log } = this.#options;
    await this.#turns.run(async () => {
      try {
        await store.write(LATCH_FILE, JSON.stringify({ reason, atWallMs: clock.wallTimeMs() }));
      } catch (error) {
        if (!isKumpelError(error, "STORE_FAILED")) throw error;
        log.error(`the shutdown will be forgotten at the next start: ${errorText(error)}`);
      }
    });
  }

  /** The owner has acknowledged it. @throws KumpelError `STORE_FAILED` when the file stays: then it is still shut down. */
  async clear(): Promise<void> {
    await this.#turns.run(() => this.#options.store.remove(LATCH_FILE));
    this.#reason = null;
  }
}

function reasonOf(text: string): string {
  const unknown = `an earlier shutdown whose record (${LATCH_FILE}) cannot be read`;
  try {
    const parsed = latch.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.reason : unknown;
  } catch {
    return unknown;
  }
}
