/**
 * Numbers that both the web face and the socket face show, in the units of Antminer-class clients (GH/s, seconds,
 * percent). These clients add and compare without asking, so unknown has to be 0 here; our own API says null.
 */
import { type ChainSnapshot, type MinerSnapshot, type PoolSnapshot, totalNonces } from "../snapshot.ts";

const GIGA = 1e9;
/** Hashes that a share of difficulty 1 stands for. */
export const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Two decimals, as stock prints. */
export function rounded(value: number, digits = 2): number {
  const factor = 10 ** digits;
  return Number.isFinite(value) ? Math.round(value * factor) / factor : 0;
}

export function ghs(ths: number | null): number {
  return rounded((ths ?? 0) * 1000);
}

export function elapsedS(snapshot: MinerSnapshot): number {
  return Math.floor(snapshot.uptimeMs / 1000);
}

/**
 * Stock's half-hour rate. The ten-minute one stands in for it: the largest manager takes this number for its
 * five-minute figure, and a whole hour would show a change too late.
 */
export function ghsHalfHour(snapshot: MinerSnapshot): number {
  const seconds = Math.min(600, Math.max(1, snapshot.uptimeMs / 1000));
  return rounded(snapshot.truth["10m"].verified / seconds / GIGA);
}

export function hardwareErrors(snapshot: MinerSnapshot): number {
  return totalNonces(snapshot, "hardwareError");
}

/** In percent, from 0 to 100. */
export function percentOf(part: number, whole: number): number {
  return whole > 0 ? rounded((100 * part) / whole, 4) : 0;
}

export function hardwareErrorPct(chains: readonly ChainSnapshot[]): number {
  let errors = 0;
  let all = 0;
  for (const { nonces } of chains) {
    errors += nonces.hardwareError;
    all += nonces.hardwareError + nonces.share + nonces.valid + nonces.stale + nonces.duplicate;
  }
  return percentOf(errors, all);
}

/** Only the hottest place of a board is known: it stands for each of the four, since clients pick one by position. */
export function fourTimes(temperatureC: number | null): [number, number, number, number] {
  const value = Math.round(temperatureC ?? 0);
  return [value, value, value, value];
}

/** Chips as stock draws them: `o` answered, `x` did not; only their number is known, so the missing ones stand last. */
export function chipLetters(chain: ChainSnapshot): string {
  const found = Math.max(0, Math.min(chain.chips, chain.chipsExpected));
  const letters = `${"o".repeat(found)}${"x".repeat(Math.max(0, chain.chipsExpected - found))}`;
  return letters.replaceAll(/.{8}(?=.)/g, "$& ");
}

/** How long ago, as stock prints it: "1:02:03"; "0" before the first. */
export function agoText(atWallMs: number | null, wallTimeMs: number): string {
  if (atWallMs === null) return "0";
  const seconds = Math.max(0, Math.floor((wallTimeMs - atWallMs) / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** Seconds since 1970; 0 before the first. */
export function unixS(atWallMs: number | null): number {
  return Math.floor((atWallMs ?? 0) / 1000);
}

/** "64K" for 65536; below a thousand as it is. */
export function shortDifficulty(difficulty: number | null): string {
  if (difficulty === null) return "0";
  const units = ["", "K", "M", "G", "T", "P"];
  let value = difficulty;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return unit === 0 ? String(rounded(value, 3)) : `${rounded(value, 2)}${units[unit]}`;
}

/** The pool's own sum is not kept by outcome: the number of shares times the present difficulty is near enough here. */
export function difficultyOf(pool: PoolSnapshot, shares: number): number {
  return rounded(shares * (pool.difficulty ?? 0));
}

/** Shares of difficulty 1 that the work stands for. */
export function diff1Shares(verifiedHashes: number): number {
  return Math.round(verifiedHashes / HASHES_PER_DIFFICULTY);
}

export function meanFrequencyMhz(chains: readonly ChainSnapshot[]): number {
  const known = chains.map((c) => c.frequencyMhz).filter((f) => f !== null);
  return known.length === 0 ? 0 : rounded(known.reduce((a, b) => a + b, 0) / known.length);
}

export function rpmOf(snapshot: MinerSnapshot): number[] {
  return snapshot.thermal.fansRpm.map((rpm) => Math.round(rpm ?? 0));
}
