/** What makes the chip voltage of a hobby board. */
export interface CoreRegulator {
  /** Part and 7-bit address, for messages. */
  readonly name: string;
  /** What may be asked for, in mV, both ends allowed. */
  readonly rangeMv: readonly [number, number];
  /** Checks the part and writes its limits; the output is off afterwards where it can be switched. */
  start(): Promise<void>;
  /**
   * Sets the output and resolves with the mV really set, as read back.
   * @throws KumpelError `VOLTAGE_OUT_OF_RANGE` before anything is sent, `REGULATOR_FAILED`.
   */
  setVoltageMv(voltageMv: number): Promise<number>;
  /** Absent where the part has no switch. */
  setOutput?(isOn: boolean): Promise<void>;
}
