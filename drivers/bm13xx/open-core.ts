/**
 * The works that un-gate the cores of a BM1387: one for each core, all with the same content. A live core finds two known
 * nonces in them (7203EA83 and E16BF809 on the wire); they prove it and are no work.
 */
import type { ChainWork } from "../hash-chain.ts";

/** Midstate zero, and a tail of 0xFF. */
export function openCoreWork(index: number): ChainWork {
  return {
    wireId: index,
    header: new Uint8Array(80).fill(0xff, 64, 76),
    midstateCount: 1,
    versionBits: new Uint32Array(1),
    midstates: new Int32Array(8),
  };
}

/** Between two of them: the chips take their time to un-gate a core, and all of them draw current at once. Our choice. */
export const OPEN_CORE_PAUSE_MS = 5;
