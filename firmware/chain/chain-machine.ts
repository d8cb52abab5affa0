/**
 * The life of one hash chain as a pure machine. Inputs are facts, outputs are orders; the shell in
 * `chain-supervisor.ts` carries them out and knows nothing of what comes next.
 *
 *   absent | off -> powering -> energising -> resetting -> settling -> enumerating -> addressing -> configuring
 *   -> ramping -> starting -> lowering -> hashing;  any -> coolingDown -> energising (bounded, growing pause;
 *   powering where power was never given, resetting where it was left on) ... -> disabled;  any <-> paused, from where
 *   it starts with powering
 */

export type ChainPhase =
  | "absent"
  | "off"
  | "powering"
  | "resetting"
  | "settling"
  | DriverPhase
  | "hashing"
  | "coolingDown"
  /** Off on purpose for now: no pool, or the owner's wish. */
  | "paused"
  | "disabled";

/** Phases in which the driver runs a sequence of its own; they end with `phaseDone` or `failed`. */
export type DriverPhase =
  /** The board's own controller gives it power. */
  | "energising"
  | "enumerating"
  | "addressing"
  | "configuring"
  | "ramping"
  | "starting"
  /** From the voltage that chips start at to the one that they work at. */
  | "lowering";

export interface ChainFault {
  readonly code: string;
  readonly text: string;
}

export interface ChainState {
  readonly phase: ChainPhase;
  /** When a `tick` is due, or null. */
  readonly wakeAtMs: number | null;
  /** Failed starts since the chain last hashed for a good while. */
  readonly failures: number;
  readonly lastFault: ChainFault | null;
  /** Chips found by the last enumeration. */
  readonly chipCount: number;
  readonly expectedChips: number;
  readonly timing: ResetTiming;
  /** The supply was switched on for this chain. */
  readonly isPowered: boolean;
  /** Its board's own controller gives it power. */
  readonly isEnergised: boolean;
  /** Share of the frequency that heat allows, and that the chain's own errors leave; 100 = all of it. */
  readonly thermalPct: number;
  readonly recoveryPct: number;
  /** The share that the last ramp aimed for. */
  readonly rampedPct: number;
  /** Stopped or cut: nothing starts it again. */
  readonly isEnded: boolean;
  /** Sum of the waits around reset that the sequence prescribes. */
  readonly prescribedWaitMs: number;
}

export type ChainInput =
  | { readonly kind: "start"; readonly isPlugged: boolean }
  | { readonly kind: "powered" }
  | { readonly kind: "tick" }
  | { readonly kind: "phaseDone"; readonly phase: DriverPhase; readonly chipCount: number }
  | { readonly kind: "failed"; readonly fault: ChainFault }
  /** Too many errors at this frequency. */
  | { readonly kind: "slowDown"; readonly reason: string }
  /** The thermal supervisor allows this share of the frequency. */
  | { readonly kind: "limitFrequency"; readonly frequencyPct: number; readonly reason: string }
  /** The owner wants other clocks. */
  | { readonly kind: "retune"; readonly reason: string }
  | { readonly kind: "powerCut"; readonly reason: string }
  /** The supply is switched off for a moment, for all chains. */
  | { readonly kind: "powerLost"; readonly reason: string }
  /** What led to a cut was acknowledged, or the owner wants a chain that was given up to try again. */
  | { readonly kind: "release" }
  | { readonly kind: "pause"; readonly reason: string }
  | { readonly kind: "resume"; readonly reason: string }
  | { readonly kind: "stop" };

export type ChainAction =
  | { readonly kind: "requestPower" }
  | { readonly kind: "setReset"; readonly isAsserted: boolean }
  | { readonly kind: "openLink" }
  | { readonly kind: "closeLink" }
  /** The board's own controller takes its power away. */
  | { readonly kind: "deenergise" }
  | { readonly kind: "runPhase"; readonly phase: DriverPhase }
  /** Hash at the share of the frequency that the state says, without a new start. */
  | { readonly kind: "setFrequency" }
  | { readonly kind: "startFeed" }
  | { readonly kind: "stopFeed" };

export interface ChainStep {
  readonly state: ChainState;
  readonly actions: readonly ChainAction[];
  readonly reason: string;
}

/** How long the board's chips are held in reset, and the pause after that before the first byte. */
export interface ResetTiming {
  readonly resetLowMs: number;
  readonly resetSettleMs: number;
}

/** No sequence of any known chip takes half of this; a link that takes no bytes would otherwise hold it for ever. */
export const PHASE_LIMIT_MS = 120_000;
/** After so many failed starts the chain stays off with its reason. Our choice: about ten minutes of trying. */
export const MAX_FAILURES = 6;
/** The first try is a soft one: reset and addresses anew, power stays. */
const SOFT_PAUSE_MS = 2_000;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;
/** A short chain is retried this often before it may hash with what it has. */
const SHORT_CHAIN_RETRIES = 2;
/** Hashing for so long forgives earlier failures. */
const FORGIVE_AFTER_MS = 600_000;
/** After an hour without a fault a step of frequency that errors took is tried again. */
const RESTORE_AFTER_MS = 3_600_000;
const SLOW_STEP_PCT = 5;
const SLOWEST_RECOVERY_PCT = 75;
/** No ramp aims for this share. */
const OUTDATED_PCT = 0;
/** Faults of the power itself: nothing soft helps. */
const POWER_FAULTS: readonly string[] = ["POWER_FAILED", "HEARTBEAT_LOST", "PSU_FAILED"];

const NEXT_PHASE: Readonly<Record<Exclude<DriverPhase, "energising">, DriverPhase | "hashing">> = {
  enumerating: "addressing",
  addressing: "configuring",
  configuring: "ramping",
  ramping: "starting",
  starting: "lowering",
  lowering: "hashing",
};

export function initialChain(expectedChips: number, timing: ResetTiming): ChainState {
  return {
    phase: "off",
    wakeAtMs: null,
    failures: 0,
    lastFault: null,
    chipCount: 0,
    expectedChips,
    timing,
    isPowered: false,
    isEnergised: false,
    thermalPct: 100,
    recoveryPct: 100,
    rampedPct: 100,
    isEnded: false,
    prescribedWaitMs: 0,
  };
}

export function stepChain(state: ChainState, input: ChainInput, nowMs: number): ChainStep {
  switch (input.kind) {
    case "start":
      return start(state, input.isPlugged);
    case "powered":
      return powered({ ...state, isPowered: true }, nowMs);
    case "tick":
      return tick(state, nowMs);
    case "phaseDone":
      return phaseDone(state, input.phase, input.chipCount, nowMs);
    case "failed":
      return fail(state, input.fault, nowMs);
    case "slowDown":
      return slowDown(state, input.reason, nowMs);
    case "limitFrequency":
      return changeFrequency({ ...state, thermalPct: input.frequencyPct }, input.reason);
    case "retune":
      return retune(state, input.reason);
    case "release":
      return release(state);
    case "powerLost":
      if (state.phase !== "coolingDown") return ignore(state, "not waiting for a try");
      return { state: { ...state, isPowered: false, isEnergised: false }, actions: [], reason: input.reason };
    case "powerCut":
      return turnOff(state, { code: "POWER_CUT", text: input.reason }, input.reason);
    case "pause":
      return pause(state, input.reason);
    case "resume":
      return state.phase === "paused" ? askForPower(state, input.reason) : ignore(state, "not paused");
    case "stop":
      return turnOff(state, state.lastFault, "stopped");
  }
}

function start(state: ChainState, isPlugged: boolean): ChainStep {
  if (state.isEnded || (state.phase !== "off" && state.phase !== "absent")) return ignore(state, "already started");
  if (!isPlugged) return { state: enter(state, "absent"), actions: [], reason: "no hashboard in the connector" };
  return askForPower(state, "hashboard present");
}

function askForPower(state: ChainState, reason: string): ChainStep {
  const actions: ChainAction[] = [{ kind: "setReset", isAsserted: true }, { kind: "requestPower" }];
  return { state: enter(state, "powering"), actions, reason };
}

function powered(state: ChainState, nowMs: number): ChainStep {
  return state.phase === "powering" ? run(state, "energising", "the supply is up", nowMs) : ignore(state, "powered");
}

function tick(state: ChainState, nowMs: number): ChainStep {
  if (state.wakeAtMs === null || nowMs < state.wakeAtMs) return ignore(state, "nothing due");
  switch (state.phase) {
    case "powering":
    case "coolingDown":
      if (!state.isPowered) return askForPower(state, "trying for power again");
      return state.isEnergised ? reset(state, nowMs) : run(state, "energising", "trying again", nowMs);
    case "resetting": {
      const next = wait(enter(state, "settling"), state.timing.resetSettleMs, "chips start", nowMs);
      return { ...next, actions: [{ kind: "setReset", isAsserted: false }] };
    }
    case "settling":
      return run(state, "enumerating", "reset released", nowMs);
    case "hashing":
      return forgive(state, nowMs);
    case "energising":
    case "enumerating":
    case "addressing":
    case "configuring":
    case "ramping":
    case "starting":
    case "lowering":
      return fail(
        state,
        { code: "PHASE_TIMEOUT", text: `${state.phase} took longer than ${PHASE_LIMIT_MS / 1000} s` },
        nowMs,
      );
    case "absent":
    case "off":
    case "paused":
    case "disabled":
      return ignore(state, "nothing due");
  }
}

function phaseDone(state: ChainState, phase: DriverPhase, chipCount: number, nowMs: number): ChainStep {
  if (state.phase !== phase) return ignore(state, `late end of ${phase}`);
  if (phase === "energising") return reset({ ...state, isEnergised: true }, nowMs);
  if (phase === "enumerating") return enumerated({ ...state, chipCount }, nowMs);
  const next = NEXT_PHASE[phase];
  if (next !== "hashing") return run(state, next, `${phase} done`, nowMs);
  const hashing = { ...enter(state, "hashing"), wakeAtMs: nowMs + FORGIVE_AFTER_MS };
  const actions: ChainAction[] = [{ kind: "startFeed" }];
  // A limit that came while it ramped.
  if (frequencyPctOf(hashing) !== hashing.rampedPct) actions.push({ kind: "setFrequency" });
  return { state: hashing, actions, reason: `${chipCount} chips hash` };
}

function reset(state: ChainState, nowMs: number): ChainStep {
  const next = wait(enter(state, "resetting"), state.timing.resetLowMs, "reset low", nowMs);
  return { ...next, actions: [{ kind: "setReset", isAsserted: true }, { kind: "openLink" }] };
}

function forgive(state: ChainState, nowMs: number): ChainStep {
  if (state.failures > 0 || state.recoveryPct === 100) {
    const wakeAtMs = state.recoveryPct === 100 ? null : nowMs + RESTORE_AFTER_MS;
    return {
      state: { ...state, failures: 0, wakeAtMs },
      actions: [],
      reason: "hashing for ten minutes: earlier failures forgiven",
    };
  }
  const recoveryPct = Math.min(100, state.recoveryPct + SLOW_STEP_PCT);
  const wakeAtMs = recoveryPct === 100 ? null : nowMs + RESTORE_AFTER_MS;
  return changeFrequency({ ...state, recoveryPct, wakeAtMs }, "an hour without a fault: a step of frequency back");
}

function slowDown(state: ChainState, reason: string, nowMs: number): ChainStep {
  if (state.phase !== "hashing") return ignore(state, "not hashing");
  if (state.recoveryPct <= SLOWEST_RECOVERY_PCT)
    return fail(state, { code: "HARDWARE_ERRORS", text: `${reason}, and slower does not help` }, nowMs);
  const recoveryPct = state.recoveryPct - SLOW_STEP_PCT;
  return changeFrequency({ ...state, recoveryPct, wakeAtMs: nowMs + RESTORE_AFTER_MS }, reason);
}

/** A ramp under way goes on to what it aimed for; the new clocks come after it. */
function retune(state: ChainState, reason: string): ChainStep {
  if (state.phase === "hashing") return { state, actions: [{ kind: "setFrequency" }], reason };
  return { state: { ...state, rampedPct: OUTDATED_PCT }, actions: [], reason };
}

/** Share of its frequency that a chain may run at. */
export function frequencyPctOf({ thermalPct, recoveryPct }: Pick<ChainState, "thermalPct" | "recoveryPct">): number {
  return Math.min(thermalPct, recoveryPct);
}

function changeFrequency(state: ChainState, reason: string): ChainStep {
  const text = `${reason}: ${frequencyPctOf(state)} % of the frequency`;
  return { state, actions: state.phase === "hashing" ? [{ kind: "setFrequency" }] : [], reason: text };
}

/** Failed starts in a row of every chain before the supply is suspected. */
const SUSPECT_FAILURES = 2;

/** Why the supply itself has to be switched off and on, or null: chains that have nothing in common but it are all dead. */
export function supplySuspicion(chains: readonly ChainState[]): string | null {
  const present = chains.filter(({ phase }) => phase !== "absent" && phase !== "disabled");
  const isDead = ({ phase, isPowered, failures, chipCount }: ChainState): boolean =>
    phase === "coolingDown" && isPowered && failures >= SUSPECT_FAILURES && chipCount === 0;
  if (present.length === 0 || !present.every(isDead)) return null;
  return "no chip of any chain answers: the supply is switched off and on";
}

/** Back to where a start is possible. */
function release(state: ChainState): ChainStep {
  if (state.phase === "absent" || !(state.isEnded || state.phase === "disabled"))
    return ignore(state, "nothing to release");
  const released = { ...enter(state, "off"), isEnded: false, failures: 0, recoveryPct: 100 };
  return { state: released, actions: [], reason: "released" };
}

function enumerated(state: ChainState, nowMs: number): ChainStep {
  const { chipCount, expectedChips } = state;
  const found = `${chipCount} of ${expectedChips} chips answered`;
  if (chipCount === expectedChips) return run(state, "addressing", found, nowMs);
  const isRetryDue = chipCount === 0 || chipCount > expectedChips || state.failures < SHORT_CHAIN_RETRIES;
  if (isRetryDue) return fail(state, { code: "CHIP_COUNT_WRONG", text: found }, nowMs);
  return run(state, "addressing", `${found}, also after ${state.failures} restarts: hashing with these`, nowMs);
}

function fail(state: ChainState, fault: ChainFault, nowMs: number): ChainStep {
  // One failure counts once, also when link and sequence both report it.
  if (state.phase === "coolingDown") return ignore(state, "already restarting");
  if (IDLE.includes(state.phase)) return ignore(state, "not running");
  const failures = state.failures + 1;
  const failed = { ...state, failures, lastFault: fault, recoveryPct: recoveryPctAfter(state) };
  if (failures >= MAX_FAILURES) {
    const disabled = { ...enter(failed, "disabled"), isEnergised: false };
    return { state: disabled, actions: TURN_OFF, reason: `${fault.text}; given up after ${failures} tries` };
  }
  const isSoft = failures === 1 && state.isEnergised && !POWER_FAULTS.includes(fault.code);
  const pauseMs = isSoft ? SOFT_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  const cooling = { ...enter(failed, "coolingDown"), isEnergised: isSoft, wakeAtMs: nowMs + pauseMs };
  const actions = isSoft ? TURN_OFF.filter(({ kind }) => kind !== "deenergise") : TURN_OFF;
  return { state: cooling, actions, reason: `${fault.text}; next try in ${pauseMs / 1000} s` };
}

/** A chain that fails again while it hashes may be too fast for its age: each time a step less. */
function recoveryPctAfter({ phase, failures, recoveryPct }: ChainState): number {
  const isTooFast = failures > 0 && (phase === "hashing" || phase === "ramping");
  return isTooFast ? Math.max(SLOWEST_RECOVERY_PCT, recoveryPct - SLOW_STEP_PCT) : recoveryPct;
}

/** Phases in which nothing runs that could fail. */
const IDLE: readonly ChainPhase[] = ["off", "absent", "paused", "disabled"];

const TURN_OFF: readonly ChainAction[] = [
  { kind: "stopFeed" },
  { kind: "closeLink" },
  { kind: "setReset", isAsserted: true },
  { kind: "deenergise" },
];

function turnOff(state: ChainState, lastFault: ChainFault | null, reason: string): ChainStep {
  const ended = { ...state, isPowered: false, isEnergised: false, isEnded: true };
  if (state.phase === "absent") return ignore(ended, reason);
  return { state: { ...enter(ended, "off"), lastFault }, actions: TURN_OFF, reason };
}

/** A chain that was given up, or is not there, stays so. */
function pause(state: ChainState, reason: string): ChainStep {
  if (IDLE.includes(state.phase) || state.isEnded) return ignore(state, "nothing to pause");
  return { state: { ...enter(state, "paused"), isPowered: false, isEnergised: false }, actions: TURN_OFF, reason };
}

function enter(state: ChainState, phase: ChainPhase): ChainState {
  return { ...state, phase, wakeAtMs: null };
}

function wait(state: ChainState, waitMs: number, reason: string, nowMs: number): ChainStep {
  const prescribedWaitMs = state.prescribedWaitMs + waitMs;
  return { state: { ...state, wakeAtMs: nowMs + waitMs, prescribedWaitMs }, actions: [], reason };
}

function run(state: ChainState, phase: DriverPhase, reason: string, nowMs: number): ChainStep {
  const rampedPct = phase === "ramping" ? frequencyPctOf(state) : state.rampedPct;
  const entered = { ...enter(state, phase), rampedPct, wakeAtMs: nowMs + PHASE_LIMIT_MS };
  return { state: entered, actions: [{ kind: "runPhase", phase }], reason };
}

function ignore(state: ChainState, reason: string): ChainStep {
  return { state, actions: [], reason };
}
