/** Two start sequences side by side: what is missing, added, written differently, or comes after another pause. */
import { z } from "zod";
import type { InitStep } from "./init-steps.ts";

const side = z.strictObject({ step: z.number().int(), text: z.string() });

export const diffSchema = z.strictObject({
  kind: z.literal("diff"),
  chain: z.number().int(),
  what: z.enum(["missing", "added", "value", "gap"]),
  /** Steps count from 1. `a` is null for an added step, `b` for a missing one. */
  a: side.nullable(),
  b: side.nullable(),
  /** Ms since the step before, where both traces tell times. */
  a_gap_ms: z.number().nullable(),
  b_gap_ms: z.number().nullable(),
});
export type StepDifference = z.infer<typeof diffSchema>;

export const diffSummarySchema = z.strictObject({
  kind: z.literal("diff_summary"),
  a_steps: z.number().int(),
  b_steps: z.number().int(),
  missing: z.number().int(),
  added: z.number().int(),
  value: z.number().int(),
  gap: z.number().int(),
});
export type DiffSummary = z.infer<typeof diffSummarySchema>;

/** Longer sequences are compared in their first part only: the table grows with the square. */
export const COMPARED_STEPS_MAX = 6000;
/** Pairing by the same value counts more than by the same register, and any pair more than none. */
const SAME_VALUE = 3;
const SAME_KEY = 2;

type Pair = { readonly a: number | null; readonly b: number | null };

function score(a: InitStep, b: InitStep): number {
  if (a.key !== b.key) return 0;
  return a.value === b.value ? SAME_VALUE : SAME_KEY;
}

/** Best pairing in order. Equal beginnings and ends, mostly nearly everything, are set aside first. */
function align(a: readonly InitStep[], b: readonly InitStep[]): Pair[] {
  const isSame = (i: number, j: number): boolean => score(a[i]!, b[j]!) === SAME_VALUE;
  let head = 0;
  while (head < a.length && head < b.length && isSame(head, head)) head++;
  let tail = 0;
  const rest = Math.min(a.length, b.length) - head;
  while (tail < rest && isSame(a.length - 1 - tail, b.length - 1 - tail)) tail++;
  const pairs: Pair[] = Array.from({ length: head }, (_, i) => ({ a: i, b: i }));
  pairs.push(...alignMiddle(a.slice(head, a.length - tail), b.slice(head, b.length - tail), head));
  for (let i = tail; i > 0; i--) pairs.push({ a: a.length - i, b: b.length - i });
  return pairs;
}

function alignMiddle(a: readonly InitStep[], b: readonly InitStep[], offset: number): Pair[] {
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const gained = score(a[i]!, b[j]!);
      const paired = gained === 0 ? 0 : gained + table[(i + 1) * width + j + 1]!;
      table[i * width + j] = Math.max(paired, table[(i + 1) * width + j]!, table[i * width + j + 1]!);
    }
  }
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const here = table[i * width + j]!;
    const gained = i < a.length && j < b.length ? score(a[i]!, b[j]!) : 0;
    if (gained > 0 && here === gained + table[(i + 1) * width + j + 1]!) {
      pairs.push({ a: offset + i++, b: offset + j++ });
    } else if (i < a.length && (j >= b.length || here === table[(i + 1) * width + j]!)) {
      pairs.push({ a: offset + i++, b: null });
    } else {
      pairs.push({ a: null, b: offset + j++ });
    }
  }
  return pairs;
}

function gapBefore(steps: readonly InitStep[], index: number): number | null {
  const gap = (steps[index]?.tMs ?? Number.NaN) - (steps[index - 1]?.tMs ?? Number.NaN);
  return Number.isNaN(gap) ? null : Math.round(gap * 1000) / 1000;
}

/** @param gapMs pauses that differ by more than this are told; null = none is */
export function diffSteps(
  chain: number,
  a: readonly InitStep[],
  b: readonly InitStep[],
  gapMs: number | null,
): StepDifference[] {
  const found: StepDifference[] = [];
  for (const pair of align(a.slice(0, COMPARED_STEPS_MAX), b.slice(0, COMPARED_STEPS_MAX))) {
    const stepA = pair.a === null ? null : a[pair.a]!;
    const stepB = pair.b === null ? null : b[pair.b]!;
    const aGap = pair.a === null ? null : gapBefore(a, pair.a);
    const bGap = pair.b === null ? null : gapBefore(b, pair.b);
    const isLate = gapMs !== null && aGap !== null && bGap !== null && Math.abs(aGap - bGap) > gapMs;
    const what = whatOf(stepA, stepB, isLate);
    if (what === null) continue;
    found.push({
      kind: "diff",
      chain,
      what,
      a: stepA === null ? null : { step: (pair.a ?? 0) + 1, text: stepA.text },
      b: stepB === null ? null : { step: (pair.b ?? 0) + 1, text: stepB.text },
      a_gap_ms: aGap,
      b_gap_ms: bGap,
    });
  }
  return found;
}

function whatOf(a: InitStep | null, b: InitStep | null, isLate: boolean): StepDifference["what"] | null {
  if (a === null) return "added";
  if (b === null) return "missing";
  if (a.value !== b.value) return "value";
  return isLate ? "gap" : null;
}

export function diffText(difference: StepDifference): string {
  const { chain, what, a, b, a_gap_ms: aGap, b_gap_ms: bGap } = difference;
  const gap = (ms: number | null): string => (ms === null ? "" : ` (${ms} ms after the one before)`);
  const lineA = a === null ? "" : `  A ${String(a.step).padStart(5)}  ${a.text}${what === "gap" ? gap(aGap) : ""}\n`;
  const lineB = b === null ? "" : `  B ${String(b.step).padStart(5)}  ${b.text}${what === "gap" ? gap(bGap) : ""}\n`;
  const words = { missing: "only in A", added: "only in B", value: "another value", gap: "another pause" };
  return `chain ${chain}: ${words[what]}\n${lineA}${lineB}`;
}

export function summarise(aSteps: number, bSteps: number, differences: readonly StepDifference[]): DiffSummary {
  const count = (what: StepDifference["what"]): number => differences.filter((d) => d.what === what).length;
  return {
    kind: "diff_summary",
    a_steps: aSteps,
    b_steps: bSteps,
    missing: count("missing"),
    added: count("added"),
    value: count("value"),
    gap: count("gap"),
  };
}

export function summaryText({ a_steps: a, b_steps: b, missing, added, value, gap }: DiffSummary): string {
  const found = `${missing} only in A, ${added} only in B, ${value} with another value, ${gap} after another pause`;
  return `${a} steps in A, ${b} in B: ${missing + added + value + gap === 0 ? "no difference" : found}\n`;
}
