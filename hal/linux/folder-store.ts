/** A folder on disk as a store: temporary file, fsync, rename, fsync of the folder. */
import { constants, promises as fs } from "node:fs";
import path from "node:path";
import { errorText, KumpelError } from "#hal/errors.ts";
import type { FileStore } from "#hal/file-store.ts";

const PLAIN_NAME = /^[a-z0-9][a-z0-9._-]*$/i;
/** Left behind by a write that a power cut ended; never read. */
const UNFINISHED = ".new";

export class FolderStore implements FileStore {
  readonly place: string;

  private constructor(place: string) {
    this.place = place;
  }

  /** Makes the folder if it is not there. @throws KumpelError `STORE_FAILED`. */
  static async open(place: string): Promise<FolderStore> {
    const store = new FolderStore(path.resolve(place));
    await store.#try("opened", "", async () => {
      await makeFolder(store.place);
      await fs.access(store.place, constants.R_OK | constants.W_OK);
    });
    return store;
  }

  /** For who only reads: nothing is made. @throws KumpelError `STORE_FAILED`, also when the folder is not there. */
  static async openToRead(place: string): Promise<FolderStore> {
    const store = new FolderStore(path.resolve(place));
    await store.#try("opened", "", async () => {
      if (!(await isFolder(store.place))) throw missing();
      await fs.access(store.place, constants.R_OK);
    });
    return store;
  }

  read(name: string): Promise<string | null> {
    return this.#try("read", name, async () => {
      try {
        const file = this.#file(name);
        // A pipe or a device under this name would block or never end.
        if (!(await fs.stat(file)).isFile()) throw new Error("it is no file");
        return await fs.readFile(file, "utf8");
      } catch (error) {
        if (codeOf(error) === "ENOENT") return null;
        throw error;
      }
    });
  }

  write(name: string, text: string): Promise<void> {
    return this.#try("written", name, async () => {
      const file = this.#file(name);
      const unfinished = `${file}${UNFINISHED}`;
      const handle = await fs.open(unfinished, "w", 0o600);
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await fs.rename(unfinished, file);
      await this.#syncFolder();
    });
  }

  list(): Promise<string[]> {
    return this.#try("listed", "", async () => {
      const names = await fs.readdir(this.place);
      return names.filter((name) => PLAIN_NAME.test(name) && !name.endsWith(UNFINISHED)).sort();
    });
  }

  remove(name: string): Promise<void> {
    return this.#try("removed", name, async () => {
      await fs.rm(this.#file(name), { force: true });
      await this.#syncFolder();
    });
  }

  #file(name: string): string {
    if (!PLAIN_NAME.test(name)) throw new RangeError(`"${name}" is no plain file name`);
    return path.join(this.place, name);
  }

  async #syncFolder(): Promise<void> {
    const folder = await fs.open(this.place, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async #try<T>(what: string, name: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof RangeError) throw error;
      const file = name === "" ? this.place : path.join(this.place, name);
      throw new KumpelError(
        "STORE_FAILED",
        `${file} cannot be ${what} (${errorText(error)}); check that the folder is there, writable and not full`,
        { cause: error, details: { file, reason: codeOf(error) } },
      );
    }
  }
}

/**
 * Like a recursive `mkdir`, which never returns in Node 20 where the system says of a folder that is there that it is
 * not (below /proc).
 */
async function makeFolder(place: string): Promise<void> {
  const toMake: string[] = [];
  for (let folder = place; !(await isFolder(folder)); folder = path.dirname(folder)) toMake.unshift(folder);
  for (const folder of toMake) {
    await fs.mkdir(folder).catch((error: unknown) => {
      // Somebody else may have made it meanwhile.
      if (codeOf(error) !== "EEXIST") throw error;
    });
  }
}

/** False: nothing is there. @throws what the system says, and where something else than a folder is there. */
async function isFolder(place: string): Promise<boolean> {
  try {
    if ((await fs.stat(place)).isDirectory()) return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" && place !== path.dirname(place)) return false;
    throw error;
  }
  throw Object.assign(new Error(`${place} is no folder`), { code: "ENOTDIR" });
}

function missing(): Error {
  return Object.assign(new Error("it is not there"), { code: "ENOENT" });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
