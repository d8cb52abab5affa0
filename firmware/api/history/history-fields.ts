/** What history keeps, as one table: names with their units, how a value is taken, and how several become one. */
import { maxKnown, minKnown } from "../../stats/known-values.ts";
import { type MinerSnapshot, totalNonces } from "../snapshot.ts";

export interface HistoryField {
  readonly name: string;
  readonly unit: string;
  /** mean: of the values in a slot. sum: of what was added since the snapshot before; a restart begins from nothing. */
  readonly kind: "mean" | "sum";
  /** Null = unknown: it leaves a gap. */
  readonly of: (snapshot: MinerSnapshot) => number | null;
}

/** Per chain, for as many as any board has; what is not there stays unknown and costs a number each. */
const CHAINS = 4;

export const HISTORY_FIELDS: readonly HistoryField[] = [
  { name: "hashrateThs", unit: "TH/s", kind: "mean", of: (s) => s.hashrate.recentMeasuredThs },
  { name: "expectedThs", unit: "TH/s", kind: "mean", of: (s) => s.hashrate.expectedThs },
  { name: "boardMaxC", unit: "C", kind: "mean", of: (s) => maxKnown(s.chains.map((c) => c.temperatureBoardMaxC)) },
  { name: "chipMaxC", unit: "C", kind: "mean", of: (s) => maxKnown(s.chains.map((c) => c.temperatureChipMaxC)) },
  { name: "fanDutyPct", unit: "%", kind: "mean", of: (s) => s.thermal.fanDutyPct },
  { name: "fanMinRpm", unit: "rpm", kind: "mean", of: (s) => minKnown(s.thermal.fansRpm) },
  { name: "accepted", unit: "shares", kind: "sum", of: (s) => s.pool.shares.accepted },
  { name: "rejected", unit: "shares", kind: "sum", of: (s) => s.pool.shares.rejected },
  { name: "stale", unit: "shares", kind: "sum", of: (s) => s.pool.shares.stale },
  { name: "hardwareErrors", unit: "nonces", kind: "sum", of: (s) => totalNonces(s, "hardwareError") },
  ...Array.from({ length: CHAINS }, (_, chain): HistoryField[] => [
    {
      name: `chain${chain}Ths`,
      unit: "TH/s",
      kind: "mean",
      of: (s) => s.chains[chain]?.hashrate.recentMeasuredThs ?? null,
    },
    { name: `chain${chain}Mhz`, unit: "MHz", kind: "mean", of: (s) => s.chains[chain]?.frequencyMhz ?? null },
    {
      name: `chain${chain}C`,
      unit: "C",
      kind: "mean",
      of: (s) => maxKnown([s.chains[chain]?.temperatureBoardMaxC ?? null]),
    },
  ]).flat(),
];
