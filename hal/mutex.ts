/**
 * Runs tasks one after the other, so that a device shared by several drivers sees whole transactions and two conversations
 * never mix.
 */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Outcome of `task`, started when all earlier tasks have ended, however they ended. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const outcome = this.#last.then(task);
    this.#last = outcome.then(nothing, nothing);
    return outcome;
  }
}

function nothing(): void {}
