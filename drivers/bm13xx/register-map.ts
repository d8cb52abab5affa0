/** Which registers a chip family has, by the names that sequences use. */
import { REGISTERS, type RegisterRow } from "./registers.ts";
import { REGISTERS_BM1387 } from "./registers-bm1387.ts";
import { REGISTERS_BM1397 } from "./registers-bm1397.ts";

export type RegisterName = keyof typeof REGISTERS | keyof typeof REGISTERS_BM1387 | keyof typeof REGISTERS_BM1397;

export type RegisterMap = Readonly<Partial<Record<RegisterName, RegisterRow>>>;

export const REGISTER_MAPS = {
  bm1387: REGISTERS_BM1387 as RegisterMap,
  bm1397: REGISTERS_BM1397 as RegisterMap,
  bm1362: REGISTERS as RegisterMap,
} as const;

/** Name of a register number; null where no source names it. */
export function registerNameOf(map: RegisterMap, wanted: number): RegisterName | null {
  const found = Object.entries(map).find(([, row]) => row.number === wanted);
  return found === undefined ? null : (found[0] as RegisterName);
}

/** Number of a register that the chip has; a sequence that names another one is a bug. */
export function registerNumber(map: RegisterMap, name: RegisterName): number {
  const row = map[name];
  if (row === undefined) throw new RangeError(`this chip has no register ${name}`);
  return row.number;
}
