/**
 * Voltage of a supply at a set point, by type: V = (a - N) / b. Written down here a second time from vendor binaries and
 * public S19 Pro notes, for the emulated supply only.
 */
export interface PsuLine {
  readonly a: number;
  readonly b: number;
}

const APW12_A: PsuLine = { a: 1190.935338, b: 78.742588 };
const APW12_C: PsuLine = { a: 1280.577821, b: 73.979365 };
const APW12_D: PsuLine = { a: 1156.107585, b: 76.090494 };
const APW9: PsuLine = { a: 765.411764, b: 35.833333 };

const LINES: ReadonlyMap<number, PsuLine> = new Map([
  [0x22, { a: 1215.89444, b: 59.931507 }],
  [0x41, APW9],
  [0x42, APW9],
  [0x43, { a: 933.240365, b: 59.806034 }],
  [0x61, { a: 1144.502262, b: 52.243589 }],
  [0x71, APW12_A],
  [0x72, APW12_A],
  [0x73, APW12_C],
  [0x74, APW12_D],
  [0x75, APW12_A],
  [0x76, APW12_D],
  [0x77, APW12_A],
  [0x78, APW12_C],
]);
const C_OLD: PsuLine = { a: 1275, b: 85 };
const C_NEW: PsuLine = { a: 1083.75, b: 70.8333 };
const LEGACY: PsuLine = { a: 1718.459125, b: 85.509875 };

/** Line of a v1 supply; a type that nobody knows behaves like an APW12. */
export function psuLine(type: number, firmware: number): PsuLine {
  if (type === 0xc1 || type === 0xc2) return (firmware & 0xff) < 4 ? C_OLD : C_NEW;
  return LINES.get(type) ?? APW12_A;
}

export function legacyLine(): PsuLine {
  return LEGACY;
}

/** Voltage in mV at set point `code`. */
export function lineMv(line: PsuLine, code: number): number {
  return (1000 * (line.a - code)) / line.b;
}
