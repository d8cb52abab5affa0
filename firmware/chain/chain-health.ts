/**
 * What a hashing chain shows of its health, judged once a second from cumulative counts: pure. Soft findings (a chip or
 * a part of the hashrate is gone) restart the chain a bounded number of times and are an alarm after that; rising
 * hardware errors take frequency away; a link that garbles starts the chain anew.
 */

/** Cumulative counts; all of them grow only. */
export interface HealthSample {
  /** Hashes/s that the chain should make now. */
  readonly expectedHashesPerS: number;
  /** Hashes that one nonce at the present ticket stands for. */
  readonly hashesPerNonce: number;
  readonly good: number;
  readonly hardwareErrors: number;
  readonly replies: number;
  readonly crcErrors: number;
  /** First chip of those that have said nothing for far too long, and how many; null = none. */
  readonly silent: SilentChips | null;
}

export interface SilentChips {
  readonly firstChipIndex: number;
  readonly count: number;
}

export type HealthRemedy = "restart" | "slowDown" | "tell";

export interface HealthFinding {
  readonly code: "HARDWARE_ERRORS" | "LINK_ERRORS" | "FLATLINE" | "CHIPS_SILENT";
  readonly remedy: HealthRemedy;
  readonly text: string;
}

export interface HealthState {
  /** Where the present window began. */
  readonly fromMs: number;
  readonly from: HealthSample | null;
  /** Nonces that were due since then, each second at the ticket of that second. */
  readonly dueNonces: number;
  readonly lastMs: number;
  /** When soft findings restarted the chain, within the last day. */
  readonly restartsAtMs: readonly number[];
  /** Findings that stand, by their code; told once. */
  readonly told: readonly HealthFinding["code"][];
}

export interface HealthStep {
  readonly state: HealthState;
  readonly finding: HealthFinding | null;
}

const WINDOW_MS = 300_000;
/** Below so many nonces chance rules. */
const MIN_NONCES = 100;
/** Healthy chips make a few in ten thousand; the notes call 2 % bad. Our choice. */
const BAD_ERROR_SHARE = 0.05;
const BROKEN_ERROR_SHARE = 0.5;
/** Of all frames that a chain sends. */
const BAD_LINK_SHARE = 0.2;
const MIN_BAD_FRAMES = 30;
/** Half of what it should do, over a whole window, is no bad luck with a hundred nonces. */
const FLATLINE_SHARE = 0.5;
const MAX_SOFT_RESTARTS = 3;
const DAY_MS = 86_400_000;

/** A chain has begun to hash. Soft restarts are remembered over it, or a dead chip would restart its chain for ever. */
export function startHealth(before: HealthState | null, nowMs: number): HealthState {
  return {
    fromMs: nowMs,
    from: null,
    dueNonces: 0,
    lastMs: nowMs,
    restartsAtMs: before?.restartsAtMs ?? [],
    told: before?.told ?? [],
  };
}

export function stepHealth(before: HealthState, sample: HealthSample, nowMs: number): HealthStep {
  const from = before.from ?? sample;
  const perS = sample.expectedHashesPerS / sample.hashesPerNonce;
  const dueNonces = before.dueNonces + (perS * (nowMs - before.lastMs)) / 1000;
  const state: HealthState = { ...before, from, dueNonces, lastMs: nowMs };
  const link = linkFinding(from, sample);
  if (link !== null) return { state: renew(state, sample, nowMs), finding: link };
  const isWindowOver = nowMs - state.fromMs >= WINDOW_MS && dueNonces >= MIN_NONCES;
  const finding = errorFinding(from, sample) ?? (isWindowOver ? lossFinding(from, sample, dueNonces) : null);
  const settled = finding ?? silenceFinding(sample);
  if (settled === null) {
    if (!isWindowOver) return { state, finding: null };
    // A calm window: what was told is over.
    return { state: renew({ ...state, told: [] }, sample, nowMs), finding: null };
  }
  return bounded(state, settled, sample, nowMs);
}

/** Soft findings restart a few times a day; then they are told, once. */
function bounded(state: HealthState, finding: HealthFinding, sample: HealthSample, nowMs: number): HealthStep {
  const renewed = renew(state, sample, nowMs);
  if (finding.remedy !== "restart" || finding.code === "HARDWARE_ERRORS") return { state: renewed, finding };
  const restartsAtMs = state.restartsAtMs.filter((atMs) => nowMs - atMs < DAY_MS);
  if (restartsAtMs.length < MAX_SOFT_RESTARTS) {
    return { state: { ...renewed, restartsAtMs: [...restartsAtMs, nowMs] }, finding };
  }
  const isTold = state.told.includes(finding.code);
  const told = isTold ? state.told : [...state.told, finding.code];
  const text = `${finding.text}, also after ${MAX_SOFT_RESTARTS} restarts today: it goes on with what it has`;
  return { state: { ...renewed, restartsAtMs, told }, finding: isTold ? null : { ...finding, remedy: "tell", text } };
}

function renew(state: HealthState, sample: HealthSample, nowMs: number): HealthState {
  return { ...state, fromMs: nowMs, from: sample, dueNonces: 0 };
}

function linkFinding(from: HealthSample, now: HealthSample): HealthFinding | null {
  const bad = now.crcErrors - from.crcErrors;
  const all = bad + now.replies - from.replies;
  if (bad < MIN_BAD_FRAMES || bad < BAD_LINK_SHARE * all) return null;
  const text = `${bad} of ${all} answers of the chips are garbled: check the cable of this board`;
  return { code: "LINK_ERRORS", remedy: "restart", text };
}

function errorFinding(from: HealthSample, now: HealthSample): HealthFinding | null {
  const bad = now.hardwareErrors - from.hardwareErrors;
  const all = bad + now.good - from.good;
  if (all < MIN_NONCES || bad < BAD_ERROR_SHARE * all) return null;
  const share = `${((100 * bad) / all).toFixed(0)} % of the nonces are wrong`;
  return bad >= BROKEN_ERROR_SHARE * all
    ? { code: "HARDWARE_ERRORS", remedy: "restart", text: share }
    : { code: "HARDWARE_ERRORS", remedy: "slowDown", text: `${share} at this frequency` };
}

function lossFinding(from: HealthSample, now: HealthSample, due: number): HealthFinding | null {
  const found = now.good - from.good;
  if (found >= FLATLINE_SHARE * due) return null;
  const share = ((100 * found) / due).toFixed(0);
  return {
    code: "FLATLINE",
    remedy: "restart",
    text: `it makes only ${share} % of the hashrate that its chips promise`,
  };
}

function silenceFinding({ silent }: HealthSample): HealthFinding | null {
  if (silent === null) return null;
  const { count, firstChipIndex } = silent;
  const who = count === 1 ? `chip ${firstChipIndex} says` : `${count} chips from chip ${firstChipIndex} on say`;
  return { code: "CHIPS_SILENT", remedy: "restart", text: `${who} nothing any more` };
}
