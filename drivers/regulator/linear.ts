/** The two number formats of PMBus: linear16 (mantissa, exponent elsewhere) and linear11 (5-bit exponent, 11-bit mantissa). */
const MANTISSA_MAX = 1023;
const MANTISSA_MIN = -1024;
const EXPONENT_MIN = -16;
const EXPONENT_MAX = 15;

/** Exponent of linear16 out of VOUT_MODE, or null when the part is in another mode. */
export function linear16Exponent(voutMode: number): number | null {
  return (voutMode & 0x60) === 0 ? (voutMode << 27) >> 27 : null;
}

export function toLinear16(value: number, exponent: number): number {
  return Math.round(value * 2 ** -exponent);
}

export function fromLinear16(word: number, exponent: number): number {
  return word * 2 ** exponent;
}

/** The finest linear11 that holds `value`. @throws RangeError when none does. */
export function toLinear11(value: number): number {
  for (let exponent = EXPONENT_MIN; exponent <= EXPONENT_MAX; exponent++) {
    const mantissa = Math.round(value * 2 ** -exponent);
    if (mantissa >= MANTISSA_MIN && mantissa <= MANTISSA_MAX) return ((exponent & 0x1f) << 11) | (mantissa & 0x7ff);
  }
  throw new RangeError(`${value} does not fit into linear11`);
}

export function fromLinear11(word: number): number {
  return ((word << 21) >> 21) * 2 ** ((word << 16) >> 27);
}
