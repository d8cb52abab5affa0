/**
 * Stream sockets as an argument: real ones in `hal/linux/socket-network.ts`, in-memory pairs under virtual time in
 * `hal/emulator/memory-network.ts`.
 */
export interface Connection {
  /** `host:port` of the other side, for messages. */
  readonly remote: string;
  /** Address family in use; null where there is none to speak of (memory, proxy). */
  readonly family: "IPv4" | "IPv6" | null;
  /** Queues bytes for sending; text goes out as UTF-8. Ignored after close. */
  write(data: Uint8Array | string): void;
  /** Sets the only listener. The chunk is valid during the call only. */
  onData(listener: (chunk: Uint8Array) => void): void;
  /** Sets the only listener, called once; `error` is null when the other side closed in an orderly way. */
  onClose(listener: (error: Error | null) => void): void;
  /** Closes this side at once; `onClose` is not called for one's own close. */
  close(): void;
}

/** How the other side of a TLS connection has to prove itself. */
export type TlsTrust =
  /** A certificate that the system's authorities, or these besides, vouch for, for the host's name. */
  | { readonly kind: "authorities"; readonly extraPem: string | null }
  /** This very certificate: SHA-256 of it as hex, colons or not. */
  | { readonly kind: "pinned"; readonly fingerprint256: string }
  /** Anybody: encrypted, but not proved. */
  | { readonly kind: "none" };

export interface ProxyAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string | null;
  readonly password: string | null;
}

export interface ConnectOptions {
  host: string;
  port: number;
  timeoutMs: number;
  signal: AbortSignal;
  /** Absent or null: plain. */
  tls?: TlsTrust | null;
  /** SOCKS5; names are resolved by the proxy. Absent or null: direct. */
  proxy?: ProxyAddress | null;
}

export interface Listener {
  /** The port bound, also when 0 was asked for. */
  readonly port: number;
  /** Stops listening and closes every connection that came through it. */
  close(): Promise<void>;
}

export interface Network {
  /**
   * All addresses of a name are tried; it is resolved anew each time.
   * @throws KumpelError `CONNECT_REFUSED`, `CONNECT_TIMEOUT`, `CONNECT_FAILED` (name not found ...), `TLS_FAILED`,
   * `TLS_CLOCK` (the certificate's dates do not fit this clock), `PROXY_FAILED` or `ABORTED`.
   */
  connect(options: ConnectOptions): Promise<Connection>;
  /** @throws KumpelError `PORT_IN_USE`. */
  listen(options: { host: string; port: number }, onConnection: (connection: Connection) => void): Promise<Listener>;
}
