/** Hash clocks that a chain's chips are meant to have, before heat or errors take some of it. */

export interface ChainTuning {
  /** Of every chip that has none of its own. */
  readonly baseMhz: number;
  /** By chip index. */
  readonly chipMhz: ReadonlyMap<number, number>;
}

export function uniformTuning(baseMhz: number): ChainTuning {
  return { baseMhz, chipMhz: new Map() };
}

export function chipMhzOf({ baseMhz, chipMhz }: ChainTuning, chipIndex: number): number {
  return chipMhz.get(chipIndex) ?? baseMhz;
}
