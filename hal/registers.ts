/**
 * A block of memory-mapped 32-bit registers, as FPGA boards have them. Reading a FIFO takes its word away, so every
 * access happens exactly once. FIFOs have batch calls: one message in the emulator, one tight loop on a board.
 */

/** A FIFO that gives words: there is one as long as `status AND mask` is what `readyWhen` says. */
export interface FifoSource {
  readonly statusOffset: number;
  readonly mask: number;
  readonly readyWhen: "set" | "clear";
  readonly offset: number;
  /** Words taken for each look at the status: a record is never torn. */
  readonly recordWords: number;
}

/** A FIFO that takes words: there is room as long as `status AND mask` is what `readyWhen` says. */
export interface FifoSink {
  readonly statusOffset: number;
  readonly mask: number;
  readonly readyWhen: "set" | "clear";
  readonly offset: number;
  /** Words written for each look at the status. */
  readonly recordWords: number;
}

export interface RegisterBlock {
  /** Device and window, for messages. */
  readonly name: string;
  /** @param offset bytes from the start of the block, a multiple of 4. */
  read(offset: number): Promise<number>;
  write(offset: number, value: number): Promise<void>;
  /** Takes whole records until the FIFO is empty or `out` has no room for another; resolves with the words taken. */
  drain(fifo: FifoSource, out: Uint32Array): Promise<number>;
  /**
   * Writes whole records from the start of `words` while there is room; resolves with the words written. The words are
   * copied before the call returns, so the caller may reuse its buffer.
   */
  fill(fifo: FifoSink, words: Uint32Array, wordCount: number): Promise<number>;
  close(): Promise<void>;
}
