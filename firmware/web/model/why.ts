/** One plain line: what the firmware does now, and for what reason. The gravest thing first. */
import type { Chain, Snapshot } from "./api-types.ts";
import { hashrate, words } from "./format.ts";

export type Tone = "good" | "calm" | "warn" | "bad";

export interface Why {
  readonly tone: Tone;
  /** One or two words for a glance. */
  readonly state: string;
  readonly text: string;
}

/** Below this share of what is expected, it is said. */
const ENOUGH = 0.95;
const MINUTE_MS = 60_000;

export function whyOf(snapshot: Snapshot): Why {
  const { shutdownReason, pauseReason, thermal, chains, poolReason } = snapshot;
  if (shutdownReason !== null || thermal.phase === "shutdown")
    return {
      tone: "bad",
      state: "Shut down",
      text: `Power is off: ${shutdownReason ?? thermal.reason}. It stays off until you acknowledge it.`,
    };
  if (pauseReason !== null) return { tone: "warn", state: "Paused", text: `Hashboards are off: ${pauseReason}.` };
  const hashing = chains.filter(({ state }) => state === "hashing");
  const given = chains.filter(({ state }) => state === "disabled");
  if (hashing.length === 0) return notHashing(chains, given);
  if (hashing.every(({ feedPeriodMs }) => feedPeriodMs === null))
    return { tone: "warn", state: "Waiting", text: `The chips wait for work: ${poolReason}.` };
  if (given.length > 0)
    return {
      tone: "warn",
      state: "Hashing in part",
      text: `${hashing.length} of ${chains.length} chains hash. ${chainClause(given[0]!)}.`,
    };
  return running(snapshot, hashing);
}

function notHashing(chains: readonly Chain[], given: readonly Chain[]): Why {
  const first = chains.find(({ state }) => state !== "disabled" && state !== "absent");
  if (first === undefined)
    return {
      tone: "bad",
      state: "Stopped",
      text: given.length === 0 ? "No hashboard answers." : `No chain hashes. ${chainClause(given[0]!)}.`,
    };
  return { tone: "calm", state: "Starting", text: `${chainClause(first)}.` };
}

function running(
  { thermal, hashrate: rate, alarms, pool, chains, uptimeMs }: Snapshot,
  hashing: readonly Chain[],
): Why {
  const now = hashrate(rate.recentMeasuredThs);
  if (thermal.phase === "throttling" || thermal.phase === "hot")
    return { tone: "warn", state: "Hashing, hot", text: `${now}; ${thermal.reason}.` };
  const alarm = alarms[0];
  if (alarm !== undefined) return { tone: "warn", state: "Hashing", text: `${now}, but: ${alarm}` };
  const late = chains.find(({ state }) => state !== "hashing" && state !== "absent");
  if (late !== undefined)
    return {
      tone: "calm",
      state: "Hashing in part",
      text: `${hashing.length} of ${chains.length} chains hash. ${chainClause(late)}.`,
    };
  const share = rate.recentMeasuredThs === null || !rate.expectedThs ? null : rate.recentMeasuredThs / rate.expectedThs;
  if (share !== null && share < ENOUGH && uptimeMs > 3 * MINUTE_MS)
    return {
      tone: "warn",
      state: "Hashing, slow",
      text: `${now} of ${hashrate(rate.expectedThs)} expected; the share truth below shows where work is lost.`,
    };
  return { tone: "good", state: "Hashing", text: `${now} for ${pool.url}; ${thermal.reason}.` };
}

function chainClause({ index, state, reason }: Chain): string {
  return `Chain ${index} is ${words(state)}${reason === "" ? "" : `: ${reason}`}`;
}
