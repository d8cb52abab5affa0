/**
 * Hash clock: f = 25 MHz x fbdiv / (refdiv x p1 x p2), VCO = 25 MHz x fbdiv / refdiv. The word keeps both post dividers
 * minus one and flags a VCO of 2400 MHz or more in bit 28; all 307 PLL writes seen in captures satisfy this.
 */
import { KumpelError } from "#hal/errors.ts";
import type { PllLimits } from "./chips.ts";

export interface PllSetting {
  readonly word: number;
  readonly frequencyMhz: number;
  readonly vcoMhz: number;
  readonly fbdiv: number;
  readonly refdiv: number;
  readonly postdiv1: number;
  readonly postdiv2: number;
}

const CRYSTAL_MHZ = 25;
const ENABLE = 0x40000000;
const VCO_HIGH = 0x10000000;
const VCO_HIGH_FROM_MHZ = 2400;
/** Frequencies closer than this count as equal, so that rounding does not choose between equivalent words. */
const EQUAL_MHZ = 1e-9;

export function makePllSetting(fbdiv: number, refdiv: number, postdiv1: number, postdiv2: number): PllSetting {
  const vcoMhz = (CRYSTAL_MHZ * fbdiv) / refdiv;
  const dividers = (fbdiv << 16) | (refdiv << 8) | ((postdiv1 - 1) << 4) | (postdiv2 - 1);
  const word = (ENABLE | (vcoMhz >= VCO_HIGH_FROM_MHZ ? VCO_HIGH : 0) | dividers) >>> 0;
  return { word, frequencyMhz: vcoMhz / (postdiv1 * postdiv2), vcoMhz, fbdiv, refdiv, postdiv1, postdiv2 };
}

/** Reads a word back; bit 31 (locked) may be set. */
export function decodePllWord(word: number): PllSetting {
  return makePllSetting((word >>> 16) & 0xfff, (word >>> 8) & 0x3f, ((word >>> 4) & 7) + 1, (word & 7) + 1);
}

/** True when both words set the same dividers: the chip adds bit 31 once it has locked. */
export function isSamePllWord(written: number, readBack: number): boolean {
  return ((written ^ readBack) & 0x7fffffff) === 0;
}

function isBetter(candidate: PllSetting, best: PllSetting, targetMhz: number): boolean {
  const gain = Math.abs(best.frequencyMhz - targetMhz) - Math.abs(candidate.frequencyMhz - targetMhz);
  if (Math.abs(gain) > EQUAL_MHZ) return gain > 0;
  if (candidate.vcoMhz !== best.vcoMhz) return candidate.vcoMhz < best.vcoMhz;
  return candidate.postdiv1 * candidate.postdiv2 < best.postdiv1 * best.postdiv2;
}

function isLegal(setting: PllSetting, limits: PllLimits): boolean {
  const vcoMaxMhz = setting.refdiv === 1 ? limits.vcoMaxRef1Mhz : limits.vcoMaxMhz;
  return (
    setting.fbdiv >= limits.fbdivMin &&
    setting.fbdiv <= limits.fbdivMax &&
    setting.vcoMhz >= limits.vcoMinMhz &&
    setting.vcoMhz <= vcoMaxMhz
  );
}

/**
 * The legal setting nearest to `targetMhz`; of equally near ones that with the lowest VCO. Other drivers choose other,
 * equivalent words: compare frequencies, not bytes.
 * @throws KumpelError `FREQUENCY_OUT_OF_RANGE`.
 */
export function solvePll(targetMhz: number, limits: PllLimits): PllSetting {
  let best: PllSetting | null = null;
  if (targetMhz >= limits.frequencyMinMhz && targetMhz <= limits.frequencyMaxMhz) {
    for (let refdiv = 2; refdiv >= 1; refdiv--) {
      for (let postdiv1 = 7; postdiv1 >= 1; postdiv1--) {
        for (let postdiv2 = postdiv1; postdiv2 >= 1; postdiv2--) {
          const fbdiv = Math.round((targetMhz * refdiv * postdiv1 * postdiv2) / CRYSTAL_MHZ);
          const candidate = makePllSetting(fbdiv, refdiv, postdiv1, postdiv2);
          if (!isLegal(candidate, limits)) continue;
          if (best === null || isBetter(candidate, best, targetMhz)) best = candidate;
        }
      }
    }
  }
  if (best !== null) return best;
  throw new KumpelError(
    "FREQUENCY_OUT_OF_RANGE",
    `a hash clock of ${targetMhz} MHz can't be made; ask for ${limits.frequencyMinMhz} to ${limits.frequencyMaxMhz} MHz`,
    { details: { frequencyMhz: targetMhz, minMhz: limits.frequencyMinMhz, maxMhz: limits.frequencyMaxMhz } },
  );
}
