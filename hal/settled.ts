/** The outcome of a synchronous act as a promise: what it throws becomes a rejection. */
export function settled<T>(act: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(act());
  });
}
