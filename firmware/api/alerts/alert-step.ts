/**
 * Which alerts are due: pure. A finding counts when it has stood for the time of its row, and is over when it has been
 * gone for that of its row; what flickers in between changes nothing.
 */
import type { FaceView } from "../machine-facts.ts";
import { SEVERITIES, type Severity } from "../outward-options.ts";
import { CONDITIONS, type Condition, type Finding, findingsOf } from "./conditions.ts";

export type AlertKind = "raised" | "repeated" | "resolved";

export interface AlertEvent {
  readonly kind: AlertKind;
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly part: string;
  readonly text: string;
  /** How long it has stood. */
  readonly standsMs: number;
}

interface Memory {
  readonly text: string;
  readonly sinceMs: number;
  /** Since when it is gone; null = it stands. */
  readonly goneSinceMs: number | null;
  /** When it was last told; null = not yet. */
  readonly toldAtMs: number | null;
}

/** By condition and part. */
export type AlertState = ReadonlyMap<string, Memory>;

export interface AlertStep {
  readonly state: AlertState;
  readonly events: readonly AlertEvent[];
}

export const NO_ALERTS: AlertState = new Map();
/** More parts than any machine has. */
const PARTS_MAX = 64;

export function alertStep(
  state: AlertState,
  view: FaceView,
  nowMs: number,
  minSeverity: Severity = "info",
  conditions: readonly Condition[] = CONDITIONS,
): AlertStep {
  const next = new Map<string, Memory>();
  const events: AlertEvent[] = [];
  for (const condition of conditions) {
    if (SEVERITIES.indexOf(condition.severity) < SEVERITIES.indexOf(minSeverity)) continue;
    const found = new Map(
      findingsOf(condition, view)
        .slice(0, PARTS_MAX)
        .map((finding) => [finding.part, finding]),
    );
    for (const part of new Set([...found.keys(), ...partsOf(state, condition)])) {
      const key = keyOf(condition, part);
      const { memory, kind } = turn(condition, state.get(key) ?? null, found.get(part) ?? null, nowMs);
      if (memory !== null) next.set(key, memory);
      const told = memory ?? state.get(key) ?? null;
      if (kind !== null && told !== null) events.push(eventOf(condition, part, kind, told, nowMs));
    }
  }
  return { state: next, events };
}

interface Turn {
  readonly memory: Memory | null;
  readonly kind: AlertKind | null;
}

function turn(condition: Condition, before: Memory | null, finding: Finding | null, nowMs: number): Turn {
  if (finding === null) return before === null ? { memory: null, kind: null } : gone(condition, before, nowMs);
  const memory: Memory = {
    sinceMs: before?.sinceMs ?? nowMs,
    toldAtMs: before?.toldAtMs ?? null,
    goneSinceMs: null,
    text: finding.text,
  };
  const { toldAtMs, sinceMs } = memory;
  if (toldAtMs === null) {
    if (nowMs - sinceMs < condition.raiseAfterMs) return { memory, kind: null };
    return { memory: { ...memory, toldAtMs: nowMs }, kind: "raised" };
  }
  if (condition.isEvent || nowMs - toldAtMs < condition.repeatMs) return { memory, kind: null };
  return { memory: { ...memory, toldAtMs: nowMs }, kind: "repeated" };
}

function gone(condition: Condition, before: Memory, nowMs: number): Turn {
  // It was never told: the next time begins anew.
  if (before.toldAtMs === null) return { memory: null, kind: null };
  const goneSinceMs = before.goneSinceMs ?? nowMs;
  if (nowMs - goneSinceMs < condition.clearAfterMs) return { memory: { ...before, goneSinceMs }, kind: null };
  return { memory: null, kind: condition.isEvent ? null : "resolved" };
}

function eventOf(condition: Condition, part: string, kind: AlertKind, memory: Memory, nowMs: number): AlertEvent {
  const { id, severity, title } = condition;
  const { text, sinceMs, goneSinceMs } = memory;
  return { kind, id, severity, title, part, text, standsMs: (goneSinceMs ?? nowMs) - sinceMs };
}

function keyOf({ id }: Condition, part: string): string {
  return `${id}/${part}`;
}

function partsOf(state: AlertState, { id }: Condition): string[] {
  return [...state.keys()].filter((key) => key.startsWith(`${id}/`)).map((key) => key.slice(id.length + 1));
}
