/**
 * What the snapshot does not hold and faces of the machine ask for: identity, network, power, build. Null means
 * unknown. Where a client breaks without a value, the stand-in is made here, once, with its reason (from public notes on
 * the clients).
 */
import { findHashboard } from "#drivers/hashboards/models.ts";
import type { Clock } from "#hal/clock.ts";
import { errorText } from "#hal/errors.ts";
import { isRealMac } from "../platform/route-facts.ts";
import { TRUTH_WINDOWS } from "../stats/share-truth.ts";
import type { HistorySeries } from "./history/history-ring.ts";
import { type Idle, idleSnapshot } from "./idle-snapshot.ts";
import type { MinerSnapshot, PoolSnapshot } from "./snapshot.ts";

export interface MachineFacts {
  /** Our version, as in package.json. */
  readonly version: string;
  /** Unix ms of the build. */
  readonly buildWallMs: number | null;
  readonly kernelVersion: string | null;
  readonly macAddress: string | null;
  readonly hostname: string | null;
  /** The control board's own. */
  readonly serialNumber: string | null;
  readonly netDevice: string | null;
  readonly isDhcp: boolean | null;
  readonly ipAddress: string | null;
  readonly netmask: string | null;
  readonly gateway: string | null;
  readonly dnsServers: readonly string[] | null;
  /** At the wall socket. No machine that is known has a meter there: who adds one fills it in. */
  readonly powerW: number | null;
  /** Clock of the settings, in force now or after the next start; null = the machine's own, or the command line's. */
  readonly targetFrequencyMhz: number | null;
  /** Pools of the settings, in force now or after the next start; null = those that run are not theirs. */
  readonly pools: readonly NamedPool[] | null;
  /** Settings that the command line overrides: what is written there comes into force in no restart of this run. */
  readonly overriddenKeys: readonly string[];
  /** The owner holds the fans at a fixed duty. */
  readonly isFanManual: boolean | null;
  /** That duty; null = none, or unknown. */
  readonly fanManualPct: number | null;
  readonly isLocating: boolean | null;
  /** Who may say what over the cgminer API, as its clients write it. */
  readonly cgminerRules: { readonly allow: string; readonly groups: string } | null;
}

export const UNKNOWN_FACTS: MachineFacts = {
  version: "0.0.0",
  buildWallMs: null,
  kernelVersion: null,
  macAddress: null,
  hostname: null,
  serialNumber: null,
  netDevice: null,
  isDhcp: null,
  ipAddress: null,
  netmask: null,
  gateway: null,
  dnsServers: null,
  powerW: null,
  targetFrequencyMhz: null,
  pools: null,
  overriddenKeys: [],
  isFanManual: null,
  fanManualPct: null,
  isLocating: null,
  cgminerRules: null,
};

/** What these faces order; whoever wires them in turns it into a command of the bus. */
export type FaceOrder =
  | { readonly kind: "pause" | "resume" | "factoryReset" }
  /** At once, or so much later; then any other that is ordered meanwhile takes its place. */
  | { readonly kind: "restart"; readonly delayS?: number }
  | { readonly kind: "restartChain"; readonly chainIndex: number }
  /** Pools of the first group, in order of preference. */
  | { readonly kind: "setPools"; readonly pools: readonly PoolEntry[] }
  | { readonly kind: "setFan"; readonly dutyPct: number | null }
  /** Null: the machine's own. */
  | { readonly kind: "setFrequency"; readonly frequencyMhz: number | null }
  | { readonly kind: "locate"; readonly isOn: boolean };

export interface NamedPool {
  /** As it was written. */
  readonly url: string;
  readonly user: string;
  readonly group: number;
}

export interface PoolEntry {
  /** Letter by letter. */
  readonly url: string;
  readonly user: string;
  /** Null: the one that this address and user have already. */
  readonly password: string | null;
}

export interface OrderAnswer {
  readonly ok: boolean;
  /** What was done, or why not: one sentence for whoever asked. */
  readonly message: string;
  readonly effectiveAt: "now" | "afterRestart" | null;
}

/** @param who The face and, where it knows one, the user or address; for the audit log. */
export type GiveOrder = (order: FaceOrder, who: string) => Promise<OrderAnswer>;

/** What every face is made of. Snapshot and facts are asked for at each request. */
export interface FaceParts {
  readonly snapshot: () => MinerSnapshot | null;
  readonly facts: () => MachineFacts;
  readonly order: GiveOrder;
  readonly clock: Clock;
  /** Absent: none is kept. */
  readonly history?: ReadHistory;
  /** Why nothing is switched on; null or absent where a machine runs or begins. */
  readonly idle?: () => Idle | null;
}

/** Slots of five minutes that begin in [fromMs, toMs) of the wall clock, by the names of the history's fields. */
export type ReadHistory = (fromMs: number, toMs: number, fields: readonly string[]) => HistorySeries;

/** One moment of the machine: what the pure parts of a face read. */
export interface FaceView {
  readonly snapshot: MinerSnapshot;
  readonly facts: MachineFacts;
  readonly wallTimeMs: number;
  /** Why nothing is switched on; null: a machine runs. */
  readonly idleReason: string | null;
  readonly history?: ReadHistory;
}

/** Null until the miner has sent its first snapshot, unless it says that there will be none. */
export function viewOf(parts: Pick<FaceParts, "snapshot" | "facts" | "clock" | "idle" | "history">): FaceView | null {
  const idle = parts.idle?.() ?? null;
  const snapshot = idle === null ? parts.snapshot() : idleSnapshot(idle, parts.clock.nowMs() - idle.sinceMs);
  if (snapshot === null) return null;
  const { history } = parts;
  const wallTimeMs = parts.clock.wallTimeMs();
  const idleReason = idle?.reason ?? null;
  return { snapshot, facts: parts.facts(), wallTimeMs, idleReason, ...(history === undefined ? {} : { history }) };
}

/** An order that breaks must not break a face: it is a refusal with its words. */
export async function ask(parts: FaceParts, order: FaceOrder, who: string): Promise<OrderAnswer> {
  try {
    return await parts.order(order, who);
  } catch (error) {
    return { ok: false, message: `the miner did not take it: ${errorText(error)}`, effectiveAt: null };
  }
}

const FIXED = {
  pool_groups: "the pools are given on the command line (--pool)",
  "tuning.frequency_mhz": "the clock is given on the command line (--frequency)",
} as const;

/** Why writing a setting would come to nothing in this run, in one sentence; null: it would not. */
export function obstacleTo({ overriddenKeys }: MachineFacts, key: keyof typeof FIXED): string | null {
  return overriddenKeys.includes(key) ? `${FIXED[key]}, which goes before the settings: start it without` : null;
}

/** The name that managers look models up by, such as "Antminer S21"; an unknown board goes by its own name. */
export function marketingName(machine: string): string {
  return findHashboard(machine)?.label ?? machine;
}

/**
 * Managers use the MAC as identity and refuse one that is not unicast, all zeros included. The stand-in is a locally
 * administered unicast address, the same for every machine, so that nobody takes it for a real maker's.
 */
export const STAND_IN_MAC = "02:00:00:00:00:01";

/** In capitals with colons, as stock prints it. */
export function macText({ macAddress }: MachineFacts): string {
  return isRealMac(macAddress) ? macAddress.replaceAll("-", ":").toUpperCase() : STAND_IN_MAC;
}

const TERA = 1e12;

/** Power at the wall over the verified hashrate of ten minutes, in J/TH; null where either is unknown. */
export function efficiencyJPerTh({ snapshot, facts }: FaceView): number | null {
  const { verified } = snapshot.truth["10m"];
  const windowS = Math.min(snapshot.uptimeMs, TRUTH_WINDOWS["10m"]) / 1000;
  return facts.powerW === null || verified <= 0 ? null : facts.powerW / (verified / windowS / TERA);
}

/**
 * One client reads the firmware's age from this text and chooses by its year which dialect it speaks to us; from July
 * 2023 on it is the one that these faces speak. A build time that is unknown, or older (builders set it to 1970 or 1980 at
 * times), is therefore dated at the beginning of 2024.
 */
const STAND_IN_BUILD_MS = Date.UTC(2024, 0, 1);
const BEIJING_MS = 8 * 3_600_000;

/** Such as "Tue Dec  6 16:12:30 CST 2022": the only form that clients parse, with this zone's letters. */
export function compileTime({ buildWallMs }: MachineFacts): string {
  const date = new Date(Math.max(buildWallMs ?? 0, STAND_IN_BUILD_MS) + BEIJING_MS);
  const [weekday = "", day = "", month = "", year = "", time = ""] = date.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} CST ${year}`;
}

/** A pool that mines or is waited for is alive, and so is one in reserve that nothing is known against. */
export function isPoolAlive(pool: PoolSnapshot): boolean {
  return pool.state === "mining" || pool.state === "waiting" || pool.state === "idle";
}
