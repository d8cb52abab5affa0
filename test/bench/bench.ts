/** What the benches share: rows, budgets, and measuring side by side with a reference. */
import { execFileSync } from "node:child_process";

export interface Budget {
  readonly of: "value" | "ratio";
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Null where nothing was counted: then a budget does not hold. */
  readonly value: number | null;
  readonly reference: number | null;
  /** value / reference. */
  readonly ratio: number | null;
  readonly budget: string | null;
  /** Null where there is no budget, or where it was skipped: the note says why. */
  readonly holds: boolean | null;
  readonly note: string;
}

export interface Measured {
  readonly name: string;
  readonly unit: string;
  readonly value: number | null;
  readonly reference?: number | null;
  readonly ratio?: number | null;
  readonly budget?: Budget;
  /** Why the budget cannot be judged here. */
  readonly skipped?: string;
  readonly note?: string;
}

/** Hands a row to scripts/bench.mjs. */
export function report(measured: Measured): void {
  const { name, unit, value, reference = null, ratio = null, budget, skipped, note = "" } = measured;
  const row: Row = {
    name,
    unit,
    value: rounded(value),
    reference: rounded(reference),
    ratio: rounded(ratio),
    budget: budget === undefined ? null : budgetText(budget),
    holds:
      budget === undefined || skipped !== undefined ? null : isWithin(budget, budget.of === "value" ? value : ratio),
    note: skipped === undefined ? note : `skipped: ${skipped}`,
  };
  process.stdout.write(`${JSON.stringify(row)}\n`);
}

function isWithin(budget: Budget, figure: number | null): boolean {
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = budget;
  return figure !== null && figure >= atLeast && figure <= atMost;
}

function budgetText(budget: Budget): string {
  return budget.atLeast === undefined ? `${budget.of} <= ${budget.atMost}` : `${budget.of} >= ${budget.atLeast}`;
}

function rounded(figure: number | null): number | null {
  return figure === null ? null : Number(figure.toPrecision(4));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

export interface Round {
  /** CPU time of this process; others on the machine do not count. */
  readonly seconds: number;
  /** Over the results: equal to the reference's for the same count, or one of the two is wrong. */
  readonly sum: number;
}

export function timed(run: () => number): Round {
  const before = process.cpuUsage();
  const sum = run();
  const { user, system } = process.cpuUsage(before);
  return { seconds: (user + system) / 1e6, sum: sum >>> 0 };
}

export interface PairOptions {
  readonly name: string;
  readonly unit: string;
  /** First argument of the reference. */
  readonly kind: "checks" | "works" | "midstates";
  /** Per round; about a tenth of a second. */
  readonly count: number;
  readonly ratioAtLeast: number;
  readonly run: (count: number) => number;
}

const PAIRS = 15;
const WARM_UPS = 3;

/** Rate beside the compiled reference: ours, C, ours, C ...; the medians over all pairs count. */
export function reportPairs(options: PairOptions): void {
  const { name, unit, kind, count, run } = options;
  const program = process.argv[3] ?? "";
  const budget: Budget = { of: "ratio", atLeast: options.ratioAtLeast };
  for (let i = 0; i < WARM_UPS; i++) run(count);
  const ours: number[] = [];
  const references: number[] = [];
  const ratios: number[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    const mine = timed(() => run(count));
    ours.push(count / mine.seconds);
    if (program === "") continue;
    const other = runReference(program, kind, count);
    if (mine.sum !== other.sum) throw new Error(`${name}: sum ${mine.sum}, the reference has ${other.sum}`);
    references.push(count / other.seconds);
    ratios.push(mine.seconds > 0 ? other.seconds / mine.seconds : Number.NaN);
  }
  const value = median(ours);
  if (program === "") report({ name, unit, value, budget, skipped: "no C compiler (cc) here for the reference" });
  else
    report({
      name,
      unit,
      value,
      reference: median(references),
      ratio: median(ratios),
      budget,
      note: "reference: C, cc -O3",
    });
}

function runReference(program: string, kind: string, count: number): Round {
  const [seconds = Number.NaN, sum = Number.NaN] = execFileSync(program, [kind, String(count)], { encoding: "utf8" })
    .split(" ")
    .map(Number);
  return { seconds, sum };
}
