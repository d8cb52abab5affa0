/** The snapshot in a few fields, for a glance or a list of many machines. */
import type { z } from "zod";
import type { MinerSnapshot } from "../snapshot.ts";
import type { summarySchema } from "./schemas.ts";

export type Summary = z.infer<typeof summarySchema>;

export function summaryOf(snapshot: MinerSnapshot): Summary {
  const { machine, uptimeMs, hashrate, pool, chains, thermal, alarms } = snapshot;
  const temperatures = chains
    .flatMap(({ temperatureBoardMaxC, temperatureChipMaxC }) => [temperatureBoardMaxC, temperatureChipMaxC])
    .filter((value) => value !== null);
  return {
    machine,
    uptimeMs,
    ...statusOf(snapshot),
    hashrate,
    accepted: pool.shares.accepted,
    rejected: pool.shares.rejected,
    temperatureMaxC: temperatures.length === 0 ? null : Math.max(...temperatures),
    fanDutyPct: thermal.fanDutyPct,
    pool: pool.url,
    alarms,
  };
}

/** In one word, and why. */
export function statusOf({
  thermal,
  pauseReason,
  chains,
  poolReason,
}: MinerSnapshot): Pick<Summary, "status" | "reason"> {
  if (thermal.phase === "shutdown") return { status: "shutDown", reason: thermal.reason };
  if (pauseReason !== null) return { status: "paused", reason: pauseReason };
  const isHashing = chains.some(({ state, feedPeriodMs }) => state === "hashing" && feedPeriodMs !== null);
  if (isHashing) return { status: "hashing", reason: "" };
  if (chains.some(({ state }) => state === "hashing")) return { status: "waiting", reason: poolReason };
  return { status: "starting", reason: chains.find(({ reason }) => reason !== "")?.reason ?? "" };
}
