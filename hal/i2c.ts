/** One I2C bus as drivers need it: an atomic write-then-read. Sharing and locking are the implementation's matter. */
export interface I2cBus {
  /** Adapter name or path, for messages. */
  readonly name: string;
  /**
   * Writes `write` (may be empty), then reads `readLength` bytes (may be 0) with a repeated start.
   * @param address 7-bit address.
   * @throws KumpelError `I2C_NACK` when nobody answers, `I2C_FAILED` for any other bus fault.
   */
  transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array>;
}
