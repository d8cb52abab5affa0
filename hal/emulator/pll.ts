/**
 * Hash clock from the PLL word of BM1362, BM1366, BM1368 and BM1370 (equation and minus-one dividers checked against
 * 143 captured words):
 *
 *     30 enable | 27:16 fbdiv | 13:8 refdiv | 6:4 postdiv1 - 1 | 2:0 postdiv2 - 1      f = 25 MHz x fb / (ref x p1 x p2)
 */
const CRYSTAL_MHZ = 25;
const ENABLE = 0x40000000;
/** Reads back set once the PLL has locked. */
export const PLL_LOCKED = 0x80000000;

/** 0 for a PLL that is off or has no reference divider. */
export function pllFrequencyMhz(word: number): number {
  const refDivider = (word >>> 8) & 0x3f;
  if ((word & ENABLE) === 0 || refDivider === 0) return 0;
  const feedback = (word >>> 16) & 0xfff;
  const post1 = ((word >>> 4) & 7) + 1;
  const post2 = (word & 7) + 1;
  return (CRYSTAL_MHZ * feedback) / (refDivider * post1 * post2);
}
