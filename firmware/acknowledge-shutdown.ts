/** The owner has seen why the machine was shut down: the record goes, and power may be permitted again. */
import { errorText, isKumpelError } from "#hal/errors.ts";
import type { PowerLine } from "./control/power-line.ts";
import type { ThermalLoop } from "./control/thermal-loop.ts";
import type { Log } from "./log.ts";
import type { Supervision } from "./supervision.ts";

export interface AcknowledgeParts {
  readonly log: Log;
  readonly thermal: ThermalLoop;
  readonly power: PowerLine;
  readonly supervision: Supervision;
}

/** @returns null when chains may ask for power again, else why not yet. */
export async function acknowledgeShutdown({
  log,
  thermal,
  power,
  supervision,
}: AcknowledgeParts): Promise<string | null> {
  const { latch, incidents } = supervision;
  const isThermal = thermal.state.phase === "shutdown";
  if (power.cutReason === null && !isThermal) return "nothing is shut down";
  const refusal = isThermal ? thermal.refusal() : null;
  if (refusal !== null) return refusal;
  // The record goes first: while the disk takes its time the supervisor still holds the shutdown.
  try {
    await latch.clear();
  } catch (error) {
    if (!isKumpelError(error, "STORE_FAILED")) throw error;
    log.error(`the shutdown comes back at the next start: ${errorText(error)}`);
  }
  // Nothing waits between here and the release: what the supervisor sees from now on counts again.
  const late = isThermal ? thermal.acknowledge() : null;
  if (late !== null) {
    supervision.shutDown(thermal.state.reason);
    return late;
  }
  if (!isThermal) thermal.rearm();
  if (!power.release()) return "the program is ending";
  incidents.note("acknowledged", "the owner acknowledged the shutdown");
  return null;
}
