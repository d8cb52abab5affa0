/**
 * What the owner asks about afterwards: why it stopped, restarted, slowed down. Each incident is one sentence with its
 * time, kept over reboots. The list is bounded, pure, and written as JSON.
 */
import { z } from "zod";
import type { ChainPhase } from "../chain/chain-machine.ts";

export const INCIDENT_KINDS = [
  /** A run began or ended on purpose. */
  "start",
  "stop",
  /** The run before ended without a word: power cut, kill, crash of the system, watchdog. */
  "uncleanEnd",
  /** The thermal supervisor, or a supply that does not obey: power off until the owner acknowledges it. */
  "shutdown",
  "acknowledged",
  /** A chain was started anew, or given up, or slowed down; the others go on. */
  "chainRestart",
  "chainDisabled",
  /** All chains were dead at once: the supply was switched off and on. */
  "powerCycle",
  /** A fault of a chain that it goes on hashing with. */
  "chainFault",
  "slowed",
  /** Hashing stopped and goes on by itself. */
  "pause",
  "resume",
  /** The program's own loops do not answer. */
  "hang",
  /** Another version was installed, proved itself or was given up. */
  "update",
  /** Somebody changed something over a face of the program. */
  "command",
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export const incidentSchema = z.object({
  /** Number of the run, counted from the first one with this data folder. */
  run: z.number().int().min(0),
  /** Wall clock, ms since 1970: may be wrong before the clock was set. */
  atWallMs: z.number().min(-8.64e15).max(8.64e15),
  /** Monotonic ms since the run began: the order of incidents within a run is sure. */
  uptimeMs: z.number(),
  kind: z.enum(INCIDENT_KINDS),
  /** 0-based hash chain; null = the whole machine. */
  chainIndex: z.number().int().nullable(),
  text: z.string(),
});
export type Incident = z.infer<typeof incidentSchema>;

const history = z.object({
  version: z.literal(1),
  runs: z.number().int().min(0),
  /** The run with this number has not ended in order (yet); null = it has. */
  openRun: z.number().int().nullable(),
  incidents: z.array(incidentSchema),
});
export type IncidentHistory = z.infer<typeof history>;

/** Months of a calm machine, and a day of a restless one. */
export const MAX_INCIDENTS = 200;

export const NO_HISTORY: IncidentHistory = { version: 1, runs: 0, openRun: null, incidents: [] };

export function addIncident(before: IncidentHistory, added: Incident): IncidentHistory {
  return { ...before, incidents: [...before.incidents, added].slice(-MAX_INCIDENTS) };
}

/** The history in a file's text, or null when it is none. */
export function parseHistory(text: string): IncidentHistory | null {
  try {
    const parsed = history.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/**
 * Why the machine last stopped or started anew, in one sentence; null while nothing has happened yet. The first cause
 * counts: what follows a shutdown within the same run is its consequence.
 */
export function whyRestarted({ incidents }: IncidentHistory): string | null {
  const lastRun = incidents.at(-1)?.run;
  if (lastRun === undefined) return null;
  const before = incidents.filter(({ run, kind }) => run < lastRun || kind === "uncleanEnd");
  const ended = before.at(-1);
  if (ended === undefined) return null;
  const cause = before.find(({ run, kind }) => run === ended.run && (kind === "shutdown" || kind === "hang"));
  return cause === undefined || cause === ended ? ended.text : `${cause.text}; then: ${ended.text}`;
}

/** What an owner asks about afterwards when a chain enters this phase; null = nothing. */
export function incidentOfPhase(phase: ChainPhase): IncidentKind | null {
  if (phase === "coolingDown") return "chainRestart";
  return phase === "disabled" ? "chainDisabled" : null;
}
