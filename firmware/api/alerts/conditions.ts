/**
 * What an owner is told of, in one table: what it is, how grave, how it is found in a snapshot, and for how long it must
 * stand (or be gone) before it counts. The miner's own machines have waited already where a row says 0.
 */
import type { ThermalTrouble } from "../../control/thermal-types.ts";
import { type FaceView, isPoolAlive } from "../machine-facts.ts";
import type { Severity } from "../outward-options.ts";
import type { MinerSnapshot } from "../snapshot.ts";

export interface Finding {
  /** Which part, such as `chain 1`; empty = the machine. */
  readonly part: string;
  /** One sentence. */
  readonly text: string;
}

export interface Condition {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly raiseAfterMs: number;
  readonly clearAfterMs: number;
  /** Told again so often while it stands. */
  readonly repeatMs: number;
  /** True: it happened and is over; nobody is told that it is resolved. */
  readonly isEvent: boolean;
  readonly find: (view: FaceView) => readonly Finding[];
}

/** Of a machine on which nothing is switched on there is one thing to say: all else follows from it. */
const IDLE = "idle";

export function findingsOf(condition: Condition, view: FaceView): readonly Finding[] {
  return view.idleReason === null || condition.id === IDLE ? condition.find(view) : [];
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Below that many shares a few rejects say nothing. */
const SHARES_MIN = 50;
const REJECTED_SHARE_MAX = 0.1;
/** A restart is told within this time, once. */
const RESTART_TOLD_MS = 5 * MINUTE_MS;

const STANDING = { clearAfterMs: MINUTE_MS, repeatMs: 6 * HOUR_MS, isEvent: false } as const;

export const CONDITIONS: readonly Condition[] = [
  {
    ...STANDING,
    id: IDLE,
    severity: "critical",
    title: "Nothing is switched on",
    raiseAfterMs: MINUTE_MS,
    find: ({ idleReason }) => machineWide(idleReason),
  },
  {
    ...STANDING,
    id: "shutdown",
    severity: "critical",
    title: "Shut down until somebody acknowledges it",
    raiseAfterMs: 0,
    clearAfterMs: 0,
    find: ({ snapshot }) => machineWide(snapshot.shutdownReason),
  },
  {
    ...STANDING,
    id: "notHashing",
    severity: "critical",
    title: "Not hashing although it should",
    raiseAfterMs: 10 * MINUTE_MS,
    find: ({ snapshot }) => machineWide(whyNotHashing(snapshot)),
  },
  {
    ...STANDING,
    id: "chainLost",
    severity: "critical",
    title: "A chain does not hash",
    raiseAfterMs: 3 * MINUTE_MS,
    find: ({ snapshot }) =>
      snapshot.chains
        .filter(({ state }) => state === "disabled" || state === "coolingDown")
        .map(({ index, reason }) => ({ part: `chain ${index}`, text: `chain ${index} does not hash: ${reason}` })),
  },
  {
    ...STANDING,
    id: "chipsLost",
    severity: "warning",
    title: "A chain hashes with fewer chips",
    raiseAfterMs: 5 * MINUTE_MS,
    find: ({ snapshot }) =>
      snapshot.chains
        .filter(({ state, chips, chipsExpected }) => state === "hashing" && chips < chipsExpected)
        .map(({ index, chips, chipsExpected }) => {
          return { part: `chain ${index}`, text: `chain ${index} hashes with ${chips} of ${chipsExpected} chips` };
        }),
  },
  {
    ...STANDING,
    id: "fanFault",
    severity: "critical",
    title: "A fan stands still or is too slow",
    raiseAfterMs: 15 * SECOND_MS,
    find: ({ snapshot }) => machineWide(reasonOf(snapshot, "fans")),
  },
  {
    ...STANDING,
    id: "sensorFault",
    severity: "warning",
    title: "A temperature sensor is lost",
    raiseAfterMs: MINUTE_MS,
    find: ({ snapshot }) => machineWide(reasonOf(snapshot, "sensors")),
  },
  {
    ...STANDING,
    id: "tooHot",
    severity: "warning",
    title: "Near the temperature limit",
    raiseAfterMs: 5 * MINUTE_MS,
    clearAfterMs: 5 * MINUTE_MS,
    find: ({ snapshot: { thermal } }) =>
      thermal.phase === "hot" || thermal.phase === "throttling"
        ? machineWide(`it is near its temperature limit: ${thermal.reason}`)
        : [],
  },
  {
    ...STANDING,
    id: "noPool",
    severity: "critical",
    title: "No pool gives work",
    raiseAfterMs: 3 * MINUTE_MS,
    find: ({ snapshot: { pools, poolReason } }) =>
      pools.some((pool) => isPoolAlive(pool)) ? [] : machineWide(`no pool gives work: ${poolReason}`),
  },
  {
    ...STANDING,
    id: "sharesRejected",
    severity: "warning",
    title: "Pools reject many shares",
    raiseAfterMs: 5 * MINUTE_MS,
    clearAfterMs: 15 * MINUTE_MS,
    find: ({ snapshot }) => machineWide(rejects(snapshot)),
  },
  {
    ...STANDING,
    id: "earnsNothing",
    severity: "critical",
    title: "It hashes and earns nothing",
    raiseAfterMs: 0,
    clearAfterMs: 2 * MINUTE_MS,
    find: ({ snapshot }) => machineWide(snapshot.earningAlarm),
  },
  {
    ...STANDING,
    id: "finding",
    severity: "warning",
    title: "Another finding of the miner",
    raiseAfterMs: MINUTE_MS,
    clearAfterMs: 5 * MINUTE_MS,
    find: ({ snapshot: { alarms, earningAlarm } }) =>
      machineWide(alarms.filter((alarm) => alarm !== earningAlarm).join("; ") || null),
  },
  {
    ...STANDING,
    id: "updateFailed",
    severity: "warning",
    title: "An update failed and the older version runs again",
    raiseAfterMs: 0,
    isEvent: true,
    find: ({ snapshot: { update } }) => machineWide(failedUpdate(update)),
  },
  {
    ...STANDING,
    id: "restarted",
    severity: "warning",
    title: "The run before ended without a word",
    raiseAfterMs: 0,
    isEvent: true,
    find: ({ snapshot }) => machineWide(uncleanEnd(snapshot)),
  },
];

function machineWide(text: string | null): Finding[] {
  return text === null ? [] : [{ part: "", text }];
}

/** Paused on purpose, shut down and without a pool are told by rows of their own, or are no fault. */
function whyNotHashing(snapshot: MinerSnapshot): string | null {
  const { chains, shutdownReason, pauseReason } = snapshot;
  if (shutdownReason !== null || pauseReason !== null) return null;
  if (chains.some(({ state }) => state === "hashing")) return null;
  const reason = chains.find((chain) => chain.reason !== "")?.reason ?? "no chain says why";
  return `no chain hashes although nothing keeps it from hashing: ${reason}`;
}

/** The thermal supervisor's reason where it speaks of this trouble, or null. */
function reasonOf({ thermal }: MinerSnapshot, trouble: ThermalTrouble): string | null {
  return thermal.trouble === trouble ? thermal.reason : null;
}

/** The last hour, by work: what was submitted and what pools took of it. */
function rejects({ truth, pool }: MinerSnapshot): string | null {
  const { submitted, accepted } = truth["1h"];
  if (pool.shares.submitted < SHARES_MIN || submitted <= 0) return null;
  const share = 1 - accepted / submitted;
  if (share <= REJECTED_SHARE_MAX) return null;
  const words = pool.shares.lastRejectText === "" ? "" : ` (its words: ${pool.shares.lastRejectText})`;
  return `pools took no more than ${Math.round(100 * (1 - share))} % of the work of the last hour${words}`;
}

/** Not where the owner wanted the older one. */
function failedUpdate({ state, message, isOwnersReturn }: MinerSnapshot["update"]): string | null {
  return state === "rolledBack" && !isOwnersReturn ? message : null;
}

function uncleanEnd({ recentIncidents, uptimeMs, whyRestarted }: MinerSnapshot): string | null {
  if (uptimeMs > RESTART_TOLD_MS || whyRestarted === null) return null;
  const run = recentIncidents.at(-1)?.run;
  return recentIncidents.some((incident) => incident.run === run && incident.kind === "uncleanEnd")
    ? whyRestarted
    : null;
}
