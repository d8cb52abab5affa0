/**
 * The way of commands to the chips of one chain: a UART, or an FPGA that has one. Replies come back through the chain's
 * `ResponseSink`.
 */
import type { ChainWork } from "../hash-chain.ts";

export interface CommandLink {
  /** Rate in bit/s that the host's side uses now. */
  readonly baud: number;
  /** Queues whole command frames as they stand on the wire, with preamble and CRC. They are copied. */
  send(frames: Uint8Array): void;
  /** Queues one of the works that un-gate cores. */
  sendOpenCoreWork(work: ChainWork): void;
  /** Resolves when everything that was queued has left for the chips. */
  drain(): Promise<void>;
  /** Drains, then switches the host's side. */
  setBaud(baud: number): Promise<void>;
  /** Throws away what was received so far. */
  discardInput(): Promise<void>;
}
