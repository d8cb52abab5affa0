/** The owner's pause outlives a restart: a machine that was switched off on purpose does not start by itself. */
import { z } from "zod";
import { isKumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";

export const PAUSE_FILE = "pause.json";
const pauseFile = z.object({ reason: z.string() });

/** Words of the pause that is in force, or null. A file that nobody can read speaks for a pause. */
export async function loadPause(store: FileStore): Promise<string | null> {
  try {
    const text = await store.read(PAUSE_FILE);
    return text === null ? null : reasonOf(text);
  } catch (error) {
    // The disk does not answer: no reason to stand still for ever.
    if (isKumpelError(error, "STORE_FAILED")) return null;
    throw error;
  }
}

export function savePause(store: FileStore, reason: string | null): Promise<void> {
  return reason === null ? store.remove(PAUSE_FILE) : store.write(PAUSE_FILE, JSON.stringify({ reason }));
}

function reasonOf(text: string): string {
  try {
    const parsed = pauseFile.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data.reason;
  } catch {
    // Falls through to the words for what cannot be read.
  }
  return `paused earlier (${PAUSE_FILE} cannot be read)`;
}
