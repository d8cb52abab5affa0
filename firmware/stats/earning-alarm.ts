/**
 * "It looks fine but earns nothing": one alarm, with the cause that can be proved. Pure; work in hashes, over the last ten
 * minutes or hour.
 */
import type { TruthRow } from "./share-truth.ts";

export interface EarningInputs {
  readonly tenMinutes: TruthRow;
  readonly hour: TruthRow;
  /** Part of the ten minutes' reported work that came before: a fault of the feeding, not of the chips. */
  readonly repeatedHashes: number;
  /** Hashes that one nonce at the chips' ticket stands for; the smallest of the chains. */
  readonly hashesPerNonce: number;
  /** Hashes that one share of the working pool stands for; null = no job. */
  readonly hashesPerShare: number | null;
  /** Expected hashes/s now; 0 = nothing is to be hashed. */
  readonly expectedHashesPerS: number;
  readonly hashingMs: number;
  readonly lastRejectText: string;
  /** Why no pool works, or null. */
  readonly noPoolReason: string | null;
  /** For how long no pool has worked. */
  readonly noPoolMs: number;
}

/** So many events must have been due before their absence proves something: e^-20 that it is chance. */
const DUE = 20;
/** Below this share of what was due it is no bad luck. */
const FLAT_SHARE = 0.1;
const TEN_MINUTES_MS = 600_000;
const NO_POOL_MS = 120_000;
const DAY_S = 86_400;

/** One sentence, or null while work is paid for, or too short to tell. */
export function earningAlarm(inputs: EarningInputs): string | null {
  return noPool(inputs) ?? flatline(inputs) ?? wrongNonces(inputs) ?? refused(inputs) ?? tooHard(inputs);
}

function noPool({ noPoolReason, noPoolMs }: EarningInputs): string | null {
  if (noPoolReason === null || noPoolMs < NO_POOL_MS) return null;
  return `nothing is earned: no pool has given work for ${minutes(noPoolMs)} (${noPoolReason})`;
}

/** Chips that should report and do not. */
function flatline({ tenMinutes, hashesPerNonce, hashingMs }: EarningInputs): string | null {
  if (hashingMs < TEN_MINUTES_MS / 2 || tenMinutes.expected < DUE * hashesPerNonce) return null;
  if (tenMinutes.reported >= FLAT_SHARE * tenMinutes.expected) return null;
  const pct = (100 * tenMinutes.reported) / tenMinutes.expected;
  return `nothing is earned: the chips report ${pct.toFixed(0)} % of the nonces that their clock promises`;
}

/** Chips report, but next to nothing hashes right. */
function wrongNonces({ tenMinutes, repeatedHashes, hashesPerNonce }: EarningInputs): string | null {
  const fresh = tenMinutes.reported - repeatedHashes;
  if (fresh < DUE * hashesPerNonce) return null;
  if (tenMinutes.verified >= FLAT_SHARE * fresh) return null;
  const pct = (100 * tenMinutes.verified) / fresh;
  return `nothing is earned: only ${pct.toFixed(0)} % of the reported nonces hash right; lower the clock or raise the voltage`;
}

/** Shares go out and the pool takes none. */
function refused({ tenMinutes, hour, hashesPerShare, lastRejectText }: EarningInputs): string | null {
  if (hashesPerShare === null) return null;
  const row = tenMinutes.submitted >= DUE * hashesPerShare ? tenMinutes : hour;
  if (row.submitted < DUE * hashesPerShare || row.accepted > 0) return null;
  const words = lastRejectText === "" ? "it answers none" : `its words: ${lastRejectText}`;
  return `nothing is earned: the pool took none of ${Math.round(row.submitted / hashesPerShare)} shares (${words})`;
}

/** The pool asks for so much that a day may pass without a share. */
function tooHard({ hour, hashesPerShare, expectedHashesPerS }: EarningInputs): string | null {
  if (hashesPerShare === null || expectedHashesPerS <= 0 || hour.submitted > 0) return null;
  const secondsPerShare = hashesPerShare / expectedHashesPerS;
  if (secondsPerShare < DAY_S) return null;
  const days = secondsPerShare / DAY_S;
  return `nothing is earned for long: at the pool's difficulty a share takes ${days.toFixed(0)} days on average; ask it for a lower one`;
}

function minutes(ms: number): string {
  return `${Math.round(ms / 60_000)} minutes`;
}
