/** What lies between two tunings, in words, and whether the way from one to the other takes more power. */
import { chipMhzOf } from "../chain/chain-tuning.ts";
import type { Tuning, TuningLimits } from "./tuning.ts";

const SAME = 1e-6;
const MV_PER_V = 1000;

export interface TuningDifference {
  /** Some chip gets faster, or some voltage higher. */
  readonly isMore: boolean;
  /** `chain 0 from 450 to 490 MHz; chip 3 of chain 1 from 500 to 490 MHz; 13 to 13.4 V`; empty: there is none. */
  readonly text: string;
}

export function tuningDifference(
  from: Tuning,
  to: Tuning,
  { chips, isVoltagePerChain }: TuningLimits,
): TuningDifference {
  const clocks = to.chains.map((_, chain) => clocksBetween(from, to, chain, chips));
  const volts = to.workMv.flatMap((mv, chain) => {
    const before = from.workMv[chain] ?? mv;
    return before === mv ? [] : [{ chain, isMore: mv > before, text: `${before / MV_PER_V} to ${mv / MV_PER_V} V` }];
  });
  const voltTexts = isVoltagePerChain
    ? volts.map(({ chain, text }) => `chain ${chain} from ${text}`)
    : volts.slice(0, 1).map(({ text }) => text);
  return {
    isMore: clocks.some(({ isMore }) => isMore) || volts.some(({ isMore }) => isMore),
    text: [...clocks.map(({ text }) => text).filter((text) => text !== ""), ...voltTexts].join("; "),
  };
}

function clocksBetween(from: Tuning, to: Tuning, chain: number, chips: number): TuningDifference {
  const [before, after] = [from.chains[chain], to.chains[chain]];
  if (before === undefined || after === undefined) return { isMore: false, text: "" };
  const changes = Array.from({ length: chips }, (_, chip) => ({
    chip,
    fromMhz: chipMhzOf(before, chip),
    toMhz: chipMhzOf(after, chip),
  })).filter(({ fromMhz, toMhz }) => Math.abs(toMhz - fromMhz) > SAME);
  const faster = changes.filter(({ fromMhz, toMhz }) => toMhz > fromMhz).length;
  return { isMore: faster > 0, text: clockText(changes, chain, chips, faster) };
}

interface ClockChange {
  readonly chip: number;
  readonly fromMhz: number;
  readonly toMhz: number;
}

function clockText(changes: readonly ClockChange[], chain: number, chips: number, faster: number): string {
  const [first] = changes;
  if (first === undefined) return "";
  const isOne = changes.every(({ fromMhz, toMhz }) => fromMhz === first.fromMhz && toMhz === first.toMhz);
  const way = `from ${round(first.fromMhz)} to ${round(first.toMhz)} MHz`;
  if (isOne && changes.length === chips) return `chain ${chain} ${way}`;
  if (changes.length === 1) return `chip ${first.chip} of chain ${chain} ${way}`;
  if (isOne) return `${changes.length} chips of chain ${chain} ${way}`;
  return `chain ${chain}: ${faster} chips faster, ${changes.length - faster} slower`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
