/**
 * Which header version bits may be rolled. Servers differ in how they put the submitted bits back into the version
 * (replace, OR, XOR); they agree as long as only bits are rolled that are 0 in the job's own version.
 */

/** Bits rolled for a job: granted by the pool, doable by the chip, 0 in the job's version. Unsigned. */
export function rollableMask(grantedMask: number, chipMask: number, jobVersion: number): number {
  return (grantedMask & chipMask & ~jobVersion) >>> 0;
}
