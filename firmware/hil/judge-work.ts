/** What is judged of hashing: pure, from counts to sentences. */
import { type Finding, joined, seen, wrong } from "./finding.ts";

export interface KnownWorkCounts {
  readonly chainIndex: number;
  readonly works: number;
  /** Finds that are recorded for these works, and those of them that came back. */
  readonly recorded: number;
  readonly recordedFound: number;
  /** Others that are worth their ticket at Bitcoin's scale. */
  readonly othersFound: number;
  /** Nonces that fail even the ticket of the target's own scale. */
  readonly wrongNonces: number;
  readonly nonces: number;
}

export function judgeKnownWork(counts: KnownWorkCounts, hardwareErrorPct: number): Finding {
  const { chainIndex, works, recorded, recordedFound, othersFound, wrongNonces, nonces } = counts;
  const place = `chain ${chainIndex}`;
  if (nonces > 0 && (100 * wrongNonces) / nonces > hardwareErrorPct)
    return wrong(`${place}: ${wrongNonces} of ${nonces} nonces hash to something else than their chips say`);
  const found = `${recordedFound} of ${recorded} recorded nonces of ${works} captured jobs came back`;
  if (recordedFound > 0) return seen(`${place}: ${found}, hashed again at Bitcoin's scale`);
  // Chips that sweep other parts of the nonce space than the recorded ones did find other nonces of the same jobs.
  if (othersFound > 0)
    return seen(`${place}: ${found}, but ${othersFound} others did that are right at Bitcoin's scale`);
  const heard = nonces === 0 ? "no nonce came at all" : `${nonces} nonces came that are worth nothing there`;
  return wrong(`${place} finds nothing in ${works} jobs of which nonces are known at Bitcoin's scale: ${heard}`);
}

export interface MinedChain {
  readonly chainIndex: number;
  readonly state: string;
  readonly reason: string;
  readonly nonces: number;
  /** What clock and chips promise, and what the nonces show; null = not known. */
  readonly expectedThs: number | null;
  readonly measuredThs: number | null;
  readonly hardwareErrors: number;
  /** By chip: nonces however they ended. */
  readonly heardOfChip: readonly number[];
}

export interface SensorPair {
  readonly chainIndex: number;
  readonly inletC: number | null;
  readonly outletC: number | null;
}

export interface MinedFacts {
  readonly seconds: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly chains: readonly MinedChain[];
  readonly pairs: readonly SensorPair[];
  /** Why power was cut, or null. */
  readonly shutdownReason: string | null;
}

/** A live chip stays unheard so many times its gap once in e^20 times. */
const SILENT_GAPS = 20;
const SIGMAS = 5;
/** Rejected shares that a pool's new blocks explain. */
const REJECTED_SHARE_MAX = 0.05;
/** Sensors differ by this much among themselves. */
const PAIR_TOLERANCE_C = 2;
const NAMED_CHIPS_MAX = 5;

export function judgeMining(facts: MinedFacts, hardwareErrorPct: number): Finding {
  const { accepted, rejected, seconds, shutdownReason } = facts;
  if (shutdownReason !== null) return wrong(`the machine was shut down while it mined: ${shutdownReason}`);
  const shares: Finding[] = [];
  if (accepted === 0) shares.push(wrong(`the local pool accepted no share in ${seconds} s`));
  else shares.push(seen(`${accepted} shares accepted, ${rejected} rejected in ${seconds} s`));
  if (rejected > Math.max(1, REJECTED_SHARE_MAX * (accepted + rejected)))
    shares.push(wrong(`the local pool rejected ${rejected} of ${accepted + rejected} shares`));
  const chains = facts.chains.map((chain) => judgeMinedChain(chain, seconds, hardwareErrorPct));
  return joined([...shares, ...chains, ...facts.pairs.map(judgePair)]);
}

function judgeMinedChain(chain: MinedChain, seconds: number, hardwareErrorPct: number): Finding {
  const { chainIndex, state, reason, nonces, expectedThs, measuredThs, hardwareErrors } = chain;
  const place = `chain ${chainIndex}`;
  if (state !== "hashing") return wrong(`${place} does not hash after ${seconds} s (${state}): ${reason}`);
  if (nonces === 0) return wrong(`${place} gave no nonce in ${seconds} s`);
  const errorPct = (100 * hardwareErrors) / nonces;
  const problems: string[] = [];
  if (errorPct > hardwareErrorPct)
    problems.push(
      `${place}: ${hardwareErrors} of ${nonces} nonces are hardware errors (${errorPct.toFixed(2)} %, the limit is ${hardwareErrorPct} %)`,
    );
  const least = 1 - SIGMAS / Math.sqrt(nonces);
  if (expectedThs !== null && measuredThs !== null && measuredThs < least * expectedThs)
    problems.push(
      `${place} hashes at ${measuredThs.toFixed(2)} TH/s where ${expectedThs.toFixed(2)} TH/s are promised (${nonces} nonces in ${seconds} s)`,
    );
  return joined([{ problems, notes: [`${place}: ${nonces} nonces, ${hardwareErrors} wrong`] }, judgeSilence(chain)]);
}

function judgeSilence({ chainIndex, heardOfChip }: MinedChain): Finding {
  const named = heardOfChip.reduce((sum, heard) => sum + heard, 0);
  const gaps = named / Math.max(1, heardOfChip.length);
  const silent = heardOfChip.flatMap((heard, chip) => (heard === 0 ? [chip] : []));
  if (silent.length === 0) return seen(`chain ${chainIndex}: each chip was heard`);
  if (gaps < SILENT_GAPS)
    return seen(
      `chain ${chainIndex}: ${silent.length} chips were not heard, which says nothing yet at ${gaps.toFixed(1)} nonces a chip`,
    );
  const shown = silent.slice(0, NAMED_CHIPS_MAX).join(", ");
  const more = silent.length > NAMED_CHIPS_MAX ? ` and ${silent.length - NAMED_CHIPS_MAX} more` : "";
  return wrong(
    `chain ${chainIndex}, chip ${shown}${more} found nothing where each of the others found ${gaps.toFixed(0)} nonces`,
  );
}

/** Air is warmer behind the chips than before them, once they hash. */
function judgePair({ chainIndex, inletC, outletC }: SensorPair): Finding {
  if (inletC === null || outletC === null) return seen(`chain ${chainIndex}: no pair of sensors to compare`);
  if (inletC > outletC + PAIR_TOLERANCE_C)
    return wrong(
      `the sensors of chain ${chainIndex} are swapped: its outlet reads ${outletC} C and its inlet ${inletC} C while it hashes`,
    );
  return seen(`chain ${chainIndex}: inlet ${inletC} C, outlet ${outletC} C`);
}
