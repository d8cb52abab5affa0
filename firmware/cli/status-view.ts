/** The snapshot as an owner wants to see it in a terminal, as plain lines; the printer cuts them to its width. */
import { type ChainSnapshot, type MinerSnapshot, totalNonces } from "../api/snapshot.ts";

export function statusLines(snapshot: MinerSnapshot): string[] {
  const { pool, thermal } = snapshot;
  const { shares } = pool;
  const fans = thermal.fansRpm.map((rpm) => rpm ?? "?").join(" ");
  return [
    `kumpel  ${snapshot.machine} on ${snapshot.controlBoard}  up ${duration(snapshot.uptimeMs)}  hashboard power ${snapshot.isPowerOn ? "on" : "off"}`,
    ...(snapshot.emulationLabel === null ? [] : [`        ${snapshot.emulationLabel}`]),
    ...snapshot.experimental.map((reason) => `        EXPERIMENTAL  ${reason}`),
    `pool    ${pool.url}  ${pool.state}  difficulty ${short(pool.difficulty)}  as ${pool.user}`,
    `shares  ${shares.accepted} accepted  ${shares.rejected} rejected  ${shares.stale} stale  ${shares.lost} lost  best ${short(shares.bestDifficulty)}`,
    `hash    ${ths(snapshot.hashrate.recentMeasuredThs)} now  ${ths(snapshot.hashrate.measuredThs)} average  ${ths(snapshot.hashrate.expectedThs)} expected`,
    `fans    ${thermal.fanDutyPct} %  rpm ${fans}  ${thermal.reason}`,
    "",
    "chain  state         chips    MHz  TH/s now  expected  board C  chip C  hw err",
    ...snapshot.chains.map(chainLine),
    ...snapshot.chains.filter((c) => c.state !== "hashing").map((c) => `chain ${c.index}: ${c.reason}`),
    ...(pool.state === "mining" ? [] : [`pool: ${pool.reason}`]),
    ...pool.warnings.map((warning) => `pool: ${warning}`),
    ...(snapshot.whyRestarted === null ? [] : [`why it last stopped: ${snapshot.whyRestarted}`]),
    ...snapshot.alarms.map((alarm) => `ALARM   ${alarm}`),
  ];
}

/** What runs here, in one line. */
export function titleLine(snapshot: MinerSnapshot): string {
  const label = snapshot.emulationLabel === null ? "" : ` (${snapshot.emulationLabel})`;
  return `kumpel: ${snapshot.machine} on ${snapshot.controlBoard}${label}${snapshot.experimental.length > 0 ? " EXPERIMENTAL" : ""}, pool ${snapshot.pool.url}`;
}

/** One line for logs and pipes. */
export function statusLine(snapshot: MinerSnapshot): string {
  const { shares } = snapshot.pool;
  return (
    `${duration(snapshot.uptimeMs)} ${ths(snapshot.hashrate.recentMeasuredThs)} of ${ths(snapshot.hashrate.expectedThs)} expected, ` +
    `${shares.accepted} accepted, ${shares.rejected} rejected, ${shares.stale} stale, ${totalNonces(snapshot, "hardwareError")} hardware errors, ` +
    `chains ${snapshot.chains.map((c) => c.state).join(" ")}, pool ${snapshot.pool.state}`
  );
}

function chainLine(chain: ChainSnapshot): string {
  const cells = [
    String(chain.index).padEnd(5),
    chain.state.padEnd(12),
    `${chain.chips}/${chain.chipsExpected}`.padStart(7),
    fixed(chain.frequencyMhz, 1).padStart(6),
    fixed(chain.hashrate.recentMeasuredThs, 2).padStart(9),
    fixed(chain.hashrate.expectedThs, 2).padStart(9),
    fixed(chain.temperatureBoardMaxC, 1).padStart(8),
    fixed(chain.temperatureChipMaxC, 1).padStart(7),
    String(chain.nonces.hardwareError).padStart(7),
  ];
  return cells.join(" ");
}

function fixed(value: number | null, digits: number): string {
  return value === null ? "?" : value.toFixed(digits);
}

function ths(value: number | null): string {
  return value === null ? "? TH/s" : `${value.toFixed(1)} TH/s`;
}

function short(value: number | null): string {
  if (value === null) return "?";
  return value >= 1000 || value === 0 ? String(Math.round(value)) : value.toPrecision(4).replace(/\.?0+$/, "");
}

function duration(ms: number): string {
  const total = Math.floor(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${Math.floor(total / 3600)}:${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
}
