/**
 * What a new version must show before it is good: it hashes as the one before did, heat control regulates with known
 * temperatures, the management plane answers. Pure: facts in, clauses of what is lacking out.
 */
import type { MinerSnapshot } from "../api/snapshot.ts";

/** Chance and a throttle for heat take a little; a version that loses a fifth is worse than the one before. */
const NEAR_SHARE = 0.8;
const REGULATES = ["regulating", "hot", "throttling"];

export interface ProofFacts {
  /** Null: nothing is switched on. */
  readonly snapshot: Pick<MinerSnapshot, "chains" | "hashrate" | "thermal" | "pauseReason"> | null;
  /** Chains that hashed before the update. */
  readonly hashingChainsBefore: number;
  /** Nothing was switched on before the update. */
  readonly wasIdleBefore: boolean;
  /** The owner has paused it: nobody can expect that it hashes. */
  readonly isPausedByOwner: boolean;
  readonly isManagementAnswering: boolean;
}

/** What is lacking, each a clause; empty: proven at this moment. */
export function lacksOf(facts: ProofFacts): string[] {
  const { snapshot, isManagementAnswering } = facts;
  const lacks = isManagementAnswering ? [] : ["the own API does not answer"];
  if (snapshot === null) return facts.wasIdleBefore ? lacks : [...lacks, "nothing is switched on"];
  const isHashingDue = facts.hashingChainsBefore > 0 && !facts.isPausedByOwner;
  const { phase, reason } = snapshot.thermal;
  if (phase === "shutdown") lacks.push(`it is shut down: ${reason}`);
  else if (isHashingDue && !REGULATES.includes(phase)) lacks.push(`heat control does not regulate (${phase})`);
  return isHashingDue ? [...lacks, ...hashingLacks(snapshot, facts.hashingChainsBefore)] : lacks;
}

function hashingLacks(
  { chains, hashrate, pauseReason }: NonNullable<ProofFacts["snapshot"]>,
  chainsBefore: number,
): string[] {
  const hashing = chains.filter(({ state }) => state === "hashing");
  if (hashing.length < chainsBefore) {
    const why = pauseReason ?? chains.find(({ state, reason }) => state !== "hashing" && reason !== "")?.reason ?? "";
    return [`${hashing.length} of ${chainsBefore} chains hash${why === "" ? "" : ` (${why})`}`];
  }
  const blind = hashing.filter((chain) => chain.temperatureBoardMaxC === null && chain.temperatureChipMaxC === null);
  const lacks = blind.map(({ index }) => `no temperature of chain ${index} is known`);
  const { expectedThs, recentMeasuredThs } = hashrate;
  const share = expectedThs === null || expectedThs <= 0 ? 0 : (recentMeasuredThs ?? 0) / expectedThs;
  if (share < NEAR_SHARE) lacks.push(`it finds ${Math.round(100 * share)} % of what its chips promise`);
  return lacks;
}
