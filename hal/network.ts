/**
 * Stream sockets as an argument: real ones in `hal/linux/socket-network.ts`, in-memory pairs under virtual time in
 * `hal/emulator/memory-network.ts`.
 */
export interface Connection {
  /** `host:port` of the other side, for messages. */
  readonly remote: string;
  /** Queues bytes for sending; text goes out as UTF-8. Ignored after close. */
  write(data: Uint8Array | string): void;
  /** Sets the only listener. The chunk is valid during the call only. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Sets the only listener, called once; `error` is null when the other side closed in an orderly way. */
  onClose(listener: (error: Error | null) => void): void;
  /** Closes this side at once; `onClose` is not called for one's own close. */
  close(): void;
}

export interface ConnectOptions {
  host: string;
  port: number;
  timeoutMs: number;
  signal: AbortSignal;
}

export interface Listener {
  /** The port bound, also when 0 was asked for. */
  readonly port: number;
  /** Stops listening and closes every connection that came through it. */
  close(): Promise<void>;
}

export interface Network {
  /** @throws KumpelError `CONNECT_REFUSED`, `CONNECT_TIMEOUT`, `CONNECT_FAILED` (name not found ...) or `ABORTED`. */
  connect(options: ConnectOptions): Promise<Connection>;
  /** @throws KumpelError `PORT_IN_USE`. */
  listen(options: { host: string; port: number }, onConnection: (connection: Connection) => void): Promise<Listener>;
}
