/**
 * On-die temperature of BM1368, register 0xB4. The formula is a public one; on a captured S21 it gives 30 C at the start
 * and 60 C warm, which is plausible and no more.
 */
const VALID = 0x80000000;
const CODE_MASK = 0xffff;
const C_PER_CODE = 0.171342;
const OFFSET_C = 299.5144;

/** Outside of this a reply was damaged on the line (its check has five bits) or the sensor is broken. */
const LOWEST_C = -20;
const HIGHEST_C = 150;

/** Degrees C, or null while the chip marks the value as not valid, or where no chip could be. */
export function chipTemperatureC(value: number): number | null {
  if ((value & VALID) === 0) return null;
  const temperatureC = (value & CODE_MASK) * C_PER_CODE - OFFSET_C;
  return temperatureC >= LOWEST_C && temperatureC <= HIGHEST_C ? temperatureC : null;
}
