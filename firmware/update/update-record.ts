/** `update.json` in the data folder: what one version leaves to the next about an update. Both must be able to read it. */
import { z } from "zod";
import type { FileStore } from "#hal/file-store.ts";

export const UPDATE_FILE = "update.json";

/**
 * installing, installed: boots and then proves itself. failed: it did not, and the older one boots. goingBack: the owner wants the
 * other slot. committed, rolledBack: how it ended.
 */
const recordSchema = z.object({
  form: z.literal(1),
  phase: z.enum(["installing", "installed", "failed", "goingBack", "committed", "rolledBack"]),
  fromVersion: z.string(),
  /** Null: nobody knows what the other slot holds. */
  toVersion: z.string().nullable(),
  fromSlot: z.string(),
  toSlot: z.string(),
  /** Of the boot in which it was written: the same one again means that the board has not been restarted yet. */
  bootId: z.string(),
  /** Chains that hashed before: as many must hash again. */
  hashingChains: z.number().int().min(0),
  /** Nothing was switched on before. Older versions do not write it. */
  wasIdle: z.boolean().default(false),
  clearsSettings: z.boolean(),
  /** Why it failed or who went back. */
  reason: z.string(),
});
export type UpdateRecord = Readonly<z.infer<typeof recordSchema>>;

/** Null: none, or one that cannot be read, which another form would be as well. @throws KumpelError `STORE_FAILED`. */
export async function loadRecord(store: FileStore): Promise<UpdateRecord | null> {
  return parseRecord(await store.read(UPDATE_FILE));
}

/** Null: none, or one that cannot be read. */
export function parseRecord(text: string | null): UpdateRecord | null {
  if (text === null) return null;
  try {
    const parsed = recordSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

/** @throws KumpelError `STORE_FAILED`. */
export function saveRecord(store: FileStore, record: UpdateRecord | null): Promise<void> {
  return record === null ? store.remove(UPDATE_FILE) : store.write(UPDATE_FILE, `${JSON.stringify(record)}\n`);
}
