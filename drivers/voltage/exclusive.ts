/** Runs tasks one after the other: two conversations with a byte-wise parser must never mix. */
export class Exclusive {
  #last: Promise<unknown> = Promise.resolve();

  /** Outcome of `task`, started when all earlier tasks have ended, however they ended. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const outcome = this.#last.then(task);
    this.#last = outcome.then(nothing, nothing);
    return outcome;
  }
}

function nothing(): void {}
