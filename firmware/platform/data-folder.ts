/** The folder that keeps what must outlive a run: the owner's, or a temporary one that goes with it. */
import { existsSync, promises as fs, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { errorText, isKumpelError, KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";
import { FolderStore } from "#hal/linux/folder-store.ts";
import { SETTINGS_FILE, SettingsStore } from "../config/settings-store.ts";

/** Put there by the image (buildroot/package/kumpel). */
const FIRST_BOOT_FILE = "/usr/lib/kumpel/first-boot.toml";

export interface DataFolder {
  readonly store: FileStore;
  /** False: nothing in it outlives the run. */
  readonly isKept: boolean;
  /** The disk takes no more writes: nothing that changes outlives the run. */
  readonly isReadOnly: boolean;
  /** Removes a temporary folder. */
  close(): Promise<void>;
}

/** @param folder null = a temporary one. @throws KumpelError `USAGE` or, for a temporary one, `STORE_FAILED`. */
export async function openDataFolder(folder: string | null): Promise<DataFolder> {
  if (folder === null) return openTemporary();
  const todo = "give a folder that can be written to, or the path of a new one";
  const close = (): Promise<void> => Promise.resolve();
  try {
    return { store: await named(folder, todo, FolderStore.open(folder)), isKept: true, isReadOnly: false, close };
  } catch (error) {
    if (!isReadOnlyDisk(error)) throw error;
    // A card at its end, or one that the system gave up: what is on it still says how to mine.
    const store = await named(folder, todo, FolderStore.openToRead(folder));
    return { store, isKept: true, isReadOnly: true, close };
  }
}

function isReadOnlyDisk(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ((cause as NodeJS.ErrnoException).code === "EROFS") return true;
  return false;
}

/**
 * The settings of `--config FILE`, or those of the data folder. The folder of a file must be there already: one that is
 * misspelt is not made.
 * @throws KumpelError `USAGE`.
 */
export async function openSettings(file: string | null, data: FileStore): Promise<SettingsStore> {
  return file === null ? settingsOfData(data) : openSettingsFile(file);
}

/** A reset of an image's settings leaves what its first boot began with: else its page could not be reached any more. */
export function settingsOfData(data: FileStore, firstBootFile = FIRST_BOOT_FILE): SettingsStore {
  if (!existsSync(firstBootFile)) return new SettingsStore(data);
  return new SettingsStore(data, SETTINGS_FILE, readFileSync(firstBootFile, "utf8"));
}

/** @throws KumpelError `USAGE`. */
export async function openSettingsFile(file: string): Promise<SettingsStore> {
  const full = path.resolve(file);
  try {
    const store = new SettingsStore(await FolderStore.openToRead(path.dirname(full)), path.basename(full));
    if ((await store.check()).isThere) return store;
  } catch (error) {
    const isOurs = isKumpelError(error, "STORE_FAILED");
    if (!isOurs && !(error instanceof RangeError)) throw error;
    const why = errorText(isOurs ? error.cause : error);
    throw new KumpelError("USAGE", `--config "${file}" cannot be used (${why}); give the path of a settings file.`, {
      cause: error,
    });
  }
  throw new KumpelError("USAGE", `--config "${file}" is not there; give the path of a settings file.`);
}

/** The folder of an earlier run, for who only reads it. @throws KumpelError `USAGE`. */
export function openDataFolderToRead(folder: string): Promise<FileStore> {
  return named(folder, "give the folder that a run had", FolderStore.openToRead(folder));
}

/** The owner named the folder, so that it is the option that must be told. */
async function named(folder: string, todo: string, opening: Promise<FileStore>): Promise<FileStore> {
  try {
    return await opening;
  } catch (error) {
    if (!isKumpelError(error, "STORE_FAILED")) throw error;
    throw new KumpelError("USAGE", `--data "${folder}" cannot be used (${errorText(error.cause)}); ${todo}.`, {
      cause: error,
    });
  }
}

async function openTemporary(): Promise<DataFolder> {
  const parent = os.tmpdir();
  try {
    const temporary = await fs.mkdtemp(path.join(parent, "kumpel-"));
    const close = (): Promise<void> => fs.rm(temporary, { recursive: true, force: true });
    return { store: await FolderStore.open(temporary), isKept: false, isReadOnly: false, close };
  } catch (error) {
    const text = `No temporary folder can be made in ${parent} (${errorText(error)}); give --data DIR, or set TMPDIR to a folder that can be written to.`;
    throw new KumpelError("STORE_FAILED", text, { cause: error, details: { file: parent } });
  }
}
