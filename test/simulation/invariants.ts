/** What must hold in every run, whatever breaks: named pure checks over the view. A text is a violation, null is none. */
import type { View } from "./view.ts";

export interface Invariant {
  readonly name: string;
  /** One clause for the documents. */
  readonly what: string;
  /** The cheap ones are asked after every event, all of them each virtual second. */
  readonly isCheap: boolean;
  readonly check: (view: View) => string | null;
}

/** From the first reading above the limit to the power being off: two readings, the order, the bus. */
export const OVERHEAT_LIMIT_MS = 5_000;
/** With sensors that lie nothing but the chips' own mass protects them; nobody may need so long. */
const DAMAGE_LIMIT_MS = 60_000;
/** From a latched shutdown to the power being off. */
const SHUTDOWN_LIMIT_MS = 2_000;
/** A board without a hardware watchdog keeps its power until the next process begins. */
const ORPHAN_LIMIT_MS = 20_000;
/** After the last fault has cleared (and the owner has pulled the plug where the machine had latched). */
export const RESUME_LIMIT_MS = 12 * 60_000;
const ACCEPTED_LIMIT_MS = 3 * 60_000;
/** Timers of a whole machine and two pools are some dozens. */
const PENDING_TIMERS_MAX = 1_000;
/** Queue of shares that wait for a session, and of those that wait for an answer, of two pools. */
const OPEN_SHARES_MAX = 4 * 256;
const EVENTS_AT_ONCE_MAX = 100_000;
/** A wrong nonce passes the chips' own test of the simulation once in 16 times; on sound wires there is none at all. */
const UNEXPLAINED_ERRORS_MAX = 0;

export const INVARIANTS: readonly Invariant[] = [
  {
    name: "time-moves",
    what: "virtual time never goes back and never stands",
    isCheap: true,
    check: ({ movedBack, eventsAtOnce, nowMs }) => {
      if (movedBack) return `time went back to ${nowMs} ms`;
      return eventsAtOnce > EVENTS_AT_ONCE_MAX ? `${eventsAtOnce} events at one instant` : null;
    },
  },
  {
    name: "own-extranonce",
    what: "no share is made of one session's work and another one's extranonce",
    isCheap: true,
    check: ({ foreign }) => (foreign === 0 ? null : `${foreign} shares fit another session's extranonce`),
  },
  {
    name: "valid-shares-only",
    what: "no share reaches a pool that is too easy, comes twice, fits no job, or was void long before",
    isCheap: true,
    check: (view) => {
      const { lowDifficulty, duplicate, invalid, lateStale } = view;
      if (lowDifficulty + duplicate + invalid + lateStale === 0) return null;
      return `${lowDifficulty} above target, ${duplicate} duplicate, ${invalid} malformed or of no job, ${lateStale} void`;
    },
  },
  {
    name: "proven-before-power",
    what: "before power goes on a sensor of every board has answered within the last seconds, in this life",
    isCheap: true,
    check: ({ unprovenChain }) =>
      unprovenChain === null ? null : `power went on although no sensor of chain ${unprovenChain} had answered`,
  },
  {
    name: "voltage-limit",
    what: "no chips get more than the highest voltage that their board is started with",
    isCheap: false,
    check: ({ chains, maxVoltageV }) => {
      const chain = chains.find(({ voltageV }) => voltageV > maxVoltageV);
      if (chain === undefined) return null;
      return `chain ${chain.index} at ${chain.voltageV.toFixed(2)} V, limit ${maxVoltageV.toFixed(2)} V`;
    },
  },
  {
    name: "board-limit",
    what: `no board with sound sensors stays above its limit for more than ${OVERHEAT_LIMIT_MS / 1000} s with power`,
    isCheap: false,
    check: ({ chains, areSensorsSound }) => {
      const chain = chains.find(({ overBoardLimitMs }) => overBoardLimitMs > OVERHEAT_LIMIT_MS);
      return chain === undefined || !areSensorsSound
        ? null
        : `chain ${chain.index} too hot for ${chain.overBoardLimitMs / 1000} s`;
    },
  },
  {
    name: "chip-limit",
    what: `no chips stay above what damages them for more than ${DAMAGE_LIMIT_MS / 1000} s, whatever the sensors say`,
    isCheap: false,
    check: ({ chains }) => {
      const chain = chains.find(({ overDamageLimitMs }) => overDamageLimitMs > DAMAGE_LIMIT_MS);
      return chain === undefined ? null : `chips of chain ${chain.index} for ${chain.overDamageLimitMs / 1000} s`;
    },
  },
  {
    name: "air-with-power",
    what: "power without a single turning fan is off within 5 s, where there is only one fan within 35 s",
    isCheap: false,
    check: ({ airlessMs, airlessLimitMs }) =>
      airlessMs <= airlessLimitMs ? null : `power without air for ${airlessMs / 1000} s`,
  },
  {
    name: "shutdown-is-off",
    what: `a machine that has shut itself down has no power after ${SHUTDOWN_LIMIT_MS / 1000} s`,
    isCheap: false,
    check: ({ onInShutdownMs }) =>
      onInShutdownMs <= SHUTDOWN_LIMIT_MS ? null : `power for ${onInShutdownMs / 1000} s after the shutdown`,
  },
  {
    name: "no-orphan-power",
    what: "a process that ends leaves no power on; one that was killed leaves it no longer than the next one needs",
    isCheap: false,
    check: ({ leftOn, onWithoutProcessMs }) => {
      if (leftOn) return "the process ended and power was still on";
      return onWithoutProcessMs <= ORPHAN_LIMIT_MS
        ? null
        : `power without a process for ${onWithoutProcessMs / 1000} s`;
    },
  },
  {
    name: "bounded-queues",
    what: "timers, shares without an outcome and bytes towards the chips stay within their limits",
    isCheap: false,
    check: ({ pendingTimers, openShares, overrunBytes }) => {
      if (pendingTimers > PENDING_TIMERS_MAX) return `${pendingTimers} timers`;
      if (openShares > OPEN_SHARES_MAX) return `${openShares} shares without an outcome`;
      return overrunBytes === 0 ? null : `${overrunBytes} bytes did not fit`;
    },
  },
  {
    name: "explained-errors",
    what: "no hardware error is counted while wires and chips are sound",
    isCheap: false,
    check: ({ unexplainedErrors }) =>
      unexplainedErrors <= UNEXPLAINED_ERRORS_MAX ? null : `${unexplainedErrors} hardware errors without a cause`,
  },
  {
    name: "no-bugs",
    what: "the process ends only when it is asked to, or with an error of its own tables",
    isCheap: false,
    check: ({ bug }) => bug,
  },
  {
    name: "files-kept",
    what: "the receipts can be read after every write, never shrink, and claim nothing that no pool accepted",
    isCheap: false,
    check: ({ fileTrouble }) => fileTrouble,
  },
  {
    name: "work-resumes",
    what: `${RESUME_LIMIT_MS / 60_000} minutes after the last fault every chain hashes and a pool accepts shares`,
    isCheap: false,
    check: ({ soundForMs, isEverythingHashing, sinceAcceptedMs }) => {
      if (soundForMs < RESUME_LIMIT_MS) return null;
      if (!isEverythingHashing) return "a chain does not hash";
      return sinceAcceptedMs <= ACCEPTED_LIMIT_MS ? null : `no share accepted for ${sinceAcceptedMs / 1000} s`;
    },
  },
];
