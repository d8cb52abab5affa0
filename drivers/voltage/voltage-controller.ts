/** The small controller on a hashboard that switches (and on an S9 sets) the voltage of the chips. */
export interface VoltageController {
  /** Part and 7-bit address, such as `PIC16F1704 0x55`, for messages. */
  readonly name: string;
  /**
   * Reset, jump to the application, check the version. The output counts as unknown until `setOutput`.
   * @throws KumpelError `VOLTAGE_CONTROLLER_FAILED` when it does not answer as it should, `ABORTED`.
   */
  start(signal: AbortSignal): Promise<{ firmware: number }>;
  /**
   * Sets the board voltage and resolves with the set point really made, in mV, as read back. Absent where the voltage is
   * the supply's matter.
   * @throws KumpelError `VOLTAGE_OUT_OF_RANGE` before anything is sent, `VOLTAGE_CONTROLLER_FAILED`, `ABORTED`.
   */
  setVoltageMv?(voltageMv: number, signal: AbortSignal): Promise<number>;
  setOutput(isOn: boolean, signal: AbortSignal): Promise<void>;
  /** Without one for about ten seconds the controller cuts its output by itself. */
  heartbeat(signal: AbortSignal): Promise<void>;
  readonly heartbeatPeriodMs: number;
}
