/** The folder that keeps what must outlive a run: the owner's, or a temporary one that goes with it. */
import { promises as fs } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { FileStore } from "#hal/file-store.ts";
import { FolderStore } from "#hal/linux/folder-store.ts";

export interface DataFolder {
  readonly store: FileStore;
  /** False: nothing in it outlives the run. */
  readonly isKept: boolean;
  /** Removes a temporary folder. */
  close(): Promise<void>;
}

/** @param folder null = a temporary one. @throws KumpelError `STORE_FAILED`. */
export async function openDataFolder(folder: string | null): Promise<DataFolder> {
  if (folder !== null) return { store: await FolderStore.open(folder), isKept: true, close: () => Promise.resolve() };
  const temporary = await fs.mkdtemp(path.join(os.tmpdir(), "kumpel-"));
  const close = (): Promise<void> => fs.rm(temporary, { recursive: true, force: true });
  return { store: await FolderStore.open(temporary), isKept: false, close };
}
