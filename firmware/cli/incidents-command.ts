/** `kumpel incidents`: why the machine stopped, restarted or slowed down, out of the folder of a run. */
import { parseArgs } from "node:util";
import type { FileStore } from "#hal/file-store.ts";
import { type Incident, type IncidentHistory, parseHistory, whyRestarted } from "../incidents/incident.ts";
import { INCIDENTS_FILE } from "../incidents/incident-log.ts";
import { LATCH_FILE, type ShutdownLatch } from "../incidents/shutdown-latch.ts";
import { argumentsError, EXIT, usageError } from "./usage.ts";

export const INCIDENTS_HELP = `kumpel incidents --data DIR [--json]: why the machine stopped, restarted or slowed down.

  --data DIR     folder that a run was given with --data
  --json         as JSON: { why, shutdown, runs, openRun, incidents: [ { run, atWallMs, uptimeMs, kind, chainIndex, text } ] }

  --acknowledge  forget that the machine was shut down: the next start may give power again. Not while a run uses the
                 folder; a running miner is told over its own API.

The last line says why the machine last stopped. A shutdown for heat, fans or sensors stays until it is acknowledged.
`;

export interface IncidentsContext {
  /** Opens the folder to read; makes nothing. */
  readonly openStore: (folder: string) => Promise<FileStore>;
  readonly latchOf: (store: FileStore) => ShutdownLatch;
  readonly stdout: (text: string) => void;
}

/** @throws KumpelError `USAGE` or `STORE_FAILED`. */
export async function incidentsCommand(args: readonly string[], context: IncidentsContext): Promise<number> {
  const { help, data, json, acknowledge } = parseOrExplain(args);
  if (help === true) {
    context.stdout(INCIDENTS_HELP);
    return EXIT.done;
  }
  if (data === undefined || data === "") throw usageError("No folder: give --data DIR, the one that the run had.");
  const store = await context.openStore(data);
  const latch = context.latchOf(store);
  const shutdown = await latch.load();
  if (acknowledge === true) {
    if (shutdown === null)
      throw usageError(`${store.place} holds no shutdown (${LATCH_FILE}): there is nothing to acknowledge.`);
    await latch.clear();
    context.stdout(`acknowledged: ${shutdown}\n`);
    return EXIT.done;
  }
  const text = await store.read(INCIDENTS_FILE);
  if (text === null && shutdown !== null) {
    context.stdout(`shut down until it is acknowledged: ${shutdown}\n`);
    return EXIT.done;
  }
  if (text === null) throw usageError(`${store.place} holds no incidents; give the folder that a run had with --data.`);
  const history = parseHistory(text);
  if (history === null)
    throw usageError(`${INCIDENTS_FILE} in ${store.place} is no file of incidents; give another folder.`);
  const why = whyRestarted(history);
  const report = { why, shutdown, runs: history.runs, openRun: history.openRun, incidents: history.incidents };
  context.stdout(json === true ? `${JSON.stringify(report)}\n` : incidentsText(history, why, shutdown));
  return EXIT.done;
}

function parseOrExplain(args: readonly string[]) {
  try {
    const options = {
      help: { type: "boolean" },
      json: { type: "boolean" },
      acknowledge: { type: "boolean" },
      data: { type: "string" },
    } as const;
    return parseArgs({ args: [...args], allowPositionals: false, options }).values;
  } catch (error) {
    throw argumentsError(error, "kumpel incidents");
  }
}

/** One line an incident, oldest first, and the answer to the question at the end. */
export function incidentsText({ incidents }: IncidentHistory, why: string | null, shutdown: string | null): string {
  const lines = ["run  time (UTC)            what            chain  why", ...incidents.map(incidentLine)];
  if (shutdown !== null) lines.push(`shut down until it is acknowledged: ${shutdown}`);
  lines.push(`why it last stopped: ${why ?? "nothing has stopped yet"}`);
  return `${lines.join("\n")}\n`;
}

function incidentLine({ run, atWallMs, kind, chainIndex, text }: Incident): string {
  const time = new Date(atWallMs).toISOString().slice(0, 19).replace("T", " ");
  return `${String(run).padStart(3)}  ${time}   ${kind.padEnd(14)}  ${(chainIndex === null ? "" : String(chainIndex)).padEnd(5)}  ${text}`;
}
