/** What is judged of chains that have power: pure, from numbers to sentences that name chain and chip. */
import type { HashboardModel } from "#drivers/hashboards/models.ts";
import { type Finding, joined, seen, wrong } from "./finding.ts";

/** Noise of a line while something was asked; a frame that failed its check, or bytes of none. */
export interface LineNoise {
  readonly crcErrors: number;
  readonly resyncBytes: number;
}

/** After a reset a few bytes of garbage are usual. */
const RESYNC_BYTES_USUAL = 64;

export function isNoisy({ crcErrors, resyncBytes }: LineNoise): boolean {
  return crcErrors > 0 || resyncBytes > RESYNC_BYTES_USUAL;
}

function noiseText(chainIndex: number, { crcErrors, resyncBytes }: LineNoise): string {
  return `chain ${chainIndex}: the line from the chips to the board is noisy, ${crcErrors} replies failed their check sum and ${resyncBytes} bytes belonged to none`;
}

export interface ChainCount {
  readonly chainIndex: number;
  /** One entry for each time that the chips were counted. */
  readonly counts: readonly number[];
  readonly foreignChips: Readonly<Record<string, number>>;
  readonly noise: LineNoise;
}

export function judgeCount(count: ChainCount, model: HashboardModel): Finding {
  const { chainIndex, counts, foreignChips, noise } = count;
  const place = `chain ${chainIndex}`;
  const foreign = Object.entries(foreignChips).map(([id, n]) => `${n} with id 0x${id}`);
  const found = Math.max(0, ...counts);
  if (foreign.length > 0)
    return wrong(`${place}: ${foreign.join(", ")} answer instead of ${model.chip}: these are other hashboards`);
  if (counts.some((n) => n !== found)) {
    const text = `${place}: ${counts.join(", then ")} of ${model.chips} chips answer, another number each time`;
    return wrong(isNoisy(noise) ? `${noiseText(chainIndex, noise)} (${counts.join(", then ")} chips)` : text);
  }
  if (found > model.chips) return wrong(`${place}: ${found} chips answer, but ${model.label} has ${model.chips}`);
  if (found < model.chips) return wrong(missingChips(count, found, model));
  if (isNoisy(noise)) return wrong(noiseText(chainIndex, noise));
  return seen(`${place}: ${found} ${model.chip}`);
}

/** Commands run through the chips one by one: the first that is missing cuts off all behind it. */
function missingChips({ chainIndex, noise }: ChainCount, found: number, model: HashboardModel): string {
  const place = `chain ${chainIndex}`;
  if (isNoisy(noise)) return `${noiseText(chainIndex, noise)} (${found} of ${model.chips} chips counted)`;
  if (found === 0) return `${place}: no chip answers: check its cable, its reset line and its voltage`;
  const domain = Math.floor(found / model.chipsPerDomain);
  return `${place}, chip ${found} does not answer: ${found} of ${model.chips} chips answer, so it (domain ${domain}) is dead or cuts off what lies behind it`;
}

export interface Echo {
  readonly chipIndex: number;
  readonly written: number;
  /** Null = no answer. */
  readonly read: number | null;
}

const NAMED_CHIPS_MAX = 5;
const NOISY_CHIPS_MIN = 4;

/** One chip's register must hold what this chip alone was told. */
export function judgeEchoes(chainIndex: number, echoes: readonly Echo[], noise: LineNoise): Finding {
  const silent = [...new Set(echoes.filter(({ read }) => read === null).map(({ chipIndex }) => chipIndex))];
  const other = echoes.filter(({ read, written }) => read !== null && read !== written);
  const isFromChips = isNoisy(noise);
  const lost = new Set(other.map(({ chipIndex }) => chipIndex)).size + silent.length;
  if (isFromChips && silent.length + other.length > 0) return wrong(noiseText(chainIndex, noise));
  // One chip is a chip; many of them, with every answer sound, is what they are told through.
  if (!isFromChips && lost >= NOISY_CHIPS_MIN)
    return wrong(
      `chain ${chainIndex}: the line from the board to the chips is noisy, ${other.length} writes were not heard and ${silent.length} chips gave no answer while every answer passed its check sum`,
    );
  const problems = [
    ...silent.map((chip) => `chain ${chainIndex}, chip ${chip} does not answer`),
    ...firstOfEach(other).map(
      ({ chipIndex, written, read }) =>
        `chain ${chainIndex}, chip ${chipIndex} holds ${hex(read ?? 0)} where ${hex(written)} was written${ownerOf(echoes, chipIndex, read)}`,
    ),
  ];
  if (problems.length > 0) return { problems: shortened(problems, `chain ${chainIndex}`), notes: [] };
  if (isFromChips) return wrong(noiseText(chainIndex, noise));
  const chips = new Set(echoes.map(({ chipIndex }) => chipIndex)).size;
  return seen(`chain ${chainIndex}: ${chips} chips each hold a value of their own`);
}

function firstOfEach(echoes: readonly Echo[]): Echo[] {
  return echoes.filter(({ chipIndex }, i) => echoes.findIndex((one) => one.chipIndex === chipIndex) === i);
}

function ownerOf(echoes: readonly Echo[], chipIndex: number, read: number | null): string {
  const owner = echoes.find((echo) => echo.chipIndex !== chipIndex && echo.written === read);
  return owner === undefined ? "" : `, which is what chip ${owner.chipIndex} was told: two chips hear one address`;
}

function shortened(problems: readonly string[], place: string): string[] {
  if (problems.length <= NAMED_CHIPS_MAX) return [...problems];
  return [...problems.slice(0, NAMED_CHIPS_MAX), `${place}: and ${problems.length - NAMED_CHIPS_MAX} more`];
}

/** @param silentChips those that gave no good answer to a read of their id at the new rate. */
export function judgeBaud(
  chainIndex: number,
  {
    chips,
    baud,
    silentChips,
    noise,
  }: { chips: number; baud: number; silentChips: readonly number[]; noise: LineNoise },
): Finding {
  if (silentChips.length > 0 && isNoisy(noise)) return wrong(`${noiseText(chainIndex, noise)} at ${baud} baud`);
  const problems = silentChips.map((chip) => `chain ${chainIndex}, chip ${chip} does not answer at ${baud} baud`);
  if (problems.length > 0) return { problems: shortened(problems, `chain ${chainIndex}`), notes: [] };
  if (isNoisy(noise)) return wrong(`${noiseText(chainIndex, noise)} at ${baud} baud`);
  return seen(`chain ${chainIndex}: ${chips} chips answer at ${baud} baud`);
}

const FREQUENCY_TOLERANCE = 0.02;

export function judgeRamp(chainIndex: number, targetMhz: number, reachedMhz: number): Finding {
  if (Math.abs(reachedMhz / targetMhz - 1) > FREQUENCY_TOLERANCE)
    return wrong(`chain ${chainIndex} reached ${reachedMhz} MHz instead of ${targetMhz} MHz`);
  return joined([seen(`chain ${chainIndex}: ${Math.round(reachedMhz * 100) / 100} MHz`)]);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
