/**
 * From the hash clocks that the chips of a chain have to others, chip by chip, while they hash. Down in one step, since
 * whoever lowers a clock may be in a hurry; up in the steps of the start ramp, so that no supply sees a leap. The counting
 * number of a chip goes with its own clock, as it does for a whole chain.
 */
import { KumpelError } from "#hal/errors.ts";
import type { HashboardModel } from "../hashboards/hashboard-model.ts";
import { CHIPS } from "./chips.ts";
import { RAMP_STEP_MHZ, RAMP_STEP_MS } from "./frequency-ramp.ts";
import { hashCountingNumber } from "./hash-counting.ts";
import { type InitStep, wait } from "./init-step.ts";
import { solvePll } from "./pll.ts";
import type { StartSequence } from "./start-sequence.ts";

/** Clocks that differ by less are the same one. */
const SAME_MHZ = 1e-6;

export interface RetuneInput {
  readonly board: HashboardModel;
  readonly sequence: StartSequence;
  /** Present clocks in MHz, one for each chip found. */
  readonly fromMhz: readonly number[];
  /** Wanted ones. */
  readonly toMhz: readonly number[];
}

/** @throws KumpelError `FREQUENCY_OUT_OF_RANGE` before anything is written. */
export function retuneSteps({ board, sequence, fromMhz, toMhz }: RetuneInput): InitStep[] {
  const { pll } = CHIPS[board.chip];
  if (fromMhz.length !== toMhz.length)
    throw new KumpelError("CHIP_COUNT_WRONG", `${toMhz.length} clocks for ${fromMhz.length} chips`);
  const reachable = new Map([...new Set(toMhz)].map((mhz) => [mhz, solvePll(mhz, pll).frequencyMhz]));
  const goal = toMhz.map((mhz) => reachable.get(mhz) ?? mhz);
  const steps: InitStep[] = [];
  let now = [...fromMhz];
  while (now.some((mhz, chip) => isOther(mhz, goal[chip]!))) {
    const next = now.map((mhz, chip) => nextMhz(mhz, goal[chip]!));
    steps.push(...roundSteps({ board, sequence, fromMhz: now, toMhz: next }));
    now = next;
  }
  return steps;
}

function nextMhz(nowMhz: number, goalMhz: number): number {
  return goalMhz <= nowMhz ? goalMhz : Math.min(goalMhz, nowMhz + RAMP_STEP_MHZ);
}

/** One round of writes; a chain whose chips all do the same hears it once. */
function roundSteps({ board, sequence, fromMhz, toMhz }: RetuneInput): InitStep[] {
  const [from, to] = [fromMhz[0]!, toMhz[0]!];
  const isUniform = !fromMhz.some((mhz) => isOther(mhz, from)) && !toMhz.some((mhz) => isOther(mhz, to));
  if (isUniform) return sequence.setFrequency(fromMhz.length, from, to);
  const steps: InitStep[] = [];
  const reached: InitStep[] = [];
  for (const [chipIndex, mhz] of toMhz.entries()) {
    if (!isOther(mhz, fromMhz[chipIndex]!)) continue;
    const { writes, frequencyMhz } = chipSteps(board, fromMhz.length, chipIndex, mhz, mhz > fromMhz[chipIndex]!);
    steps.push(...writes);
    reached.push({ kind: "frequencyReached", frequencyMhz, chipIndex });
  }
  return [...steps, wait(RAMP_STEP_MS, "hash clocks lock"), ...reached];
}

/** The shorter sweep comes first: see `setFrequencySteps` of the start sequence. */
function chipSteps(
  board: HashboardModel,
  chipCount: number,
  chipIndex: number,
  mhz: number,
  isUp: boolean,
): { writes: InitStep[]; frequencyMhz: number } {
  const row = CHIPS[board.chip];
  const pll = solvePll(mhz, row.pll);
  const to = chipIndex * board.addressInterval;
  const clock: InitStep = { kind: "write", to, register: "pll0", value: pll.word, provenance: "documented" };
  if (row.midstate !== null) return { writes: [clock], frequencyMhz: pll.frequencyMhz };
  const value = hashCountingNumber(row, board, chipCount, pll.frequencyMhz);
  const count: InitStep = { kind: "write", to, register: "hashCountingNumber", value, provenance: "inferred" };
  return { writes: isUp ? [count, clock] : [clock, count], frequencyMhz: pll.frequencyMhz };
}

function isOther(a: number, b: number): boolean {
  return Math.abs(a - b) > SAME_MHZ;
}
