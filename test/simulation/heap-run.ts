/**
 * Heap after a forced collection, past the warm-up and at the end: growth between the two is what leaks. What lies in the
 * files is told beside it: in a simulation the disk is a part of the heap, and no leak.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const WARM_UP_S = 3_600;
const LOOK_EVERY_S = 1_800;
const MIB = 2 ** 20;

export interface HeapReport {
  /** Without the files. */
  readonly warm_mib: number;
  readonly end_mib: number;
  readonly growth_mib: number;
  readonly files_mib: number;
  readonly rss_mib: number;
}

export interface HeapFigures {
  look(seconds: number, files: ReadonlyMap<string, string>): void;
  result(): HeapReport;
}

export function heapFigures(): HeapFigures {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let warmBytes: number | null = null;
  let lastBytes = 0;
  let fileBytes = 0;
  const measure = (): number => {
    collect();
    collect();
    return process.memoryUsage().heapUsed - fileBytes;
  };
  const mib = (bytes: number): number => Number((bytes / MIB).toFixed(2));
  return {
    look: (seconds, files) => {
      if (seconds < WARM_UP_S || seconds % LOOK_EVERY_S !== 0) return;
      fileBytes = [...files.values()].reduce((sum, text) => sum + text.length, 0);
      lastBytes = measure();
      warmBytes ??= lastBytes;
    },
    result: () => {
      const warm = warmBytes ?? lastBytes;
      const rss = mib(process.memoryUsage().rss);
      return {
        warm_mib: mib(warm),
        end_mib: mib(lastBytes),
        growth_mib: mib(lastBytes - warm),
        files_mib: mib(fileBytes),
        rss_mib: rss,
      };
    },
  };
}
