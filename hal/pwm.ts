/** One PWM output. Times are nanoseconds, as the kernel counts them; `dutyNs` is 0 .. `periodNs`. */
export interface PwmChannel {
  /** Sets period and duty and switches the output on. */
  apply(setting: { periodNs: number; dutyNs: number }): Promise<void>;
  /** The period that is really set: a driver may round it. */
  readPeriodNs(): Promise<number>;
  /** Lets go of the channel; it keeps running as it was set. */
  close(): Promise<void>;
}
