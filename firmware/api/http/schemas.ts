/** Answers of the own API as schemas, for its OpenAPI document. Null means unknown, never 0; units end the names. */
import { z } from "zod";
import { incidentSchema } from "../../incidents/incident.ts";
import { NONCE_OUTCOMES } from "../../stats/chip-counters.ts";
import { TRUTH_KINDS } from "../../stats/share-truth.ts";
import { updateStatusSchema } from "../../update/update-status.ts";
import { auditEntry } from "../audit-log.ts";
import { SCOPES } from "../commands.ts";
import type { MinerSnapshot } from "../snapshot.ts";

const count = z.number();
const measured = z.number().nullable();
const list = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const percentiles = z.object({ p50: measured, p99: measured });
const hashrate = z.object({ expectedThs: measured, measuredThs: measured, recentMeasuredThs: measured });

const truthRow = z.record(z.enum(TRUTH_KINDS), count);

const chain = z.object({
  index: count,
  boardSerial: z.string().nullable().meta({ description: "From the hashboard's EEPROM." }),
  chip: z.string(),
  chips: count,
  chipsExpected: count,
  state: z.string().meta({ description: "off, absent, powering ... hashing, coolingDown, paused, disabled" }),
  reason: z.string(),
  frequencyMhz: measured,
  voltageV: measured,
  temperatureBoardMaxC: measured,
  temperatureChipMaxC: measured,
  nonces: z.record(z.enum(NONCE_OUTCOMES), count),
  ticketDifficulty: measured,
  ticketReason: z.string(),
  feedPeriodMs: measured,
  coverage: count,
  hashrate,
  link: z.object({ resyncBytes: count, crcErrors: count, jobsWritten: count }),
});

const shares = z.object({
  submitted: count,
  accepted: count,
  acceptedDifficulty: count,
  rejected: count,
  stale: count,
  duplicate: count,
  lost: count,
  lastRejectText: z.string(),
  bestDifficulty: count,
  lastAcceptedAtWallMs: measured,
});

export const poolSchema = z.object({
  url: z.string().meta({ description: "Normalised: stratum+tcp://HOST:PORT or stratum+ssl://HOST:PORT." }),
  urlAsWritten: z.string().meta({ description: "Letter by letter as it was given." }),
  user: z.string(),
  group: count,
  isWorking: z.boolean(),
  state: z.string(),
  reason: z.string(),
  lastNotice: z.string(),
  family: z.enum(["IPv4", "IPv6"]).nullable(),
  warnings: list(z.string()),
  connects: count,
  notifies: count,
  difficulty: measured,
  verifiedWork: count,
  shares,
});

export const snapshotSchema = z.object({
  uptimeMs: count,
  machine: z.string(),
  controlBoard: z.string(),
  emulationLabel: z.string().nullable().meta({ description: "What is not real in this run; null on real hardware." }),
  experimental: list(z.string()),
  firstAcceptedShareMs: measured,
  prescribedWaitMs: count,
  isPowerOn: z.boolean(),
  pauseReason: z.string().nullable(),
  isPausedByOwner: z.boolean(),
  pool: poolSchema,
  pools: list(poolSchema),
  poolReason: z.string(),
  block: z
    .object({ hash: z.string(), seenAtWallMs: count, networkDifficulty: measured })
    .nullable()
    .meta({ description: "The newest block that the pool knows; null before its first job." }),
  chains: list(chain),
  hashrate,
  thermal: z.object({
    phase: z.string(),
    reason: z.string(),
    trouble: z.enum(["fans", "sensors"]).nullable(),
    fanDutyPct: count,
    fansRpm: list(measured),
  }),
  truth: z
    .record(z.enum(["1m", "10m", "1h", "24h"]), truthRow)
    .meta({ description: "Hashes in five readings, by window." }),
  shutdownReason: z.string().nullable(),
  whyRestarted: z.string().nullable(),
  recentIncidents: list(incidentSchema),
  watchdogS: measured,
  update: updateStatusSchema,
  alarms: list(z.string()),
  earningAlarm: z.string().nullable(),
  latencyMs: z.object({
    notifyToFirstWork: percentiles,
    notifyToLastChain: percentiles,
    nonceToSubmit: percentiles,
    submitRoundTrip: percentiles,
  }),
});

/** Fails to compile when the snapshot loses what the document promises. */
export function promised(snapshot: MinerSnapshot): z.infer<typeof snapshotSchema> {
  return snapshot;
}

export const summarySchema = z.object({
  machine: z.string(),
  uptimeMs: count,
  status: z.enum(["hashing", "starting", "paused", "shutDown", "waiting"]),
  reason: z.string().meta({ description: "Why it is in that state, in words; empty where there is nothing to say." }),
  hashrate,
  accepted: count,
  rejected: count,
  temperatureMaxC: measured,
  fanDutyPct: count,
  pool: z.string(),
  alarms: list(z.string()),
});

export const healthSchema = z.object({
  status: z.enum(["running", "starting", "idle"]),
  version: z.string(),
  problem: z.string().nullable().meta({ description: "Why nothing is switched on." }),
});

export const settingsAnswer = z.object({
  place: z.string(),
  source: z.enum(["file", "lastGood", "none", "idle"]),
  problems: list(z.string()),
  settings: z.record(z.string(), z.unknown()).meta({ description: "docs/SETTINGS.md; secrets read (hidden)." }),
  pendingRestart: list(z.string()),
  overriddenKeys: list(z.string()).meta({ description: "Settings that the command line overrides in this run." }),
  constraints: list(
    z.object({
      key: z.string(),
      title: z.string().meta({ description: "What a form calls it." }),
      table: z.string().meta({ description: "What the table that it stands in is for." }),
      type: z.enum(["boolean", "number", "integer", "string", "list"]),
      min: measured,
      max: measured,
      choices: list(z.string()).nullable(),
      default: z.unknown(),
      unit: z.string().nullable(),
      needsRestart: z.boolean(),
      isSecret: z.boolean(),
      description: z.string(),
    }),
  ),
});

export const auditAnswer = z.object({ entries: list(auditEntry) });
export const logsAnswer = z.object({ lines: list(z.record(z.string(), z.unknown())) });
export const tokensAnswer = z.object({
  tokens: list(z.object({ id: z.string(), name: z.string(), scope: z.enum(SCOPES), createdAtWallMs: count })),
});
export const sessionRequest = z.strictObject({ token: z.string().max(128) });
export const sessionAnswer = z.object({ ok: z.literal(true), scope: z.enum(SCOPES), who: z.string() });
export const settingsPatch = z.record(z.string(), z.unknown());
export const problemSchema = z.object({ ok: z.literal(false), message: z.string() });
