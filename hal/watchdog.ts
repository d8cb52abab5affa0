/** The hardware watchdog: resets the board when it is not fed in time. */
export interface Watchdog {
  /** Seconds until it bites, as the driver says after it was set. */
  setTimeoutS(seconds: number): Promise<number>;
  feed(): Promise<void>;
  /** Switches it off where the driver allows it; the orderly end of a program. */
  disarm(): Promise<void>;
}
