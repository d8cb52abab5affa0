/** A machine at one moment, with every number different so that a mix-up shows, and an order book instead of a miner. */
import {
  type FaceOrder,
  type FaceParts,
  type MachineFacts,
  type OrderAnswer,
  UNKNOWN_FACTS,
} from "#firmware/api/machine-facts.ts";
import type { ChainSnapshot, MinerSnapshot, PoolSnapshot } from "#firmware/api/snapshot.ts";
import { NO_UPDATER } from "#firmware/update/update-status.ts";
import { VirtualClock } from "#hal/emulator/virtual-clock.ts";

// biome-ignore lint/suspicious/noExplicitAny: replies are read as their clients read them, without a schema
export type Json = Record<string, any>;

export const WALL_START_MS = Date.UTC(2026, 0, 1);

export function poolAt(index: number, changes: Partial<PoolSnapshot> = {}): PoolSnapshot {
  const url = changes.url ?? `stratum+tcp://pool${index}.example:3333`;
  return {
    url,
    urlAsWritten: url,
    user: `account.worker${index}`,
    group: 0,
    isWorking: index === 0,
    state: index === 0 ? "mining" : "idle",
    reason: "",
    lastNotice: "",
    family: "IPv4",
    warnings: [],
    connects: 1 + index,
    notifies: 40 + index,
    difficulty: 65_536,
    verifiedWork: (5 + index) * 2 ** 32 * 65_536,
    shares: {
      submitted: 12 + index,
      accepted: 8 + index,
      acceptedDifficulty: (8 + index) * 65_536,
      rejected: 1,
      stale: 1,
      duplicate: 0,
      lost: 2,
      lastRejectText: "",
      bestDifficulty: 1_234_567.8,
      lastAcceptedAtWallMs: index === 0 ? WALL_START_MS - 12_400 : null,
    },
    ...changes,
  };
}

export function chainAt(index: number, changes: Partial<ChainSnapshot> = {}): ChainSnapshot {
  return {
    index,
    boardSerial: index === 1 ? null : `B-${index}`,
    chip: "BM1368",
    chips: 108,
    chipsExpected: 108,
    state: "hashing",
    reason: "",
    frequencyMhz: 460 + index,
    voltageV: 13.7,
    temperatureBoardMaxC: 52.4 + index,
    temperatureChipMaxC: 71.6 + index,
    ticketDifficulty: 256,
    ticketReason: "",
    feedPeriodMs: 20,
    coverage: 1,
    nonces: { share: 3 + index, valid: 900, duplicate: 1, stale: 2, hardwareError: 4 + index, unknownWork: 5 },
    hashrate: { expectedThs: 66, measuredThs: 65.5 + index, recentMeasuredThs: 64.25 + index },
    link: { resyncBytes: 0, crcErrors: 7, jobsWritten: 100 },
    ...changes,
  };
}

const NO_TIMES = { p50: null, p99: null };

export function machine(changes: Partial<MinerSnapshot> = {}): MinerSnapshot {
  const chains = changes.chains ?? [0, 1, 2].map((index) => chainAt(index));
  const pools = changes.pools ?? [poolAt(0), poolAt(1)];
  const row = (seconds: number) => ({
    expected: 198e12 * seconds,
    reported: 197e12 * seconds,
    verified: 196e12 * seconds,
    submitted: 195e12 * seconds,
    accepted: 194e12 * seconds,
  });
  return {
    uptimeMs: 3_723_456,
    machine: "s21",
    controlBoard: "cv1835",
    emulationLabel: null,
    experimental: [],
    firstAcceptedShareMs: 9_000,
    prescribedWaitMs: 2_000,
    isPowerOn: true,
    pauseReason: null,
    isPausedByOwner: false,
    pool: poolAt(0),
    pools,
    poolReason: "",
    block: {
      hash: "00000000000000000001c2d3e4f5061728394a5b6c7d8e9f0011223344556677",
      seenAtWallMs: WALL_START_MS - 300_000,
      networkDifficulty: 126_411_437_451_912.2,
    },
    chains,
    hashrate: { expectedThs: 198, measuredThs: 199.5, recentMeasuredThs: 195.75 },
    thermal: { phase: "regulating", reason: "", trouble: null, fanDutyPct: 47, fansRpm: [4200, 4210, null, 4230] },
    truth: { "1m": row(60), "10m": row(600), "1h": row(3600), "24h": row(3723) },
    shutdownReason: null,
    whyRestarted: null,
    recentIncidents: [],
    watchdogS: 30,
    update: NO_UPDATER,
    alarms: [],
    earningAlarm: null,
    latencyMs: {
      notifyToFirstWork: { p50: 4, p99: 9 },
      notifyToLastChain: NO_TIMES,
      nonceToSubmit: { p50: 1.5, p99: 3 },
      submitRoundTrip: { p50: 50, p99: 90 },
    },
    ...changes,
  };
}

export const KNOWN_FACTS: MachineFacts = {
  ...UNKNOWN_FACTS,
  version: "0.1.0",
  buildWallMs: Date.UTC(2025, 11, 6, 8, 12, 30),
  kernelVersion: "Linux 5.10",
  macAddress: "28:e2:97:0a:0b:0c",
  hostname: "Antminer",
  serialNumber: "SN-1",
  netDevice: "eth0",
  isDhcp: true,
  ipAddress: "192.0.2.7",
  netmask: "255.255.255.0",
  gateway: "192.0.2.1",
  dnsServers: ["192.0.2.1", "192.0.2.2"],
  powerW: 3_512.6,
  isFanManual: false,
  isLocating: false,
  cgminerRules: { allow: "A:0/0,W:127.0.0.1", groups: "A:stats:pools" },
};

export interface FaceBench extends FaceParts {
  readonly clock: VirtualClock;
  readonly orders: { order: FaceOrder; who: string }[];
  readonly state: { snapshot: MinerSnapshot | null; facts: MachineFacts; answer: OrderAnswer };
}

/** What comes into force after a restart only. */
const LATE: readonly FaceOrder["kind"][] = ["setPools", "setFrequency"];

/** The settings after an order, as faces are told them. */
function factsAfter(facts: MachineFacts, snapshot: MinerSnapshot | null, order: FaceOrder): MachineFacts {
  if (order.kind === "setFan") return { ...facts, isFanManual: order.dutyPct !== null, fanManualPct: order.dutyPct };
  if (order.kind === "setFrequency") return { ...facts, targetFrequencyMhz: order.frequencyMhz };
  if (order.kind !== "setPools") return facts;
  const first = order.pools.map(({ url, user }) => ({ url, user, group: 0 }));
  const running = snapshot?.pools.map(({ urlAsWritten: url, user, group }) => ({ url, user, group })) ?? [];
  return { ...facts, pools: [...first, ...(facts.pools ?? running).filter(({ group }) => group !== 0)] };
}

/** What brings it into force. */
export const RESTART: FaceOrder = { kind: "restart", delayS: 5 };

export function faceBench(snapshot: MinerSnapshot | null = machine(), facts = KNOWN_FACTS): FaceBench {
  const clock = new VirtualClock({ wallStartMs: WALL_START_MS });
  const state = { snapshot, facts, answer: { ok: true, message: "done", effectiveAt: "now" } as OrderAnswer };
  const orders: FaceBench["orders"] = [];
  return {
    clock,
    orders,
    state,
    snapshot: () => state.snapshot,
    facts: () => state.facts,
    order: (order, who) => {
      orders.push({ order, who });
      const { answer } = state;
      if (answer.ok) state.facts = factsAfter(state.facts, state.snapshot, order);
      return Promise.resolve(
        answer.ok && LATE.includes(order.kind) ? { ...answer, effectiveAt: "afterRestart" } : answer,
      );
    },
  };
}
