/** The run report: one JSON object at the end of a run, in the form of docs/CLI.md. */
import type { FacePorts } from "../api/face-places.ts";
import { type MinerSnapshot, totalNonces } from "../api/snapshot.ts";
import { NONCE_OUTCOMES, type NonceOutcome } from "../stats/chip-counters.ts";

export interface ProcessFigures {
  readonly rssMib: number;
  readonly cpuPctOfCore: number;
  readonly eventLoopDelayMs: { readonly p50: number | null; readonly p99: number | null };
}

export interface ReportInput {
  readonly version: string;
  readonly snapshot: MinerSnapshot;
  readonly process: ProcessFigures;
  readonly httpPort: number | null;
  readonly facePorts: FacePorts;
  /** Signal, or why else the run ended. */
  readonly endReason: string;
}

export function buildReport(input: ReportInput) {
  const { snapshot } = input;
  const { pool } = snapshot;
  return {
    version: input.version,
    machine: snapshot.machine,
    control_board: snapshot.controlBoard,
    emulation: snapshot.emulationLabel,
    experimental: snapshot.experimental,
    seconds: seconds(snapshot.uptimeMs),
    first_accepted_share_s: snapshot.firstAcceptedShareMs === null ? null : seconds(snapshot.firstAcceptedShareMs),
    prescribed_waits_s: seconds(snapshot.prescribedWaitMs),
    pool: { url: pool.url, connects: pool.connects, notifies: pool.notifies },
    shares: {
      submitted: pool.shares.submitted,
      accepted: pool.shares.accepted,
      rejected: pool.shares.rejected,
      stale: pool.shares.stale,
      duplicate: pool.shares.duplicate,
      lost: pool.shares.lost,
    },
    nonces: nonceTotals(snapshot),
    hashrate: {
      expected_ths: round(snapshot.hashrate.expectedThs),
      measured_ths: round(snapshot.hashrate.measuredThs),
    },
    chains: snapshot.chains.map((chain) => ({
      index: chain.index,
      chip: chain.chip,
      chips: chain.chips,
      state: chain.state,
      frequency_mhz: round(chain.frequencyMhz),
      voltage_v: chain.voltageV,
      temperature_chip_max_c: round(chain.temperatureChipMaxC),
    })),
    latency_ms: {
      notify_to_first_work: snapshot.latencyMs.notifyToFirstWork,
      notify_to_last_chain: snapshot.latencyMs.notifyToLastChain,
      nonce_to_submit: snapshot.latencyMs.nonceToSubmit,
      submit_round_trip: snapshot.latencyMs.submitRoundTrip,
    },
    process: {
      rss_mib: input.process.rssMib,
      cpu_pct_of_core: input.process.cpuPctOfCore,
      event_loop_delay_ms: input.process.eventLoopDelayMs,
    },
    // Unknown until a supply that can be read is driven.
    power_w: null,
    efficiency_j_per_th: null,
    ports: Object.assign({ http: input.httpPort }, input.facePorts),
    alarms: snapshot.alarms,
    end: { reason: input.endReason, hashboards_off: !snapshot.isPowerOn },
  };
}

export type RunReport = ReturnType<typeof buildReport>;

function nonceTotals(snapshot: MinerSnapshot) {
  const sum = (outcome: NonceOutcome): number => totalNonces(snapshot, outcome);
  return {
    received: NONCE_OUTCOMES.reduce((n, outcome) => n + sum(outcome), 0),
    valid: sum("valid") + sum("share"),
    hardware_errors: sum("hardwareError"),
    duplicate: sum("duplicate"),
    stale: sum("stale"),
    unknown_work: sum("unknownWork"),
  };
}

function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}

function round(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1000) / 1000;
}
