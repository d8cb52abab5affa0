/**
 * Which header version bits may be rolled. Servers differ in how they put the submitted bits back into the version
 * (replace, OR, XOR); they agree as long as only bits are rolled that are 0 in the job's own version.
 */

/** Bits rolled for a job: granted by the pool, doable by the chip, 0 in the job's version. Unsigned. */
export function rollableMask(grantedMask: number, chipMask: number, jobVersion: number): number {
  return (grantedMask & chipMask & ~jobVersion) >>> 0;
}

/** How many versions a mask allows: 2 to the power of its bits. */
export function versionCount(mask: number): number {
  let count = 1;
  for (let bits = mask; bits !== 0; bits &= bits - 1) count *= 2;
  return count;
}

/** Next larger choice of bits out of `mask`; 0 behind the last one. Unsigned. */
export function nextVersionBits(bits: number, mask: number): number {
  return (((bits | ~mask) + 1) & mask) >>> 0;
}

/** Midstates that a work under `mask` carries: all different, so never more than there are versions. */
export function midstatesUnder(mask: number, midstatesMax: number): number {
  return Math.min(midstatesMax, versionCount(mask));
}
