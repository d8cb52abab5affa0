/**
 * The one error class of the project. Callers and tests match `code`, never the text; the text names the thing, the
 * value and what to do in one sentence.
 */

/** Every code a `KumpelError` can carry. Expected outcomes (bad CRC, stale nonce) are counters, not errors. */
export type ErrorCode =
  // hal
  | "UART_OPEN_FAILED"
  | "UART_IO_FAILED"
  | "PTY_UNAVAILABLE"
  | "NATIVE_MODULE_MISSING"
  | "I2C_NACK"
  | "I2C_FAILED"
  | "CONNECT_REFUSED"
  | "CONNECT_TIMEOUT"
  | "CONNECT_FAILED"
  | "CONNECTION_LOST"
  | "TLS_FAILED"
  | "TLS_CLOCK"
  | "PROXY_FAILED"
  | "STORE_FAILED"
  | "PORT_IN_USE"
  | "EMULATOR_LOST"
  | "EMULATOR_MACHINE_UNKNOWN"
  | "BOARD_UNKNOWN"
  | "OWNER_SETTING_NEEDED"
  | "GPIO_FAILED"
  | "PWM_FAILED"
  | "REGISTERS_FAILED"
  | "WATCHDOG_FAILED"
  | "HOBBY_CONTROL_FAILED"
  // drivers
  | "CHIP_COUNT_WRONG"
  | "CHIP_NOT_CONFIRMED"
  | "CHIP_EXPERIMENTAL"
  | "FPGA_UNEXPECTED"
  | "FREQUENCY_OUT_OF_RANGE"
  | "TICKET_INVALID"
  | "VOLTAGE_CONTROLLER_FAILED"
  | "VOLTAGE_OUT_OF_RANGE"
  | "LIMIT_OUT_OF_RANGE"
  | "PSU_FAILED"
  | "PSU_UNKNOWN_TYPE"
  | "PSU_SETPOINT_MISMATCH"
  | "EEPROM_UNREADABLE"
  | "REGULATOR_FAILED"
  | "FAN_CONTROLLER_FAILED"
  | "POWER_METER_FAILED"
  // firmware
  | "USAGE"
  | "POOL_URL_INVALID"
  | "SETTINGS_INVALID"
  | "CONSOLE_LOST"
  | "CONSOLE_REFUSED"
  | "UPDATE_FAILED"
  | "LOOP_STUCK"
  | "ABORTED";

export class KumpelError extends Error {
  readonly code: ErrorCode;
  /** Facts for logs and the support bundle: chain, chip, register, expected, got. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; details?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "KumpelError";
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** True when `error` is a `KumpelError`, with one of `codes` if any are given. */
export function isKumpelError(error: unknown, ...codes: ErrorCode[]): error is KumpelError {
  return error instanceof KumpelError && (codes.length === 0 || codes.includes(error.code));
}

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
