/** What an owner may tune while the machine runs, and the limits of it. Frequencies in MHz, voltages in mV. */
import type { BoardSupport } from "#drivers/hashboards/board-support.ts";
import { clockLimits } from "#drivers/hashboards/clock-limits.ts";
import type { HashboardModel } from "#drivers/hashboards/models.ts";
import type { ChainTuning } from "../chain/chain-tuning.ts";

export interface Tuning {
  /** By chain index. */
  readonly chains: readonly ChainTuning[];
  /** Working voltage by chain index; the same in all where they share it. */
  readonly workMv: readonly number[];
}

/** Null means all of them. A chip is counted along its chain, a domain is a group of neighbouring chips. */
export interface TuningTarget {
  readonly chainIndex: number | null;
  readonly domainIndex: number | null;
  readonly chipIndex: number | null;
}

export type TuningValue =
  | { readonly kind: "absolute"; readonly value: number }
  | { readonly kind: "change"; readonly value: number }
  /** As the run began. */
  | { readonly kind: "start" };

export interface TuningLimits {
  readonly frequencyMhz: Bounds;
  /** Null: the voltage is fixed. */
  readonly voltageMv: Bounds | null;
  readonly isVoltagePerChain: boolean;
  readonly chips: number;
  readonly domains: number;
  readonly chipsPerDomain: number;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Why not more. */
  readonly reason: string;
}

export function tuningLimits(
  model: HashboardModel,
  support: BoardSupport,
  train: { readonly isVoltageSettable: boolean; readonly isVoltagePerChain: boolean },
): TuningLimits {
  const { voltage } = support;
  return {
    frequencyMhz: clockLimits(model),
    voltageMv:
      voltage === null || !train.isVoltageSettable
        ? null
        : { min: voltage.hardMinMv, max: voltage.hardMaxMv, reason: `the hard limits of ${model.label}` },
    isVoltagePerChain: train.isVoltagePerChain,
    chips: model.chips,
    domains: model.domains,
    chipsPerDomain: model.chipsPerDomain,
  };
}

/** Chips that a target means, of one of its chains; null = all of that chain. */
export function chipsOf({ domainIndex, chipIndex }: TuningTarget, { chipsPerDomain }: TuningLimits): number[] | null {
  if (chipIndex !== null) return [chipIndex];
  if (domainIndex === null) return null;
  return Array.from({ length: chipsPerDomain }, (_, i) => domainIndex * chipsPerDomain + i);
}

/** As people write it: `all`, `0`, `0.12` for a chip, `0.d3` for a domain. */
export function targetText({ chainIndex, domainIndex, chipIndex }: TuningTarget): string {
  if (chainIndex === null) return "all chains";
  if (chipIndex !== null) return `chip ${chainIndex}.${chipIndex}`;
  if (domainIndex !== null) return `domain ${chainIndex}.d${domainIndex}`;
  return `chain ${chainIndex}`;
}
