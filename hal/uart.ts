/**
 * One serial link to a hash chain. Two implementations: `hal/linux/serial-uart.ts` (real devices and
 * pseudo-terminals) and `hal/emulator/virtual-uart.ts` (in memory, virtual or real time).
 */
export interface Uart {
  /** Device path or the name of the in-memory link, for messages. */
  readonly path: string;
  /** Rate in bit/s that the host uses now; 8N1 always. */
  readonly baud: number;
  /** Queues bytes for sending. They are copied before the call returns, so the caller may reuse its buffer. */
  write(bytes: Uint8Array): void;
  /** Sets the only listener. The chunk is valid during the call only; any split of the stream is possible. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Sets the only listener for a link that broke (device gone, write failed). Called at most once. */
  onError(listener: (error: Error) => void): void;
  /** Resolves when all written bytes have left the host's shift register, as far as the host can know. */
  drain(): Promise<void>;
  /** Drains, then switches the rate. */
  setBaud(baud: number): Promise<void>;
  /** Throws away bytes received but not yet delivered. */
  discardInput(): Promise<void>;
  close(): Promise<void>;
}
