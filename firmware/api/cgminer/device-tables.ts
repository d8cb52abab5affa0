/** Sections about single devices (a hash chain is one), and the small reports. Names and types as in `tables.ts`. */
import { listedPools } from "../listed-pools.ts";
import { type FaceView, isPoolAlive } from "../machine-facts.ts";
import type { ChainSnapshot } from "../snapshot.ts";
import { diff1Shares, elapsedS, ghs, hardwareErrorPct, rounded, unixS } from "../stock/figures.ts";
import type { Row } from "./reply.ts";

/** Alive: hashing, or on its way there. */
export function isChainEnabled(chain: ChainSnapshot): boolean {
  return chain.state !== "disabled" && chain.state !== "absent";
}

export function deviceRow(view: FaceView, chain: ChainSnapshot, index: number): Row {
  const temperatureC = Math.round(chain.temperatureBoardMaxC ?? chain.temperatureChipMaxC ?? 0);
  const { nonces, hashrate } = chain;
  const mhs = (ths: number | null): number => rounded((ths ?? 0) * 1e6);
  const meanMhs = mhs(hashrate.measuredThs);
  const totalMh = Math.round((meanMhs * view.snapshot.uptimeMs) / 1000);
  const workingPool = listedPools(view).findIndex(({ running }) => running?.isWorking === true);
  return [
    ["ASC", index],
    ["Name", chain.chip],
    ["ID", chain.index],
    ["Enabled", isChainEnabled(chain) ? "Y" : "N"],
    ["Status", isChainEnabled(chain) ? "Alive" : "Dead"],
    ["Temperature", temperatureC],
    // Stock's spelling, which some clients read.
    ["Tenperature", temperatureC],
    ["MHS av", meanMhs],
    ["MHS 5s", mhs(hashrate.recentMeasuredThs)],
    // Shares are counted by pool; of a chain it is known what it found, not what became of it.
    ["Accepted", nonces.share],
    ["Rejected", 0],
    ["Hardware Errors", nonces.hardwareError],
    ["Utility", rounded((nonces.share * 60_000) / Math.max(1000, view.snapshot.uptimeMs))],
    ["Last Share Pool", workingPool],
    ["Last Share Time", 0],
    ["Total MH", totalMh],
    ["Diff1 Work", diff1Shares(totalMh * 1e6)],
    ["Difficulty Accepted", 0],
    ["Difficulty Rejected", 0],
    ["Last Share Difficulty", 0],
    ["No Device", chain.state === "absent"],
    ["Last Valid Work", 0],
    ["Device Hardware%", hardwareErrorPct([chain])],
    ["Device Rejected%", 0],
    ["Device Elapsed", elapsedS(view.snapshot)],
  ];
}

export function deviceRows(view: FaceView): Row[] {
  return view.snapshot.chains.map((chain, index) => deviceRow(view, chain, index));
}

export function deviceDetailRows({ snapshot }: FaceView): Row[] {
  return snapshot.chains.map(
    (chain, index): Row => [
      ["DEVDETAILS", index],
      ["Name", chain.chip],
      ["ID", chain.index],
      ["Driver", "kumpel"],
      ["Kernel", ""],
      ["Model", snapshot.machine],
      ["Device Path", ""],
    ],
  );
}

export function notifyRows({ snapshot }: FaceView): Row[] {
  return snapshot.chains.map(
    (chain, index): Row => [
      ["NOTIFY", index],
      ["Name", chain.chip],
      ["ID", chain.index],
      ["Last Well", 0],
      ["Last Not Well", 0],
      ["Reason Not Well", chain.state === "hashing" ? "None" : `${chain.state}: ${chain.reason}`],
      ["*Thread Fail Init", 0],
      ["*Thread Zero Hash", 0],
      ["*Thread Fail Queue", 0],
      ["*Dev Sick Idle 60s", 0],
      ["*Dev Dead Idle 600s", 0],
      ["*Dev Nostart", 0],
      ["*Dev Over Heat", 0],
      ["*Dev Thermal Cutoff", snapshot.shutdownReason === null ? 0 : 1],
      ["*Dev Comms Error", chain.link.crcErrors],
      ["*Dev Throttle", snapshot.thermal.phase === "throttling" ? 1 : 0],
    ],
  );
}

export function configRow(view: FaceView): Row {
  const { snapshot } = view;
  return [
    ["ASC Count", snapshot.chains.length],
    ["PGA Count", 0],
    ["Pool Count", listedPools(view).length],
    ["Strategy", "Failover"],
    ["Log Interval", 10],
    ["Device Code", snapshot.chains[0]?.chip ?? ""],
    ["OS", "Linux"],
  ];
}

export function coinRow({ snapshot }: FaceView): Row {
  return [
    ["Hash Method", "sha256"],
    // When it was first heard of here, not when it was found.
    ["Current Block Time", unixS(snapshot.block?.seenAtWallMs ?? null)],
    ["Current Block Hash", snapshot.block?.hash ?? ""],
    ["LP", snapshot.pools.some((pool) => pool.isWorking && isPoolAlive(pool))],
    ["Network Difficulty", rounded(snapshot.block?.networkDifficulty ?? 0)],
  ];
}

export function lcdRow({ snapshot }: FaceView): Row {
  const { hashrate, pool, truth } = snapshot;
  const seconds = Math.min(600, Math.max(1, snapshot.uptimeMs / 1000));
  const temperatures = snapshot.chains.map((c) => c.temperatureBoardMaxC ?? c.temperatureChipMaxC ?? 0);
  return [
    ["Elapsed", elapsedS(snapshot)],
    ["GHS av", ghs(hashrate.measuredThs)],
    ["GHS 5m", rounded(truth["10m"].verified / seconds / 1e9)],
    ["GHS 5s", ghs(hashrate.recentMeasuredThs)],
    ["Temperature", Math.round(Math.max(0, ...temperatures))],
    ["Last Share Difficulty", pool.shares.accepted > 0 ? (pool.difficulty ?? 0) : 0],
    ["Last Share Time", unixS(pool.shares.lastAcceptedAtWallMs)],
    ["Best Share", Math.floor(pool.shares.bestDifficulty)],
    ["Last Valid Work", 0],
    ["Found Blocks", 0],
    ["Current Pool", pool.urlAsWritten],
    ["User", pool.user],
  ];
}
