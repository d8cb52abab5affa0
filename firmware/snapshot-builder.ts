/** Takes the snapshot from the running parts. */
import type { ChainSnapshot, MinerSnapshot } from "./api/snapshot.ts";
import { hashboardSerial } from "./hardware/board-identities.ts";
import { experimentalReasons } from "./hardware/experimental.ts";
import { whyRestarted } from "./incidents/incident.ts";
import type { MinerParts } from "./miner-parts.ts";
import { blockSnapshot, firstAcceptedAtMs, poolSnapshots, poolSummary, shownStats } from "./pool-snapshots.ts";
import { hashesPerTicket } from "./share/difficulty.ts";
import { earningAlarm } from "./stats/earning-alarm.ts";
import { feedAlarm } from "./stats/feed-alarm.ts";
import { sumKnown } from "./stats/known-values.ts";
import { hashesPerShare } from "./stats/work-meter.ts";
import { NO_UPDATER } from "./update/update-status.ts";

/** What a face shows at a glance; the whole list is in the data folder. */
const RECENT_INCIDENTS = 20;
const TERA = 1e12;

export function takeSnapshot(parts: MinerParts): MinerSnapshot {
  const { options, thermal, latency } = parts;
  const acceptedAtMs = firstAcceptedAtMs(parts);
  const nowMs = options.clock.nowMs();
  const chains = parts.chains.map((chain) => chainSnapshot(parts, chain, nowMs));
  const sum = (pick: (c: ChainSnapshot) => number | null): number | null => sumKnown(chains.map(pick));
  const waits = parts.chains.map(({ supervisor }) => supervisor.startWaitMs);
  const [alarms, earningAlarm] = [alarmsOf(parts, chains, nowMs), earningAlarmOf(parts, nowMs)];
  return {
    uptimeMs: nowMs - parts.startedAtMs,
    machine: options.hashboard.model,
    controlBoard: options.board.name,
    emulationLabel: options.emulationLabel,
    experimental: experimentalReasons(options.hashboard, options.support, options.board.unconfirmed),
    firstAcceptedShareMs: acceptedAtMs === null ? null : acceptedAtMs - parts.startedAtMs,
    prescribedWaitMs: parts.train.prescribedWaitMs + Math.max(0, ...waits),
    isPowerOn: parts.power.isOn,
    pauseReason: parts.pauses.reason,
    isPausedByOwner: parts.pauses.isHeldBy("owner"),
    pool: poolSummary(parts, chains),
    pools: poolSnapshots(parts),
    poolReason: parts.pools.reason,
    block: blockSnapshot(parts),
    chains,
    hashrate: {
      expectedThs: sum((c) => c.hashrate.expectedThs),
      measuredThs: sum((c) => c.hashrate.measuredThs),
      recentMeasuredThs: sum((c) => c.hashrate.recentMeasuredThs),
    },
    thermal: {
      phase: thermal.state.phase,
      reason: thermal.state.reason,
      trouble: thermal.state.trouble,
      fanDutyPct: Math.round(thermal.state.dutyPct),
      fansRpm: thermal.fansRpm,
    },
    truth: {
      "1m": parts.truth.read(nowMs, "1m"),
      "10m": parts.truth.read(nowMs, "10m"),
      "1h": parts.truth.read(nowMs, "1h"),
      "24h": parts.truth.read(nowMs, "24h"),
    },
    shutdownReason: parts.thermal.state.phase === "shutdown" ? parts.thermal.state.reason : null,
    whyRestarted: whyRestarted(parts.supervision.incidents.history),
    recentIncidents: parts.supervision.incidents.history.incidents.slice(-RECENT_INCIDENTS),
    watchdogS: parts.supervision.watchdog.timeoutS,
    // Updates are the program's, not the miner's: whoever runs it tells.
    update: NO_UPDATER,
    alarms: earningAlarm === null ? alarms : [...alarms, earningAlarm],
    earningAlarm,
    latencyMs: {
      notifyToFirstWork: latency.notifyToFirstWork.summary(),
      notifyToLastChain: latency.notifyToLastChain.summary(),
      nonceToSubmit: latency.nonceToSubmit.summary(),
      submitRoundTrip: shownStats(parts).roundTrip.summary(),
    },
  };
}

function chainSnapshot(parts: MinerParts, chain: MinerParts["chains"][number], nowMs: number): ChainSnapshot {
  const { connector, facts, runtime, supervisor } = chain;
  const total = runtime.hashrate.total(nowMs);
  const recent = runtime.hashrate.recent(nowMs);
  const driver = supervisor.chain;
  const counters = driver?.counters;
  const isHashing = supervisor.state.phase === "hashing";
  return {
    index: connector.index,
    boardSerial: hashboardSerial(parts.options.identities, connector.index),
    chip: facts.chip,
    chips: supervisor.state.chipCount,
    chipsExpected: supervisor.state.expectedChips,
    state: supervisor.state.phase,
    reason: supervisor.reason,
    frequencyMhz: driver === null || driver.frequencyMhz === 0 ? null : driver.frequencyMhz,
    voltageV: voltageOf(parts, connector.index),
    temperatureBoardMaxC: parts.thermal.boardTemperatureC(connector.index),
    temperatureChipMaxC: supervisor.chipReading()?.temperatureC ?? null,
    ticketDifficulty: isHashing ? (supervisor.ticket?.difficulty ?? null) : null,
    ticketReason: supervisor.ticket?.reason ?? "",
    feedPeriodMs: parts.scheduler.feedPeriodMs(connector.index),
    coverage: parts.scheduler.coverage(connector.index),
    nonces: runtime.counters.ofChain(),
    hashrate: {
      expectedThs: total === null ? null : total.expectedHashesPerS / TERA,
      measuredThs: total === null ? null : total.foundHashesPerS / TERA,
      recentMeasuredThs: recent === null ? null : recent.foundHashesPerS / TERA,
    },
    link: {
      resyncBytes: counters?.resyncBytes ?? 0,
      crcErrors: counters?.crcErrors ?? 0,
      jobsWritten: counters?.jobsWritten ?? 0,
    },
  };
}

/** Set point of what feeds the chips; null while off or where nobody can know it. */
function voltageOf(parts: MinerParts, chainIndex: number): number | null {
  const voltageMv = parts.train.voltageMv(chainIndex);
  return voltageMv === null ? null : voltageMv / 1000;
}

function alarmsOf(parts: MinerParts, chains: readonly ChainSnapshot[], nowMs: number): string[] {
  const alarms: string[] = [];
  if (parts.power.cutReason !== null && parts.power.cutReason !== "stopped")
    alarms.push(`power is cut: ${parts.power.cutReason}`);
  parts.chains.forEach(({ runtime, supervisor, connector }, i) => {
    const chain = chains[i];
    if (supervisor.healthNote !== null) alarms.push(`chain ${connector.index}: ${supervisor.healthNote}`);
    if (chain?.state === "disabled") alarms.push(`chain ${connector.index} is switched off: ${supervisor.reason}`);
    const alarm = feedAlarm({
      chainIndex: connector.index,
      ...runtime.recentNonces.counts,
      rates: runtime.hashrate.recent(nowMs),
      epochMs: supervisor.chain?.epochMs(parts.scheduler.job?.versionMask ?? 0) ?? null,
    });
    if (alarm !== null) alarms.push(alarm);
  });
  return alarms;
}

function earningAlarmOf(parts: MinerParts, nowMs: number): string | null {
  const { options, pools, truth, scheduler } = parts;
  if (parts.power.cutReason !== null) return null;
  const hashing = parts.chains.filter(({ supervisor }) => supervisor.state.phase === "hashing");
  const tickets = hashing.map(({ supervisor }) => hashesPerTicket(supervisor.ticket?.difficulty ?? 1));
  const hashingMs = Math.max(0, ...parts.chains.map(({ runtime }) => runtime.hashrate.total(nowMs)?.hashingMs ?? 0));
  const { job } = scheduler;
  return earningAlarm({
    tenMinutes: truth.read(nowMs, "10m"),
    hour: truth.read(nowMs, "1h"),
    repeatedHashes: truth.repeated(nowMs, "10m"),
    hashesPerNonce: tickets.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...tickets),
    hashesPerShare: job === null ? null : hashesPerShare(job.difficulty, options),
    expectedHashesPerS: hashing.reduce((sum, { supervisor }) => sum + supervisor.expectedHashesPerS(), 0),
    hashingMs,
    lastRejectText: shownStats(parts).lastRejectText,
    noPoolReason: pools.idleSinceMs === null ? null : shownStats(parts).reason,
    noPoolMs: pools.idleSinceMs === null ? 0 : nowMs - pools.idleSinceMs,
  });
}
