/**
 * The owner's tuning as a pure machine: what he asks for becomes other clocks and voltages, or a refusal with its reason;
 * each change can be undone. The shell in `tuning-desk.ts` carries it out.
 */
import type { ChainTuning } from "../chain/chain-tuning.ts";
import { chipMhzOf } from "../chain/chain-tuning.ts";
import {
  type Bounds,
  chipsOf,
  type Tuning,
  type TuningLimits,
  type TuningTarget,
  type TuningValue,
  targetText,
} from "./tuning.ts";

/** Steps back that are remembered. */
const HISTORY_MAX = 32;
const SAME = 1e-6;

export interface TuningState {
  readonly limits: TuningLimits;
  /** As the run began. */
  readonly start: Tuning;
  readonly now: Tuning;
  /** Oldest first. */
  readonly history: readonly Tuning[];
}

export type TuningInput =
  | { readonly kind: "frequency"; readonly target: TuningTarget; readonly value: TuningValue }
  | { readonly kind: "voltage"; readonly target: TuningTarget; readonly value: TuningValue }
  | { readonly kind: "undo" }
  /** Everything as the run began. */
  | { readonly kind: "reset" };

export type TuningAction =
  | { readonly kind: "retune"; readonly chainIndex: number; readonly tuning: ChainTuning }
  | { readonly kind: "voltage"; readonly chains: readonly number[]; readonly workMv: number };

export interface TuningStep {
  readonly state: TuningState;
  /** In this order. */
  readonly actions: readonly TuningAction[];
  readonly isRefused: boolean;
  readonly reason: string;
}

export function stepTuning(state: TuningState, input: TuningInput): TuningStep {
  switch (input.kind) {
    case "frequency":
      return frequency(state, input.target, input.value);
    case "voltage":
      return voltage(state, input.target, input.value);
    case "undo": {
      const before = state.history.at(-1);
      if (before === undefined) return refuse(state, "there is nothing to undo");
      const undone = { ...state, now: before, history: state.history.slice(0, -1) };
      return { state: undone, actions: actionsBetween(state.now, before), isRefused: false, reason: "undone" };
    }
    case "reset":
      return change(state, state.start, "everything as the run began");
  }
}

function frequency(state: TuningState, target: TuningTarget, value: TuningValue): TuningStep {
  const { limits, now, start } = state;
  const problem = targetProblem(state, target);
  if (problem !== null) return refuse(state, problem);
  const chips = chipsOf(target, limits);
  const chains: ChainTuning[] = [];
  for (const [index, tuning] of now.chains.entries()) {
    const isMeant = target.chainIndex === null || target.chainIndex === index;
    const first = start.chains[index] ?? tuning;
    const wanted = isMeant ? retuned(tuning, first, chips, value) : tuning;
    const refusal = isMeant ? boundsProblem(wanted, limits.frequencyMhz, chips) : null;
    if (refusal !== null) return refuse(state, refusal);
    chains.push(wanted);
  }
  return change(state, { ...now, chains }, `${targetText(target)}: ${frequencyText(value)}`);
}

function retuned(tuning: ChainTuning, start: ChainTuning, chips: number[] | null, value: TuningValue): ChainTuning {
  if (chips === null) {
    if (value.kind === "start") return start;
    // One clock for all: what single chips had is meant to go.
    if (value.kind === "absolute") return { baseMhz: value.value, chipMhz: new Map() };
    const chipMhz = new Map([...tuning.chipMhz].map(([chip, mhz]) => [chip, mhz + value.value]));
    return { baseMhz: tuning.baseMhz + value.value, chipMhz };
  }
  const chipMhz = new Map(tuning.chipMhz);
  for (const chip of chips) {
    const mhz =
      value.kind === "absolute"
        ? value.value
        : value.kind === "change"
          ? chipMhzOf(tuning, chip) + value.value
          : chipMhzOf(start, chip);
    if (Math.abs(mhz - tuning.baseMhz) < SAME) chipMhz.delete(chip);
    else chipMhz.set(chip, mhz);
  }
  return { ...tuning, chipMhz };
}

function boundsProblem(tuning: ChainTuning, bounds: Bounds, chips: number[] | null): string | null {
  const meant = chips === null ? [tuning.baseMhz, ...tuning.chipMhz.values()] : chips.map((c) => chipMhzOf(tuning, c));
  const bad = meant.find((mhz) => !(mhz >= bounds.min && mhz <= bounds.max));
  return bad === undefined ? null : outside(bad, "MHz", bounds);
}

function voltage(state: TuningState, target: TuningTarget, value: TuningValue): TuningStep {
  const { limits, now, start } = state;
  const problem = targetProblem(state, target) ?? voltageTargetProblem(state, target);
  if (problem !== null) return refuse(state, problem);
  const bounds = limits.voltageMv;
  if (bounds === null) return refuse(state, "the voltage of this machine is fixed");
  const workMv: number[] = [];
  for (const [index, mv] of now.workMv.entries()) {
    const isMeant = target.chainIndex === null || target.chainIndex === index;
    const wanted =
      value.kind === "start" ? (start.workMv[index] ?? mv) : value.kind === "absolute" ? value.value : mv + value.value;
    if (isMeant && !(wanted >= bounds.min && wanted <= bounds.max)) return refuse(state, outside(wanted, "mV", bounds));
    workMv.push(isMeant ? wanted : mv);
  }
  return change(state, { ...now, workMv }, `${targetText(target)}: ${voltageText(value)}`);
}

function targetProblem({ limits, now }: TuningState, target: TuningTarget): string | null {
  const { chainIndex, domainIndex, chipIndex } = target;
  const chains = now.chains.length;
  if (chainIndex === null)
    return domainIndex === null && chipIndex === null ? null : "say of which chain the chip or domain is";
  if (chainIndex >= chains) return `there is no chain ${chainIndex}: chains are 0 to ${chains - 1}`;
  if (chipIndex !== null && chipIndex >= limits.chips)
    return `chain ${chainIndex} has no chip ${chipIndex}: chips are 0 to ${limits.chips - 1}`;
  if (domainIndex !== null && domainIndex >= limits.domains)
    return `chain ${chainIndex} has no domain ${domainIndex}: domains are 0 to ${limits.domains - 1}`;
  return null;
}

function voltageTargetProblem({ limits, now }: TuningState, target: TuningTarget): string | null {
  if (target.chipIndex !== null || target.domainIndex !== null)
    return "chips of a chain are powered in series: a voltage can be set for whole chains only";
  if (target.chainIndex === null || limits.isVoltagePerChain || now.chains.length === 1) return null;
  return `all chains of this machine share one supply: say all instead of ${target.chainIndex}`;
}

function outside(value: number, unit: string, { min, max, reason }: Bounds): string {
  return `${round(value)} ${unit} is outside of ${min} to ${max} ${unit} (${reason})`;
}

function change(state: TuningState, next: Tuning, reason: string): TuningStep {
  const actions = actionsBetween(state.now, next);
  if (actions.length === 0) return { state, actions, isRefused: false, reason: `${reason}: it is so already` };
  const history = [...state.history, state.now].slice(-HISTORY_MAX);
  return { state: { ...state, now: next, history }, actions, isRefused: false, reason };
}

function refuse(state: TuningState, reason: string): TuningStep {
  return { state, actions: [], isRefused: true, reason };
}

/**
 * Without a change of voltage one change of the clocks; with one, chips that get slower come before it and those that get
 * faster after it: no chip ever runs faster than its voltage bears, before or after.
 */
function actionsBetween(from: Tuning, to: Tuning): TuningAction[] {
  const voltages = voltageActions(from, to);
  const lower: TuningAction[] = [];
  const last: TuningAction[] = [];
  for (const [chainIndex, tuning] of to.chains.entries()) {
    const before = from.chains[chainIndex];
    if (before === undefined || isSame(before, tuning)) continue;
    const slower = voltages.length === 0 ? before : slowerOf(before, tuning);
    if (!isSame(before, slower)) lower.push({ kind: "retune", chainIndex, tuning: slower });
    if (!isSame(slower, tuning)) last.push({ kind: "retune", chainIndex, tuning });
  }
  return [...lower, ...voltages, ...last];
}

/** Each chip at the slower of its two clocks. */
function slowerOf(a: ChainTuning, b: ChainTuning): ChainTuning {
  const baseMhz = Math.min(a.baseMhz, b.baseMhz);
  const chips = new Set([...a.chipMhz.keys(), ...b.chipMhz.keys()]);
  const slower = [...chips].map((chip) => [chip, Math.min(chipMhzOf(a, chip), chipMhzOf(b, chip))] as const);
  return { baseMhz, chipMhz: new Map(slower.filter(([, mhz]) => Math.abs(mhz - baseMhz) >= SAME)) };
}

function voltageActions(from: Tuning, to: Tuning): TuningAction[] {
  const groups = new Map<number, number[]>();
  for (const [chain, mv] of to.workMv.entries())
    if (mv !== from.workMv[chain]) groups.set(mv, [...(groups.get(mv) ?? []), chain]);
  return [...groups].map(([workMv, chains]) => ({ kind: "voltage", chains, workMv }));
}

function isSame(a: ChainTuning, b: ChainTuning): boolean {
  if (Math.abs(a.baseMhz - b.baseMhz) > SAME || a.chipMhz.size !== b.chipMhz.size) return false;
  return [...a.chipMhz].every(([chip, mhz]) => Math.abs((b.chipMhz.get(chip) ?? Number.NaN) - mhz) < SAME);
}

function frequencyText(value: TuningValue): string {
  if (value.kind === "start") return "the frequency that the run began with";
  return value.kind === "absolute" ? `${round(value.value)} MHz` : `${signed(value.value)} MHz`;
}

function voltageText(value: TuningValue): string {
  if (value.kind === "start") return "the voltage that the run began with";
  return value.kind === "absolute" ? `${round(value.value)} mV` : `${signed(value.value)} mV`;
}

function signed(value: number): string {
  return value < 0 ? String(round(value)) : `+${round(value)}`;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
