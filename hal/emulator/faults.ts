/**
 * What can go wrong in the emulated world, as plain data that tests and scenarios change at any time; the part that
 * suffers a fault looks here when it acts. Probabilities are 0..1. Everything that draws does so from its own seeded
 * stream, so a run with faults replays too.
 */
export interface ChainFaults {
  /** Per byte, on the wire, in both directions. */
  dropByteProbability: number;
  /** Per byte, one bit turned over, in both directions. */
  flipBitProbability: number;
  /** The same in one direction only, on top of that. */
  flipToHostProbability: number;
  flipToChipsProbability: number;
  /** Per frame out of the chips. */
  duplicateFrameProbability: number;
  /** This chip is dead and cuts off everything behind it; null = none. */
  deadChipIndex: number | null;
  /** The chain takes everything and sends nothing. */
  isSilent: boolean;
  /** Share of the nonce frames that carry a nonce which fails the ticket. */
  falseNonceFraction: number;
  /** This chip answers register reads with a wrong address (lowest bit turned over); null = none. */
  wrongAddressChipIndex: number | null;
  /** A register of this chip keeps its value, whatever is written; null = none. */
  stuckRegister: { readonly chipIndex: number; readonly register: number } | null;
  /** Random bytes out of the chain at power-up, at the end of a reset and at each rate change. Real boards do that. */
  noiseBurstBytes: number;
}

export type SensorFault = "none" | "stuck" | "failed";

export interface WorldFaults {
  readonly chains: ChainFaults[];
  /** One entry a fan: true = its rotor stands, whatever the duty. */
  readonly fanStopped: boolean[];
  /** The board sensors of each chain, in the machine's order. */
  readonly sensors: SensorFault[][];
  /** One entry a chain: inlet and outlet sensor sit in each other's place. */
  readonly areSensorsSwapped: boolean[];
  /** The supply gives no output although it is switched on. */
  psuFailed: boolean;
  /** Once on, the supply stays on whatever its enable line says. */
  isSupplyStuckOn: boolean;
}

/** What a pool does wrong, as plain data; the local pool looks here when it acts. */
export interface PoolFaults {
  /** It reads and says nothing any more. */
  isSilent: boolean;
  /** Every share is refused, whatever it is worth. */
  rejectsAll: boolean;
}

export function noPoolFaults(): PoolFaults {
  return { isSilent: false, rejectsAll: false };
}

export function noChainFaults(): ChainFaults {
  return {
    dropByteProbability: 0,
    flipBitProbability: 0,
    flipToHostProbability: 0,
    flipToChipsProbability: 0,
    duplicateFrameProbability: 0,
    deadChipIndex: null,
    isSilent: false,
    falseNonceFraction: 0,
    wrongAddressChipIndex: null,
    stuckRegister: null,
    noiseBurstBytes: 5,
  };
}

export function noFaults(chainCount: number, fanCount: number): WorldFaults {
  return {
    chains: Array.from({ length: chainCount }, noChainFaults),
    fanStopped: Array.from({ length: fanCount }, () => false),
    sensors: Array.from({ length: chainCount }, (): SensorFault[] => ["none", "none", "none", "none"]),
    areSensorsSwapped: Array.from({ length: chainCount }, () => false),
    psuFailed: false,
    isSupplyStuckOn: false,
  };
}
