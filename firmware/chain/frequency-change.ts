/** A change of a chain's clocks under way: the newest wish counts, so that one for the sake of heat never waits for a climb. */
import type { HashChain } from "#drivers/hash-chain.ts";

export class FrequencyChange {
  #abort = new AbortController();

  /** Gives up what is under way. */
  end(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  /** Resolves with the mean that the chips then run at; null when it was given up. @throws what the chain says. */
  async run(chain: HashChain, wantedMhz: (chipIndex: number) => number): Promise<number | null> {
    const { signal } = this.#abort;
    try {
      return await chain.retune(wantedMhz, signal);
    } catch (error) {
      if (signal.aborted) return null;
      throw error;
    }
  }
}
