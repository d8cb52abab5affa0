/** Whether code allocates: heap growth over rounds of it. */
import v8 from "node:v8";
import vm from "node:vm";

/** A busy machine optimises late, and code that is not optimised yet allocates. */
const ROUNDS_MAX = 60;

/**
 * Least growth of the heap in bytes over runs; ends at the first one that grows by less than `goodBytes`. The test runner
 * allocates now and then as well; garbage of our own would be in each run, however many there are.
 */
export function leastGrowthBytes(goodBytes: number, run: () => void): number {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  let leastBytes = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS_MAX && leastBytes >= goodBytes; round++) {
    collect();
    const beforeBytes = process.memoryUsage().heapUsed;
    run();
    const grownBytes = process.memoryUsage().heapUsed - beforeBytes;
    // Something was collected in between: this run says nothing.
    if (grownBytes >= 0) leastBytes = Math.min(leastBytes, grownBytes);
  }
  return leastBytes;
}

/** Least that the heap holds more after a run than after the one before it; the first one fills what is kept on purpose. */
export function heldAfterBytes(run: () => void): number {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  const held = Array.from({ length: 4 }, () => {
    run();
    collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  });
  return Math.min(...held.slice(1).map((bytes, i) => bytes - (held[i] ?? 0)));
}

/** What is held now, everything else collected. */
export function heldBytes(): number {
  v8.setFlagsFromString("--expose-gc");
  (vm.runInNewContext("gc") as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
