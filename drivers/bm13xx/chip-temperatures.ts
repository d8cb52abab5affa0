/** On-die temperatures of a chain's chips as last read, in degrees C. */

/** Addresses are a byte. */
const CHIP_ADDRESSES = 256;

export class ChipTemperatures {
  /** By chip; not a number where it is unknown. */
  readonly #valuesC = new Float64Array(CHIP_ADDRESSES).fill(Number.NaN);

  clear(): void {
    this.#valuesC.fill(Number.NaN);
  }

  /** @param address of a reply, -1 where it named none; an address that no chip has is none. */
  note(address: number, addressInterval: number, temperatureC: number | null): void {
    const chipIndex = address / addressInterval;
    if (temperatureC !== null && Number.isInteger(chipIndex)) this.#valuesC[chipIndex] = temperatureC;
  }

  /** Null: it has no sensor, or did not answer. */
  of(chipIndex: number): number | null {
    const temperatureC = this.#valuesC[chipIndex] ?? Number.NaN;
    return Number.isNaN(temperatureC) ? null : temperatureC;
  }
}
