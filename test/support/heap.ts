/** Whether code allocates: heap growth over rounds of it. */
import v8 from "node:v8";
import vm from "node:vm";

/**
 * Least growth of the heap in bytes over `rounds` runs. The test runner allocates now and then as well, so the best of
 * several rounds counts; garbage of our own would be in each.
 */
export function leastGrowthBytes(rounds: number, run: () => void): number {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  const grownBytes = Array.from({ length: rounds }, () => {
    collect();
    const beforeBytes = process.memoryUsage().heapUsed;
    run();
    return process.memoryUsage().heapUsed - beforeBytes;
  });
  return Math.min(...grownBytes.filter((bytes) => bytes >= 0));
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
