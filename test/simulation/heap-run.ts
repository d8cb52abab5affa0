/** Heap after a forced collection, past the warm-up and at the end: growth between the two is what leaks. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const WARM_UP_S = 3_600;
const LOOK_EVERY_S = 1_800;
const MIB = 2 ** 20;

export interface HeapFigures {
  look(seconds: number): void;
  result(): { warm_mib: number; end_mib: number; growth_mib: number; rss_mib: number };
}

export function heapFigures(): HeapFigures {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let warmBytes: number | null = null;
  let lastBytes = 0;
  const measure = (): number => {
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  };
  const mib = (bytes: number): number => Number((bytes / MIB).toFixed(2));
  return {
    look: (seconds) => {
      if (seconds < WARM_UP_S || seconds % LOOK_EVERY_S !== 0) return;
      lastBytes = measure();
      warmBytes ??= lastBytes;
    },
    result: () => {
      const warm = warmBytes ?? lastBytes;
      const rss = mib(process.memoryUsage().rss);
      return { warm_mib: mib(warm), end_mib: mib(lastBytes), growth_mib: mib(lastBytes - warm), rss_mib: rss };
    },
  };
}
