/**
 * Hash clock: f = 25 MHz x fbdiv / (refdiv x p1 x p2), VCO = 25 MHz x fbdiv / refdiv. On BM1362 and later the word keeps
 * both post dividers minus one and flags a VCO of 2400 MHz or more in bit 28 (all 307 PLL writes seen in captures satisfy
 * this); older chips keep them as they are.
 */
import { KumpelError } from "#hal/errors.ts";

export interface PllSetting {
  readonly word: number;
  readonly frequencyMhz: number;
  readonly vcoMhz: number;
  readonly fbdiv: number;
  readonly refdiv: number;
  readonly postdiv1: number;
  readonly postdiv2: number;
}

export interface PllLimits {
  readonly word: PllWordFormat;
  readonly refdivMin: 1 | 2;
  /** Post dividers that firmware in the field uses from this frequency on, where they make the frequency exactly. */
  readonly usualPosts: readonly { readonly fromMhz: number; readonly postdiv1: number; readonly postdiv2: number }[];
  readonly fbdivMin: number;
  readonly fbdivMax: number;
  readonly vcoMinMhz: number;
  readonly vcoMaxMhz: number;
  /** Stricter upper bound of the VCO with reference divider 1. */
  readonly vcoMaxRef1Mhz: number;
  readonly frequencyMinMhz: number;
  readonly frequencyMaxMhz: number;
}

const CRYSTAL_MHZ = 25;
/** Frequencies closer than this count as equal, so that rounding does not choose between equivalent words. */
const EQUAL_MHZ = 1e-9;

/** How a chip's word holds the dividers. */
export interface PllWordFormat {
  readonly enable: number;
  /** Set from 2400 MHz on, or 0. */
  readonly vcoHighFlag: number;
  /** Taken off both post dividers. */
  readonly postOffset: 0 | 1;
  readonly fbdivMask: number;
  readonly refdivMask: number;
  readonly postMask: number;
}

const VCO_HIGH_FROM_MHZ = 2400;

export const PLL_WORDS = {
  /** BM1362 and later: 143 captured words. BM1398 is taken to have it as well (inferred). */
  minusOne: {
    enable: 0x40000000,
    vcoHighFlag: 0x10000000,
    postOffset: 1,
    fbdivMask: 0xfff,
    refdivMask: 0x3f,
    postMask: 7,
  },
  /** BM1397: two drivers and one captured word; a third source that says minus one contradicts them. */
  plain: { enable: 0x40000000, vcoHighFlag: 0, postOffset: 0, fbdivMask: 0xfff, refdivMask: 0x3f, postMask: 7 },
  /** BM1387: 58 words of the stock table. */
  bm1387: { enable: 0, vcoHighFlag: 0, postOffset: 0, fbdivMask: 0xff, refdivMask: 0x0f, postMask: 0x0f },
} as const satisfies Record<string, PllWordFormat>;

export function makePllSetting(
  fbdiv: number,
  refdiv: number,
  postdiv1: number,
  postdiv2: number,
  format: PllWordFormat = PLL_WORDS.minusOne,
): PllSetting {
  const { enable, vcoHighFlag, postOffset } = format;
  const vcoMhz = (CRYSTAL_MHZ * fbdiv) / refdiv;
  const dividers = (fbdiv << 16) | (refdiv << 8) | ((postdiv1 - postOffset) << 4) | (postdiv2 - postOffset);
  const word = (enable | (vcoMhz >= VCO_HIGH_FROM_MHZ ? vcoHighFlag : 0) | dividers) >>> 0;
  return { word, frequencyMhz: vcoMhz / (postdiv1 * postdiv2), vcoMhz, fbdiv, refdiv, postdiv1, postdiv2 };
}

/** Reads a word back; bit 31 (locked) may be set. */
export function decodePllWord(word: number, format: PllWordFormat = PLL_WORDS.minusOne): PllSetting {
  const { fbdivMask, refdivMask, postMask, postOffset } = format;
  const fbdiv = (word >>> 16) & fbdivMask;
  const refdiv = (word >>> 8) & refdivMask;
  return makePllSetting(fbdiv, refdiv, ((word >>> 4) & postMask) + postOffset, (word & postMask) + postOffset, format);
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

function usualSetting(targetMhz: number, limits: PllLimits): PllSetting | null {
  const posts = limits.usualPosts.findLast(({ fromMhz }) => targetMhz >= fromMhz);
  if (posts === undefined) return null;
  const { postdiv1, postdiv2 } = posts;
  const fbdiv = Math.round((targetMhz * 2 * postdiv1 * postdiv2) / CRYSTAL_MHZ);
  const setting = makePllSetting(fbdiv, 2, postdiv1, postdiv2, limits.word);
  return isLegal(setting, limits) && Math.abs(setting.frequencyMhz - targetMhz) < EQUAL_MHZ ? setting : null;
}

/**
 * The legal setting nearest to `targetMhz`; of equally near ones that with the lowest VCO. Other drivers choose other,
 * equivalent words: compare frequencies, not bytes.
 * @throws KumpelError `FREQUENCY_OUT_OF_RANGE`.
 */
export function solvePll(targetMhz: number, limits: PllLimits): PllSetting {
  let best = usualSetting(targetMhz, limits);
  if (best !== null) return best;
  if (targetMhz >= limits.frequencyMinMhz && targetMhz <= limits.frequencyMaxMhz) {
    for (let refdiv = 2; refdiv >= limits.refdivMin; refdiv--) {
      for (let postdiv1 = 7; postdiv1 >= 1; postdiv1--) {
        for (let postdiv2 = postdiv1; postdiv2 >= 1; postdiv2--) {
          const fbdiv = Math.round((targetMhz * refdiv * postdiv1 * postdiv2) / CRYSTAL_MHZ);
          const candidate = makePllSetting(fbdiv, refdiv, postdiv1, postdiv2, limits.word);
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
